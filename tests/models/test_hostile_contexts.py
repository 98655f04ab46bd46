"""The money, signing and callback suites again, under decimal contexts that spoil arithmetic."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import HOSTILE_CONTEXTS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
SUITES = (
    "tests/models/test_money.py",
    "tests/models/test_totals.py",
    "tests/models/test_edges.py",
    "tests/models/test_samples.py",
    "tests/callbacks",
)


@pytest.mark.parametrize("name", HOSTILE_CONTEXTS)
def test_no_sum_depends_on_the_callers_decimal_context(name: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", *SUITES]
    ran = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env={**os.environ, "HOSTILE_DECIMAL_CONTEXT": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]
