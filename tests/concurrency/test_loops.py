"""One async client over many event loops, one after another: nothing of a closed one is kept."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from qpaykit import AsyncQPayClient, QPayClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from qpaykit.simulator import Simulator

LOOPS = 300


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def made_invoice(simulator: Simulator) -> str:
    with QPayClient(**simulator.credentials) as client:
        return client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Tea"
        ).invoice_id


def run_on_asyncio(call: Callable[[], Any]) -> None:
    asyncio.run(call())


def run_on_trio(call: Callable[[], Any]) -> None:
    trio.run(call)


@pytest.mark.slow
@pytest.mark.parametrize("run", [run_on_asyncio, run_on_trio])
def test_hundreds_of_loops_leave_no_connection_open(
    qpay_simulator: Simulator, run: Callable[[Callable[[], Any]], None]
) -> None:
    client = AsyncQPayClient(**qpay_simulator.credentials)
    invoice_id = made_invoice(qpay_simulator)

    async def fetch() -> None:
        await client.payments.check(invoice_id)

    run(fetch)
    before = open_descriptors()
    for _ in range(LOOPS):
        run(fetch)
    assert open_descriptors() <= before + 2


def test_a_loop_that_has_ended_is_freed(qpay_simulator: Simulator) -> None:
    client = AsyncQPayClient(**qpay_simulator.credentials)
    invoice_id = made_invoice(qpay_simulator)
    loops: list[weakref.ref[object]] = []

    async def fetch() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await client.payments.check(invoice_id)

    for _ in range(5):
        asyncio.run(fetch())
    gc.collect()
    assert [loop() for loop in loops] == [None] * 5


def test_loops_in_several_threads_at_once_are_served(qpay_simulator: Simulator) -> None:
    client = AsyncQPayClient(**qpay_simulator.credentials)
    invoice_id = made_invoice(qpay_simulator)
    failures: list[BaseException] = []
    begin = threading.Barrier(8)

    async def fetch() -> None:
        await client.payments.check(invoice_id)

    def work() -> None:
        begin.wait()
        try:
            for _ in range(10):
                asyncio.run(fetch())
        except BaseException as failure:  # noqa: BLE001 (told below)
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
