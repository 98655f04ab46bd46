"""Runs the Python of one page as a reader would, block after block, against the simulator.

DOCS_PAGE=docs/callbacks.md pytest tests/docs/page.py

Each page is run in a process of its own: frameworks are set up once in a process.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from docs.blocks import Block, to_run
from qpaykit import QPayClient
from qpaykit._http.transport import AsyncTransport, SyncTransport
from qpaykit.simulator import Simulator

PAY_AFTER = 0.1
LONGEST_PAUSE = 0.05


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A QPay whose buyer pays every invoice a moment after it was made."""
    with Simulator(pay_after=PAY_AFTER) as simulator:
        yield simulator


@pytest.fixture
def page(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    """What the blocks of a page find when they begin."""
    for name, value in simulator.credentials.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
    monkeypatch.chdir(tmp_path)
    shorten_pauses(monkeypatch)
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    # The buyer of the first invoice pays by card, and must not have paid it already.
    buyer, simulator._state.on_created = simulator._state.on_created, None
    with QPayClient() as client:
        paid = client.invoices.create(
            amount=1500, sender_invoice_no="40", invoice_description="Tea"
        )
        payment_id = simulator.pay(paid.invoice_id, method="CARD", callbacks=0)
        simulator._state.on_created = buyer
        invoice = client.invoices.create(
            amount=1500, sender_invoice_no="41", invoice_description="Tea"
        )
        vars(module).update(
            client=client,
            simulator=simulator,
            invoice_id=invoice.invoice_id,
            payment_id=payment_id,
        )
        yield module


def shorten_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page wait for a payment without the pauses that a real QPay is owed."""
    plain, awaited = SyncTransport.sleep, AsyncTransport.sleep

    async def sleep(self: SyncTransport, seconds: float) -> None:
        await plain(self, min(seconds, LONGEST_PAUSE))

    async def asleep(self: AsyncTransport, seconds: float) -> None:
        await awaited(self, min(seconds, LONGEST_PAUSE))

    monkeypatch.setattr(SyncTransport, "sleep", sleep)
    monkeypatch.setattr(AsyncTransport, "sleep", asleep)


def test_page(page: ModuleType, request: pytest.FixtureRequest) -> None:
    for block in to_run(os.environ["DOCS_PAGE"], "python"):
        before = dict(vars(page))
        # Line feeds in front, so that a traceback names the line of the page.
        code = compile("\n" * block.line + block.text, block.page, "exec")
        exec(code, vars(page))  # noqa: S102
        for name, found in vars(page).items():
            is_new = found is not before.get(name)
            if is_new and name.startswith("test_") and inspect.isfunction(found):
                run_test(found, block, request)


def run_test(test: Callable[..., object], block: Block, request: pytest.FixtureRequest) -> None:
    """Call a test of the page with the fixtures that it names."""
    fixtures = {name: request.getfixturevalue(name) for name in inspect.signature(test).parameters}
    result = test(**fixtures)
    if inspect.iscoroutine(result):
        asyncio.run(result)
    elif result is not None:
        pytest.fail(f"{block}: {test.__name__} returned {result!r}")
