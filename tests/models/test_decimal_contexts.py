"""The tests of money, signing and callbacks, run again under unusual decimal contexts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.settings import HOSTILE_CONTEXTS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
SUITES = (
    "tests/models/test_money.py",
    "tests/models/test_totals.py",
    "tests/models/test_limits.py",
    "tests/models/test_samples.py",
    "tests/callbacks/test_partial_payments.py",
    "tests/callbacks/test_exactly_once.py",
    "tests/callbacks/test_identifying_orders.py",
    "tests/callbacks/test_signing.py",
)


@pytest.mark.parametrize("name", HOSTILE_CONTEXTS)
def test_no_sum_depends_on_the_callers_decimal_context(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", *SUITES]
    # A folder of its own: many processes of pytest clean a shared one up at once.
    command += [f"--basetemp={tmp_path / 'base'}"]
    ran = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env={**os.environ, "HOSTILE_DECIMAL_CONTEXT": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]
