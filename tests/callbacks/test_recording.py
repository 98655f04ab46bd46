"""The record of a delivery: what is made of it when it fails, or when its task is cancelled."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest

from callbacks.payments import QUERY, payment, says
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    MemoryStore,
    PaymentEvent,
    QPayClient,
)
from support import SETTINGS

if TYPE_CHECKING:
    import respx


class Failing(MemoryStore):
    """A store that does not complete a delivery when it is asked the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = True

    def complete(self, key: str, owner: str) -> bool:
        if self.fails:
            self.fails = False
            raise OSError("the disk is full")
        return super().complete(key, owner)


class Committing(Failing):
    """One that keeps what a handler did only with the record of it."""

    transactional = True


def handled_twice(store: MemoryStore, *, awaited: bool) -> list[str]:
    if not awaited:
        with QPayClient(**SETTINGS, store=store) as client:
            dispatcher = CallbackDispatcher(client, patience=0)
            dispatcher.on_paid(lambda event: None)
            return [dispatcher.handle(query=QUERY).outcome for _ in range(2)]
    outcomes: list[str] = []

    async def deliver(event: PaymentEvent) -> None: ...

    async def main() -> None:
        async with AsyncQPayClient(**SETTINGS, store=store) as client:
            dispatcher = AsyncCallbackDispatcher(client, patience=0)
            dispatcher.on_paid(deliver)
            outcomes.extend([(await dispatcher.handle(query=QUERY)).outcome for _ in range(2)])

    asyncio.run(main())
    return outcomes


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize(
    ("kind", "outcomes", "told"),
    [
        (Failing, ["delivered", "in_progress"], "may be delivered again"),
        (Committing, ["handler_failed", "delivered"], "is to be delivered again"),
    ],
    ids=["a record beside the delivery", "a record of one piece with it"],
)
def test_a_record_that_fails_undoes_a_delivery_of_one_piece_with_it_alone(
    qpay: respx.MockRouter,
    caplog: pytest.LogCaptureFixture,
    kind: type[MemoryStore],
    outcomes: list[str],
    told: str,
    awaited: bool,
) -> None:
    says(qpay, payment())
    assert handled_twice(kind(), awaited=awaited) == outcomes
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert len(errors) == 1
    assert told in errors[0]


class Slow(MemoryStore):
    """A store that takes a moment to record a delivery, in a thread."""

    blocking = True

    def complete(self, key: str, owner: str) -> bool:
        time.sleep(0.1)
        return super().complete(key, owner)


def test_a_cancellation_during_the_record_ends_the_call_and_nothing_after_it(
    qpay: respx.MockRouter,
) -> None:
    says(qpay, payment())
    seen: list[str] = []
    store = Slow()

    delivered = asyncio.Event()

    async def deliver(event: PaymentEvent) -> None:
        seen.append("delivered")
        delivered.set()

    async def call(dispatcher: AsyncCallbackDispatcher) -> None:
        try:
            await dispatcher.handle(query=QUERY)
        except asyncio.CancelledError:
            seen.append("cancelled")
        await asyncio.sleep(0)  # a cancellation that was put off further would come here
        seen.append("went on")

    async def main() -> None:
        async with AsyncQPayClient(**SETTINGS, store=store) as client:
            dispatcher = AsyncCallbackDispatcher(client)
            dispatcher.on_paid(deliver)
            task = asyncio.ensure_future(call(dispatcher))
            await delivered.wait()
            task.cancel()
            await task
            seen.append((await dispatcher.handle(query=QUERY)).outcome)

    asyncio.run(main())
    assert seen == ["delivered", "cancelled", "went on", "duplicate"]
