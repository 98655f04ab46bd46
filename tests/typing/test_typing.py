"""The public face as type checkers see it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def mypy(name: str) -> set[int]:
    """Return the lines that mypy refuses."""
    options = ["--strict", "--no-incremental", "--no-error-summary"]
    said = run([sys.executable, "-m", "mypy", *options, str(HERE / name)])
    assert "Traceback" not in said
    return {int(line) for line in re.findall(rf"{name}:(\d+): error", said)}


def pyright(name: str) -> set[int]:
    """Return the lines that pyright refuses."""
    report = json.loads(run([sys.executable, "-m", "pyright", "--outputjson", str(HERE / name)]))
    assert report["summary"]["filesAnalyzed"] == 1
    return {
        found["range"]["start"]["line"] + 1
        for found in report["generalDiagnostics"]
        if found["severity"] == "error"
    }


def run(command: list[str]) -> str:
    # pyright looks for packages where the first python on the PATH does.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(  # noqa: S603
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE,
        env={**os.environ, "PATH": path},
    )
    assert ran.returncode in {0, 1}, ran.stderr
    return ran.stdout


checkers = pytest.mark.parametrize("refused_by", [mypy, pyright])


@checkers
@pytest.mark.parametrize("name", ["accepted.py", "shop.py"])
def test_what_a_user_writes_type_checks(refused_by: Callable[[str], set[int]], name: str) -> None:
    assert refused_by(name) == set()


@checkers
@pytest.mark.parametrize("name", ["refused.py", "shop_refused.py"])
def test_misspelt_and_mistyped_arguments_do_not(
    refused_by: Callable[[str], set[int]], name: str
) -> None:
    lines = (HERE / name).read_text().splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# error")}
    assert refused_by(name) == marked


def test_every_public_symbol_has_a_known_type() -> None:
    options = ["--verifytypes", "qpaykit", "--ignoreexternal", "--outputjson"]
    found = json.loads(run([sys.executable, "-m", "pyright", *options]))["typeCompleteness"]
    unknown = [
        symbol["name"]
        for symbol in found["symbols"]
        if symbol["isExported"] and not (symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"])
    ]
    assert unknown == []
    assert found["completenessScore"] == 1
