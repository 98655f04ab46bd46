"""How long a dispatcher waits: for QPay, for another delivery, for a handler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest
from typing_extensions import TypedDict, Unpack

from callbacks.payments import QUERY, answer_payment, delivered_key, payment
from helpers.settings import SETTINGS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    ConfigurationError,
    MemoryStore,
    PaymentEvent,
    QPayClient,
    Store,
)

if TYPE_CHECKING:
    import respx

    from qpaykit.stores import ClaimState


class Clock:
    """Stands in for the module `time`: its time passes by sleeping alone."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def sleep_awaited(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("qpaykit.callbacks.queries.time", clock)
    monkeypatch.setattr("qpaykit.callbacks.deliveries.time", clock)
    monkeypatch.setattr("qpaykit.callbacks._io.time", clock)
    monkeypatch.setattr("anyio.sleep", clock.sleep_awaited)
    return clock


class Patient(MemoryStore):
    """A store that notes for how long it is asked to hold a claim."""

    def __init__(self) -> None:
        super().__init__()
        self.leases: list[float] = []

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        self.leases.append(lease)
        return super().claim(key, owner, lease=lease)


class Limits(TypedDict, total=False):
    patience: float


def handled(*, awaited: bool, store: Store | None = None, **limits: Unpack[Limits]) -> str:
    if not awaited:
        with QPayClient(**SETTINGS) as client:
            dispatcher = CallbackDispatcher(client, store=store, **limits)
            dispatcher.on_paid(lambda event: None)
            return dispatcher.handle(query=QUERY).outcome
    outcomes = []

    async def handler(event: PaymentEvent) -> None: ...

    async def main() -> None:
        async with AsyncQPayClient(**SETTINGS) as client:
            dispatcher = AsyncCallbackDispatcher(client, store=store, **limits)
            dispatcher.on_paid(handler)
            outcomes.append((await dispatcher.handle(query=QUERY)).outcome)

    anyio.run(main)
    return outcomes[0]


def test_a_lease_may_be_shorter_than_a_second_and_patience_none_at_all() -> None:
    body = {"payment_id": "1", "payment_status": "NEW"}
    dispatcher = CallbackDispatcher(verify=False, patience=0, lease=0.1)
    assert dispatcher.handle(body=body).outcome == "not_paid_yet"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("patience", value) for value in (-0.1, float("nan"), float("inf"), None, "3", True)],
        *[("lease", value) for value in (0, -1, float("nan"), float("inf"), None, "3", True)],
    ],
    ids=repr,
)
def test_seconds_that_are_none_are_refused(name: str, value: object) -> None:
    limits: dict[str, Any] = {name: value}
    with pytest.raises(ConfigurationError, match=f"{name} must be a number of seconds"):
        CallbackDispatcher(verify=False, **limits)


@pytest.mark.parametrize("awaited", [False, True])
class TestWaiting:
    def test_by_default_qpay_is_asked_for_three_seconds_with_growing_pauses(
        self, qpay: respx.MockRouter, clock: Clock, awaited: bool
    ) -> None:
        route = answer_payment(qpay, payment("NEW"))
        assert handled(awaited=awaited) == "not_paid_yet"
        assert clock.pauses == [0.25, 0.5, 1.0]
        assert route.call_count == 4

    def test_patience_is_used_to_its_end(
        self, qpay: respx.MockRouter, clock: Clock, awaited: bool
    ) -> None:
        answer_payment(qpay, payment("NEW"))
        handled(awaited=awaited, patience=1.75)
        assert clock.pauses == [0.25, 0.5, 1.0]

    def test_by_default_another_delivery_is_waited_for_as_long_and_often_looked_at(
        self, qpay: respx.MockRouter, clock: Clock, awaited: bool
    ) -> None:
        answer_payment(qpay, payment())
        store = MemoryStore()
        account = QPayClient(**SETTINGS).settings.account
        store.claim(delivered_key(account), "another process", lease=60)
        assert handled(awaited=awaited, store=store) == "in_progress"
        assert 3 <= sum(clock.pauses) < 3.1
        assert max(clock.pauses) < 0.1

    def test_with_no_patience_nothing_is_waited_for(
        self, qpay: respx.MockRouter, clock: Clock, awaited: bool
    ) -> None:
        answer_payment(qpay, payment("NEW"), payment())
        store = MemoryStore()
        account = QPayClient(**SETTINGS).settings.account
        store.claim(delivered_key(account), "another process", lease=60)
        assert handled(awaited=awaited, patience=0) == "not_paid_yet"
        assert handled(awaited=awaited, patience=0, store=store) == "in_progress"
        assert clock.pauses == []

    def test_by_default_a_handler_may_take_two_minutes(
        self, qpay: respx.MockRouter, awaited: bool
    ) -> None:
        answer_payment(qpay, payment())
        store = Patient()
        assert handled(awaited=awaited, store=store) == "delivered"
        assert store.leases == [120]
