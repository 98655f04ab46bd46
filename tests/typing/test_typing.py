"""The public face as type checkers see it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def mypy(name: str) -> str:
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(HERE / name)],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE,
    )
    assert run.stdout, run.stderr
    return run.stdout


def test_what_a_user_writes_type_checks() -> None:
    assert "Success" in mypy("accepted.py")


def test_misspelt_and_mistyped_arguments_do_not() -> None:
    found = {int(line) for line in re.findall(r"refused\.py:(\d+): error", mypy("refused.py"))}
    lines = (HERE / "refused.py").read_text().splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# error")}
    assert found == marked
