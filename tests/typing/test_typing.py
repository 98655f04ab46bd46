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
FILES = ["accepted.py", "shop.py", "refused.py", "shop_refused.py"]


def mypy() -> set[tuple[str, int]]:
    """Return the lines that mypy refuses."""
    options = ["--strict", "--no-incremental", "--no-error-summary"]
    said = run([sys.executable, "-m", "mypy", *options, *FILES])
    assert "Traceback" not in said
    return {(name, int(line)) for name, line in re.findall(r"(\w+\.py):(\d+): error", said)}


def pyright() -> set[tuple[str, int]]:
    """Return the lines that pyright refuses."""
    report = json.loads(run([sys.executable, "-m", "pyright", "--outputjson", *FILES]))
    assert report["summary"]["filesAnalyzed"] == len(FILES)
    return {
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1)
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


@pytest.mark.parametrize("refused_by", [mypy, pyright])
def test_wrong_lines_are_refused_and_no_others(
    refused_by: Callable[[], set[tuple[str, int]]],
) -> None:
    marked = {
        (name, number)
        for name in FILES
        for number, line in enumerate((HERE / name).read_text().splitlines(), 1)
        if line.endswith("# error")
    }
    assert {name for name, _ in marked} == {"refused.py", "shop_refused.py"}
    assert refused_by() == marked


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
