"""Runs the Python of one page as a reader would, block after block, against the simulator.

DOCS_PAGE=docs/callbacks.md pytest tests/docs/page.py

Blocks that are to be saved as files are left out; test_frameworks.py runs those.

Each page is run in a process of its own, for frameworks are set up once in a process, and in the
folder where that was started. The tests that a page defines become tests of this module.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import sys
from collections.abc import Callable, Coroutine
from types import ModuleType

from docs.blocks import to_run
from qpaykit import QPayClient
from qpaykit._http.transport import AsyncTransport, SyncTransport
from qpaykit.simulator import Simulator

PAY_AFTER = 0.1
MAX_DELAY_SECONDS = 0.05


def shorten_pauses() -> None:
    """Let a page wait for a payment without the pauses that a real QPay is owed."""
    plain, awaited = SyncTransport.sleep, AsyncTransport.sleep

    async def sleep(self: SyncTransport, seconds: float) -> None:
        await plain(self, min(seconds, MAX_DELAY_SECONDS))

    async def asleep(self: AsyncTransport, seconds: float) -> None:
        await awaited(self, min(seconds, MAX_DELAY_SECONDS))

    SyncTransport.sleep = sleep  # type: ignore[method-assign]
    AsyncTransport.sleep = asleep  # type: ignore[method-assign]


def begun() -> ModuleType:
    """Return what the blocks of a page find when they begin; it ends with the process."""
    simulator = Simulator(pay_after=PAY_AFTER)
    simulator.start()
    for name, value in simulator.credentials.items():
        os.environ[f"QPAY_{name.upper()}"] = str(value)
    for name, value in simulator.quickqr_credentials.items():
        os.environ[f"QPAY_QUICKQR_{name.upper()}"] = str(value)
    client = QPayClient()
    # The buyer of the first invoice pays by card, and must not have paid it already.
    buyer, simulator._state.on_created = simulator._state.on_created, None
    by_card = client.invoices.create(amount=1500, sender_invoice_no="40", invoice_description="Tea")
    payment_id = simulator.pay(by_card.invoice_id, method="CARD", callbacks=0)
    simulator._state.on_created = buyer
    invoice = client.invoices.create(amount=1500, sender_invoice_no="41", invoice_description="Tea")
    page = ModuleType("page")
    vars(page).update(
        client=client, simulator=simulator, invoice_id=invoice.invoice_id, payment_id=payment_id
    )
    return page


def run(page: ModuleType) -> dict[str, Callable[..., object]]:
    """Run every block, and return the tests that they define."""
    tests: dict[str, Callable[..., object]] = {}
    for block in to_run(os.environ["DOCS_PAGE"], "python"):
        if block.file:
            continue
        before = dict(vars(page))
        # Line feeds in front, so that a traceback names the line of the page.
        text = "\n" * block.line + block.text
        code = compile(text, block.page, "exec", dont_inherit=True)
        exec(code, vars(page))  # noqa: S102
        for name, found in vars(page).items():
            is_new = found is not before.get(name)
            if is_new and name.startswith("test_") and inspect.isfunction(found):
                tests[f"{name}_in_line_{block.line}"] = plain(found)
    return tests


def plain(test: Callable[..., object]) -> Callable[..., object]:
    """Return a test that pytest can call, also of one that is awaited."""
    if not inspect.iscoroutinefunction(test):
        return test
    flow: Callable[..., Coroutine[object, object, object]] = test

    @functools.wraps(test)
    def awaited(**fixtures: object) -> object:
        return asyncio.run(flow(**fixtures))

    return awaited


shorten_pauses()
sys.modules["page"] = begun()
globals().update(run(sys.modules["page"]))
