"""Only two modules import the HTTP library, and one constant chooses it."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import qpaykit
from helpers.settings import LIBRARIES

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(qpaykit.__file__).parent
HOME = PACKAGE / "_http" / "httpx_backend.py"
# What is of httpx alone.
TRANSPORT = PACKAGE / "_http" / "deadline_transport.py"
NAMES = {"httpx", "httpx2", "httpcore", "httpcore2"}


def named(source: str) -> Iterator[str]:
    """Yield what a module imports, and its texts, which may be names of modules to import."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def names_the_library(source: str) -> bool:
    return any(name.partition(".")[0] in NAMES for name in named(source))


@pytest.mark.parametrize(
    "source", ["import httpx", "from httpx2 import Client", "import_module('httpcore.x')"]
)
def test_every_way_of_naming_it_is_seen(source: str) -> None:
    assert names_the_library(source)


def test_no_other_module_names_the_http_library() -> None:
    found = {path for path in PACKAGE.rglob("*.py") if names_the_library(path.read_text())}
    assert found == {HOME, TRANSPORT}


STORY = """
import sys

for other in set(sys.argv[2:]):
    sys.modules[other] = None  # importing it fails

import anyio

import qpaykit
from qpaykit import AsyncQPayClient, QPayClient
from qpaykit.simulator import Simulator

chosen = sys.argv[1]
with Simulator() as qpay, QPayClient(**qpay.credentials) as client:
    invoice = client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    ).invoice_id
    payment = qpay.pay(invoice, method="CARD")
    assert client.payments.wait(invoice, amount=1500).is_paid(1500)
    # The simulator's callbacks take the same library; nobody listens for them here.
    assert qpay.wait_for_callback(invoice).error.startswith("ConnectError")

    async def refund():
        async with AsyncQPayClient(**qpay.credentials) as other:
            await other.payments.refund(payment, note="cold")

    anyio.run(refund)
    assert client.payments.get(payment).payment_status == "REFUNDED"

assert chosen in sys.modules
print(qpaykit.__file__)
"""


@pytest.mark.parametrize("chosen", LIBRARIES)
def test_one_constant_chooses_the_http_library(tmp_path: Path, chosen: str) -> None:
    copy = tmp_path / "qpaykit"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    line, source = '\n_DEFAULT_LIBRARY = "httpx"\n', HOME.read_text()
    assert source.count(line) == 1
    copy.joinpath("_http", "httpx_backend.py").write_text(
        source.replace(line, f'\n_DEFAULT_LIBRARY = "{chosen}"\n')
    )
    others = NAMES - {chosen, chosen.replace("httpx", "httpcore")}
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-c", STORY, chosen, *others],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == str(copy / "__init__.py")
