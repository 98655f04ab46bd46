"""The pytest plugin costs a test run that uses none of its fixtures nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HEAVY = ("httpx", "pydantic", "qpaykit.simulator", "segno", "starlette", "uvicorn", "jinja2")
UNUSED = f"""
import sys

def test_nothing_heavy_is_imported():
    assert "qpaykit.pytest_plugin" in sys.modules
    assert [name for name in {HEAVY} if name in sys.modules] == []
"""
USED = """
def test_an_invoice_is_paid(qpay_simulator, qpay_client):
    invoice = qpay_client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    )
    qpay_simulator.pay(invoice.invoice_id, callbacks=0)
    assert qpay_client.payments.check(invoice.invoice_id).is_paid(1500)
"""
WITHOUT_EXTRA = """
import sys

for name in ("starlette", "uvicorn", "segno", "jinja2"):
    sys.modules[name] = None  # importing it fails
"""


def run_pytest(folder: Path, test: str, *, first: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(first)
    (folder / "test_it.py").write_text(test)
    # Only our plugin is loaded: those of others import what they like.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "qpaykit.pytest_plugin"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    return subprocess.run(  # noqa: S603
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )


@pytest.mark.parametrize("test", [UNUSED, USED], ids=["unused", "used"])
def test_a_run_imports_what_it_uses(tmp_path: Path, test: str) -> None:
    done = run_pytest(tmp_path, test)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_without_the_extra_starts(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "def test_nothing(): pass", first=WITHOUT_EXTRA)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_fixture_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, USED, first=WITHOUT_EXTRA)
    assert done.returncode == 1
    assert 'pip install "qpaykit[simulator]"' in done.stdout
