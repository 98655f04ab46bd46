"""The record of a delivery: what happens when the store cannot take it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest

from callbacks.payments import PAYMENT, QUERY, answer_payment, delivered_key, payment
from helpers.settings import SETTINGS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    MemoryStore,
    PaymentEvent,
    QPayClient,
)

if TYPE_CHECKING:
    import respx

    from qpaykit import Delivery
    from qpaykit.stores import ClaimState


class Failing(MemoryStore):
    """A store that cannot complete a delivery the first so many times."""

    def __init__(self, times: int = 1) -> None:
        super().__init__()
        self.times = times

    def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        if self.times:
            self.times -= 1
            raise OSError("the disk is full")
        return super().complete(key, owner, delivery=delivery)


class Committing(Failing):
    """One that commits what a handler did with the record of it."""

    transactional = True


class Losing(MemoryStore):
    """One whose first answer to `complete` is lost, although it did it."""

    answers = -1

    def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        done = super().complete(key, owner, delivery=delivery)
        self.answers += 1
        if not self.answers:
            raise TimeoutError
        return done


class Handled:
    """One dispatcher over a store, sync or async, and how often its handler was called."""

    def __init__(self, store: MemoryStore, *, awaited: bool, lease: float) -> None:
        self.store = store
        self.awaited = awaited
        self.lease = lease
        self.calls = 0

    def outcomes(self, times: int, *, pause: float = 0) -> list[str]:
        return asyncio.run(self._async(times, pause)) if self.awaited else self._sync(times, pause)

    def _sync(self, times: int, pause: float) -> list[str]:
        def deliver(event: PaymentEvent) -> None:
            self.calls += 1

        with QPayClient(**SETTINGS, store=self.store) as client:
            dispatcher = CallbackDispatcher(client, patience=0, lease=self.lease)
            dispatcher.on_paid(deliver)
            outcomes: list[str] = []
            for _ in range(times):
                outcomes.append(dispatcher.handle(query=QUERY).outcome)
                time.sleep(pause)
            return outcomes

    async def _async(self, times: int, pause: float) -> list[str]:
        async def deliver(event: PaymentEvent) -> None:
            self.calls += 1

        async with AsyncQPayClient(**SETTINGS, store=self.store) as client:
            dispatcher = AsyncCallbackDispatcher(client, patience=0, lease=self.lease)
            dispatcher.on_paid(deliver)
            outcomes: list[str] = []
            for _ in range(times):
                outcomes.append((await dispatcher.handle(query=QUERY)).outcome)
                await asyncio.sleep(pause)
            return outcomes


@pytest.mark.parametrize("awaited", [False, True], ids=["sync", "async"])
class TestAStoreThatCannotTakeTheRecord:
    def test_is_tried_again_within_the_lease(
        self, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture, awaited: bool
    ) -> None:
        answer_payment(qpay, payment())
        store = Failing(times=2)
        handled = Handled(store, awaited=awaited, lease=60)
        assert handled.outcomes(2) == ["delivered", "duplicate"]
        assert handled.calls == 1
        assert [delivery.order_no for delivery in store.deliveries()] == ["42"]
        assert "Trying again until its lease ends" in caplog.text

    def test_does_not_make_this_process_deliver_again_when_the_lease_has_ended(
        self, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture, awaited: bool
    ) -> None:
        answer_payment(qpay, payment())
        handled = Handled(Failing(times=1000), awaited=awaited, lease=0.2)
        assert handled.outcomes(3, pause=0.2) == ["delivered", "duplicate", "duplicate"]
        assert handled.calls == 1
        assert "This process records it later" in caplog.text

    def test_gets_the_record_at_the_next_chance(
        self, qpay: respx.MockRouter, awaited: bool
    ) -> None:
        answer_payment(qpay, payment())
        store = Failing(times=1000)
        handled = Handled(store, awaited=awaited, lease=0.1)
        mended = threading.Timer(0.3, setattr, (store, "times", 0))
        mended.start()
        assert handled.outcomes(2, pause=0.4) == ["delivered", "duplicate"]
        mended.join()
        assert [delivery.payment_id for delivery in store.deliveries()] == [PAYMENT]
        assert Handled(store, awaited=awaited, lease=60).outcomes(1) == ["duplicate"]

    def test_has_it_where_only_its_answer_was_lost(
        self, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture, awaited: bool
    ) -> None:
        answer_payment(qpay, payment())
        handled = Handled(Losing(), awaited=awaited, lease=60)
        assert handled.outcomes(2) == ["delivered", "duplicate"]
        assert [one for one in caplog.records if one.levelno == logging.ERROR] == []

    def test_gets_it_after_another_process_has_tried_in_vain(
        self, qpay: respx.MockRouter, awaited: bool
    ) -> None:
        answer_payment(qpay, payment())
        store = Failing(times=1000)
        handled = Handled(store, awaited=awaited, lease=0.1)
        key = delivered_key(QPayClient(**SETTINGS).settings.account)

        def other_process() -> None:
            ends = time.monotonic() + 5
            # Its lease has ended when it can be claimed.
            while not handled.calls or store.claim(key, "another process", lease=60) != "claimed":
                assert time.monotonic() < ends
                time.sleep(0.01)
            store.times = 0
            time.sleep(0.3)
            store.release(key, "another process")

        other = threading.Thread(target=other_process)
        other.start()
        assert handled.outcomes(3, pause=0.2) == ["delivered", "duplicate", "duplicate"]
        other.join()
        assert handled.calls == 1
        assert [delivery.payment_id for delivery in store.deliveries()] == [PAYMENT]

    def test_undoes_a_delivery_that_it_commits_itself(
        self, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture, awaited: bool
    ) -> None:
        answer_payment(qpay, payment())
        handled = Handled(Committing(), awaited=awaited, lease=60)
        assert handled.outcomes(2) == ["handler_failed", "delivered"]
        errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
        assert len(errors) == 1
        assert "Nothing was delivered" in errors[0]


class Interrupted(MemoryStore):
    """One that commits what a handler did; a signal ends its call once, before or after it."""

    transactional = True

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def _signal(self, name: str) -> None:
        if self.name == name:
            self.name = ""
            raise KeyboardInterrupt

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        state = super().claim(key, owner, lease=lease)
        if key.startswith("delivered:"):
            self._signal("claim")
        return state

    def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        if key.startswith("delivered:"):
            self._signal("complete")
        return super().complete(key, owner, delivery=delivery)


@pytest.mark.parametrize("name", ["claim", "complete"])
def test_a_signal_leaves_no_transaction_open(qpay: respx.MockRouter, name: str) -> None:
    answer_payment(qpay, payment())
    with QPayClient(**SETTINGS, store=Interrupted(name)) as client:
        dispatcher = CallbackDispatcher(client, patience=0)
        dispatcher.on_paid(lambda event: None)
        with pytest.raises(KeyboardInterrupt):
            dispatcher.handle(query=QUERY)
        assert dispatcher.handle(query=QUERY).outcome == "delivered"


class Slow(MemoryStore):
    """A store that takes a moment to record a delivery, in a thread."""

    blocking = True

    def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        time.sleep(0.1)
        return super().complete(key, owner, delivery=delivery)


def test_a_cancellation_during_the_record_ends_the_call_and_nothing_after_it(
    qpay: respx.MockRouter,
) -> None:
    answer_payment(qpay, payment())
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
