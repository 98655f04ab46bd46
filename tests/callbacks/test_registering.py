"""Registering handlers, and dispatchers without a client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from callbacks.payments import INVOICE, PAYMENT, QUERY, answer_payment, payment
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    ConfigurationError,
    MemoryStore,
    PaymentEvent,
    QPayClient,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import respx


class TestWithoutQPay:
    """A dispatcher may believe what callbacks say, where that is asked for by name."""

    BODY = json.dumps({"payment_id": PAYMENT, "payment_status": "PAID", "payment_amount": 1500})

    def test_no_client_and_no_word_about_it_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="verify=False"):
            CallbackDispatcher()

    def test_the_body_is_dispatched(self, events: list[PaymentEvent]) -> None:
        dispatcher = CallbackDispatcher(verify=False)
        dispatcher.on_paid(events.append)
        assert dispatcher.handle(body=self.BODY).outcome == "delivered"
        assert dispatcher.handle(body=self.BODY).outcome == "duplicate"
        assert [f"{event.status} {event.amount}" for event in events] == ["PAID 1500"]

    def test_what_was_delivered_before_a_restart_is_a_duplicate(
        self, events: list[PaymentEvent]
    ) -> None:
        store = MemoryStore()
        store.claim(f"delivered::PAID:{PAYMENT}", "an earlier process", lease=60)
        store.complete(f"delivered::PAID:{PAYMENT}", "an earlier process")
        dispatcher = CallbackDispatcher(verify=False, store=store)
        dispatcher.on_paid(events.append)
        assert dispatcher.handle(body=self.BODY).outcome == "duplicate"

    def test_the_querys_payment_is_the_bodys(self, events: list[PaymentEvent]) -> None:
        dispatcher = CallbackDispatcher(verify=False)
        dispatcher.on_paid(events.append)
        dispatcher.handle(query=QUERY, body={"payment_status": "PAID"})
        assert [event.payment.payment_id for event in events] == [PAYMENT]

    def test_a_null_under_one_name_hides_nothing_under_another(
        self, events: list[PaymentEvent]
    ) -> None:
        dispatcher = CallbackDispatcher(verify=False)
        dispatcher.on_paid(events.append)
        told = {"payment_id": PAYMENT, "payment_status": "PAID", "paid_by": "P2P"}
        dispatcher.handle(body=json.dumps({**told, "payment_type": None}))
        assert [event.payment.transaction_type for event in events] == ["P2P"]

    def test_an_invoice_alone_cannot_be_looked_up(self) -> None:
        dispatcher = CallbackDispatcher(verify=False)
        assert dispatcher.handle(body={"invoice_id": "i-1"}).outcome == "unreadable"
        with pytest.raises(ConfigurationError, match="verify=False"):
            dispatcher.check("i-1")

    def test_without_a_body_there_is_nothing_to_believe(self) -> None:
        assert CallbackDispatcher(verify=False).handle(query=QUERY).outcome == "unreadable"


class TestRegistering:
    """One handler for a status, before the first event, returned as it was."""

    def test_a_client_of_the_other_kind_is_refused(
        self, client: QPayClient, async_client: AsyncQPayClient
    ) -> None:
        awaited: Any = async_client
        direct: Any = client
        with pytest.raises(ConfigurationError, match="goes with AsyncCallbackDispatcher"):
            CallbackDispatcher(awaited)
        with pytest.raises(ConfigurationError, match="goes with CallbackDispatcher"):
            AsyncCallbackDispatcher(direct)

    @pytest.mark.parametrize("kind", [CallbackDispatcher, AsyncCallbackDispatcher])
    def test_what_is_no_client_is_refused(self, kind: Any) -> None:
        with pytest.raises(ConfigurationError, match="not str"):
            kind("client")

    def test_a_decorator_returns_the_function(self, dispatcher: CallbackDispatcher) -> None:
        def handler(event: PaymentEvent) -> None: ...

        assert dispatcher.on_failed(handler) is handler
        assert dispatcher.on("PARTIAL")(handler) is handler

    def test_a_decorator_of_the_async_dispatcher_returns_the_function(
        self, async_client: AsyncQPayClient
    ) -> None:
        dispatcher = AsyncCallbackDispatcher(async_client)

        async def handler(event: PaymentEvent) -> None: ...

        for name in ("paid", "underpaid", "overpaid", "failed", "refunded", "new", "other"):
            register: Callable[[object], object] = getattr(dispatcher, f"on_{name}")
            assert register(handler) is handler
        assert dispatcher.on("PARTIAL")(handler) is handler

    def test_a_payment_too_many_reaches_its_awaited_handler(
        self, qpay: respx.MockRouter, async_client: AsyncQPayClient
    ) -> None:
        reached: list[str] = []
        dispatcher = AsyncCallbackDispatcher(async_client, patience=0)

        @dispatcher.on_paid
        async def deliver(event: PaymentEvent) -> None:
            reached.append(f"paid {event.payment_id}")

        @dispatcher.on_overpaid
        async def give_back(event: PaymentEvent) -> None:
            reached.append(f"overpaid {event.payment_id}")

        async def main() -> list[str]:
            qpay.get("/invoice/i-1").respond(json=INVOICE)
            outcomes: list[str] = []
            for number in (1, 2):
                reported = payment(payment_id=f"p-{number}")
                qpay.get(f"/payment/p-{number}").respond(json=reported)
                reply = await dispatcher.handle(query=f"qpay_payment_id=p-{number}")
                outcomes.append(reply.outcome)
            return outcomes

        assert anyio.run(main) == ["delivered", "overpaid"]
        assert reached == ["paid p-1", "overpaid p-2"]

    def test_a_second_handler_is_refused(self, dispatcher: CallbackDispatcher) -> None:
        with pytest.raises(ConfigurationError, match="already"):
            dispatcher.on_paid(lambda event: None)

    def test_a_late_handler_is_refused(
        self, qpay: respx.MockRouter, dispatcher: CallbackDispatcher
    ) -> None:
        answer_payment(qpay, payment())
        dispatcher.handle(query=QUERY)
        with pytest.raises(ConfigurationError, match="before the first"):
            dispatcher.on_failed(lambda event: None)

    def test_an_async_handler_needs_the_async_dispatcher(
        self, dispatcher: CallbackDispatcher
    ) -> None:
        async def handler(event: PaymentEvent) -> None: ...

        with pytest.raises(ConfigurationError, match="AsyncCallbackDispatcher"):
            dispatcher.on_failed(handler)  # type: ignore[type-var]

    def test_an_object_whose_call_is_async_is_an_async_handler(
        self, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
    ) -> None:
        class Handler:
            async def __call__(self, event: PaymentEvent) -> None:
                events.append(event)

        with pytest.raises(ConfigurationError, match="AsyncCallbackDispatcher"):
            dispatcher.on_failed(Handler())  # type: ignore[type-var]
        awaiting = AsyncCallbackDispatcher(verify=False)
        awaiting.on_paid(Handler())

        async def main() -> None:
            await awaiting.handle(body={"payment_id": PAYMENT, "payment_status": "PAID"})

        anyio.run(main)
        assert len(events) == 1

    def test_a_handler_that_returns_an_awaitable_to_the_sync_dispatcher_is_refused(
        self, qpay: respx.MockRouter, client: QPayClient
    ) -> None:
        answer_payment(qpay, payment())
        dispatcher = CallbackDispatcher(client)
        awaited: list[PaymentEvent] = []

        async def handler(event: PaymentEvent) -> None:
            awaited.append(event)

        dispatcher.on_paid(lambda event: handler(event))  # type: ignore[type-var]
        assert dispatcher.handle(query=QUERY).outcome == "handler_failed"
        assert awaited == []

    def test_a_sync_handler_needs_the_sync_dispatcher(self, async_client: AsyncQPayClient) -> None:
        with pytest.raises(ConfigurationError, match="write async def"):
            AsyncCallbackDispatcher(async_client).on_paid(print)  # type: ignore[type-var]
