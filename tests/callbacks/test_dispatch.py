"""The dispatcher: it asks QPay, matches, delivers once, and answers as the contract says."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from callbacks.payments import INVOICE, PAYMENT, QUERY, answer_payment, delivered_key, payment
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


def test_a_paid_payment_reaches_its_handler_as_qpay_reports_it(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment())
    reply = dispatcher.handle(query=QUERY)
    assert (reply.status_code, reply.body, reply.outcome) == (200, "SUCCESS", "delivered")
    assert reply.content_type.startswith("text/plain")
    (event,) = events
    assert event.payment.payment_id == event.callback.payment_id == PAYMENT
    assert event.status == "PAID"
    assert event.amount == 1500
    assert event.invoice_id == "i-1"
    assert event.params == {"order": "42"}


def test_replies_are_equal_where_all_of_their_fields_are(dispatcher: CallbackDispatcher) -> None:
    one, again = (dispatcher.handle(query="order=42") for _ in range(2))
    other = dispatcher.handle(query="")
    assert one == again
    assert hash(one) == hash(again)
    assert len({one, again, other}) == 2
    assert len({hash(one), hash(other)}) == 2
    assert one != other
    assert one != one.outcome


def test_a_body_that_lies_is_not_believed(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment("FAILED"))
    body = json.dumps({"payment_id": PAYMENT, "payment_status": "PAID", "payment_amount": 10**6})
    assert dispatcher.handle(query=QUERY, body=body).outcome == "ignored"
    assert events == []


def test_a_doubled_callback_is_delivered_once(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment())
    outcomes = [dispatcher.handle(query=QUERY).outcome for _ in range(3)]
    assert outcomes == ["delivered", "duplicate", "duplicate"]
    assert len(events) == 1


def test_fifty_callbacks_at_once_are_delivered_once(
    qpay: respx.MockRouter, client: QPayClient
) -> None:
    answer_payment(qpay, payment())
    events = []
    dispatcher = CallbackDispatcher(client)

    @dispatcher.on_paid
    def slow(event: PaymentEvent) -> None:
        threading.Event().wait(0.1)
        events.append(event)

    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda _: dispatcher.handle(query=QUERY), range(50)))
    outcomes = [reply.outcome for reply in replies]
    assert len(events) == 1
    assert (outcomes.count("delivered"), outcomes.count("duplicate")) == (1, 49)


def test_a_restart_with_the_same_store_delivers_nothing_again(
    qpay: respx.MockRouter, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment())
    store = MemoryStore()
    for _ in range(2):
        with QPayClient(**SETTINGS, store=store) as client:
            dispatcher = CallbackDispatcher(client)
            dispatcher.on_paid(events.append)
            dispatcher.handle(query=QUERY)
    assert len(events) == 1


def test_a_handler_that_raises_gives_the_claim_back(
    qpay: respx.MockRouter, client: QPayClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer_payment(qpay, payment())
    tries = []
    dispatcher = CallbackDispatcher(client)

    @dispatcher.on_paid
    def fails_once(event: PaymentEvent) -> None:
        tries.append(event)
        if len(tries) == 1:
            raise OSError("the disk is full")

    first, second = (dispatcher.handle(query=QUERY) for _ in range(2))
    assert (first.status_code, first.outcome) == (500, "handler_failed")
    assert (second.status_code, second.outcome) == (200, "delivered")
    assert "the disk is full" in caplog.text
    assert "disk" not in first.body


def test_a_delivery_under_way_is_not_called_done(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, client: QPayClient
) -> None:
    answer_payment(qpay, payment())
    key = delivered_key(client.settings.account)
    client.store.claim(key, "another process", lease=60)
    reply = dispatcher.handle(query=QUERY)
    assert (reply.status_code, reply.outcome) == (503, "in_progress")


def test_a_refund_after_the_payment_is_an_event_of_its_own(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
) -> None:
    dispatcher.on_refunded(events.append)
    answer_payment(qpay, payment(), payment("REFUNDED"), payment("REFUNDED"))
    outcomes = [dispatcher.handle(query=QUERY).outcome for _ in range(3)]
    assert outcomes == ["delivered", "delivered", "duplicate"]
    assert [event.status for event in events] == ["PAID", "REFUNDED"]


@pytest.mark.parametrize(
    ("status", "register"),
    [
        ("PAID", lambda d: d.on_paid),
        ("FAILED", lambda d: d.on_failed),
        ("REFUNDED", lambda d: d.on_refunded),
        ("PARTIAL", lambda d: d.on("PARTIAL")),
        ("ON_HOLD", lambda d: d.on("ON_HOLD")),
        ("ON_HOLD", lambda d: d.on_other),
        ("FAILED", lambda d: d.on_other),
    ],
)
def test_a_status_has_its_handler(
    qpay: respx.MockRouter,
    client: QPayClient,
    events: list[PaymentEvent],
    status: str,
    register: Callable[[CallbackDispatcher], Callable[[object], object]],
) -> None:
    answer_payment(qpay, payment(status))
    dispatcher = CallbackDispatcher(client, patience=0)
    register(dispatcher)(events.append)
    assert dispatcher.handle(query=QUERY).outcome == "delivered"
    assert [event.status for event in events] == [status]


def test_a_new_payment_reaches_on_new_and_gets_503(
    qpay: respx.MockRouter, client: QPayClient, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment("NEW"))
    dispatcher = CallbackDispatcher(client, patience=0)
    dispatcher.on_new(events.append)
    assert dispatcher.handle(query=QUERY).outcome == "not_paid_yet"
    assert [event.status for event in events] == ["NEW"]


@pytest.mark.parametrize("register", ["on_new", "on_other"])
def test_a_new_payment_gets_503_each_time(
    qpay: respx.MockRouter, client: QPayClient, events: list[PaymentEvent], register: str
) -> None:
    answer_payment(qpay, payment("NEW"))
    dispatcher = CallbackDispatcher(client, patience=0)
    getattr(dispatcher, register)(events.append)
    outcomes = [dispatcher.handle(query=QUERY).outcome for _ in range(3)]
    assert outcomes == ["not_paid_yet"] * 3
    assert len(events) == 1


def test_payments_that_qpay_shows_without_an_id_are_told_apart(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
) -> None:
    for one in ("1", "2"):
        order = {**INVOICE, "sender_invoice_no": one}
        qpay.get(f"/invoice/i-{one}").respond(json=order)
        answer = payment(payment_id=None, object_id=f"i-{one}")
        qpay.get(f"/payment/{one}").respond(json=answer)
        assert dispatcher.handle(query=f"qpay_payment_id={one}").outcome == "delivered"
    assert [event.payment.payment_id for event in events] == ["1", "2"]


def test_a_handler_may_be_an_object_that_is_empty(
    qpay: respx.MockRouter, client: QPayClient
) -> None:
    class Basket(list[PaymentEvent]):
        def __call__(self, event: PaymentEvent) -> None:
            self.append(event)

    answer_payment(qpay, payment())
    dispatcher = CallbackDispatcher(client)
    basket = dispatcher.on_paid(Basket())
    assert dispatcher.handle(query=QUERY).outcome == "delivered"
    assert len(basket) == 1


def test_a_payment_without_a_status_gets_503(
    qpay: respx.MockRouter, client: QPayClient, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment(payment_status=None))
    dispatcher = CallbackDispatcher(client, patience=0)
    dispatcher.on_other(events.append)
    assert dispatcher.handle(query=QUERY).outcome == "not_paid_yet"
    assert [event.status for event in events] == [""]


@pytest.mark.parametrize(
    ("status", "register", "outcome"),
    [
        ("PAID", lambda d: d.on_paid, "delivered"),
        ("FAILED", lambda d: d.on_failed, "delivered"),
        ("REFUNDED", lambda d: d.on_refunded, "delivered"),
        ("NEW", lambda d: d.on_new, "not_paid_yet"),
        ("PARTIAL", lambda d: d.on("PARTIAL"), "delivered"),
        ("ON_HOLD", lambda d: d.on_other, "delivered"),
    ],
)
def test_a_status_has_its_awaited_handler(
    events: list[PaymentEvent],
    status: str,
    register: Callable[[AsyncCallbackDispatcher], Callable[[object], object]],
    outcome: str,
) -> None:
    dispatcher = AsyncCallbackDispatcher(verify=False)

    async def handler(event: PaymentEvent) -> None:
        events.append(event)

    async def main() -> None:
        reply = await dispatcher.handle(body={"payment_id": PAYMENT, "payment_status": status})
        assert reply.outcome == outcome

    assert register(dispatcher)(handler) is handler
    anyio.run(main)
    assert [event.status for event in events] == [status]


def test_a_status_without_a_handler_is_logged_and_ignored(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer_payment(qpay, payment("REFUNDED"))
    reply = dispatcher.handle(query=QUERY)
    assert (reply.status_code, reply.body, reply.outcome) == (200, "SUCCESS", "ignored")
    assert "is REFUNDED: no handler is registered for that" in caplog.text


def test_a_paid_payment_without_a_handler_is_an_error_in_the_log(
    qpay: respx.MockRouter, client: QPayClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer_payment(qpay, payment())
    reply = CallbackDispatcher(client).handle(query=QUERY)
    assert (reply.status_code, reply.outcome) == (200, "ignored")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert PAYMENT in record.getMessage()
    assert "was not delivered: there is no on_paid handler" in record.getMessage()


@pytest.mark.parametrize("status", ["paid", "Paid", "PAID"])
@pytest.mark.parametrize("of_qpay", ["PAID", "paid"])
def test_a_status_may_be_written_in_any_letters(
    qpay: respx.MockRouter,
    client: QPayClient,
    events: list[PaymentEvent],
    status: str,
    of_qpay: str,
) -> None:
    answer_payment(qpay, payment(of_qpay))
    dispatcher = CallbackDispatcher(client)
    dispatcher.on(status)(events.append)
    assert dispatcher.handle(query=QUERY).outcome == "delivered"
    assert len(events) == 1


def test_qpays_answer_may_lag_behind_its_callback(
    qpay: respx.MockRouter, client: QPayClient, events: list[PaymentEvent]
) -> None:
    dispatcher = CallbackDispatcher(client, patience=30)  # the second answer ends the waiting
    dispatcher.on_paid(events.append)
    unknown = httpx.Response(422, json={"error": "PAYMENT_NOTFOUND"})
    route = answer_payment(qpay, unknown, payment())
    assert dispatcher.handle(query=QUERY).outcome == "delivered"
    assert (route.call_count, len(events)) == (2, 1)


def test_a_payment_that_stays_new_is_not_paid_yet(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment("NEW"))
    reply = dispatcher.handle(query=QUERY)
    assert (reply.status_code, reply.outcome) == (503, "not_paid_yet")
    assert events == []


def test_a_payment_that_qpay_does_not_know_is_a_mismatch(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher
) -> None:
    answer_payment(qpay, httpx.Response(422, json={"error": "PAYMENT_NOTFOUND"}))
    reply = dispatcher.handle(query=QUERY)
    assert (reply.status_code, reply.outcome) == (409, "mismatch")


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(401, json={}), httpx.Response(200, html="<p>")]
)
def test_a_qpay_that_cannot_be_asked_is_unreachable(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, answer: httpx.Response
) -> None:
    answer_payment(qpay, answer)
    reply = dispatcher.handle(query=QUERY)
    assert (reply.status_code, reply.outcome) == (503, "unreachable")


@pytest.mark.parametrize("body", [None, {"object_type": "INVOICE", "object_id": "i-1"}])
def test_an_error_that_is_not_qpays_makes_it_unreachable(
    qpay: respx.MockRouter,
    dispatcher: CallbackDispatcher,
    caplog: pytest.LogCaptureFixture,
    body: dict[str, str] | None,
) -> None:
    # Such as the store's, in which the token lives.
    qpay.get(url__regex="/(payment|invoice)/").mock(side_effect=OSError("the store is down"))
    reply = dispatcher.handle(query=None if body else QUERY, body=body)
    assert (reply.status_code, reply.outcome) == (503, "unreachable")
    what = "invoice i-1" if body else f"payment {PAYMENT}"
    assert f"Could not fetch {what} from QPay" in caplog.text


@pytest.mark.parametrize("query", ["order=42", "qpay_payment_id=a/b", b"\xff"])
def test_what_is_no_callback_is_unreadable(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, query: str
) -> None:
    reply = dispatcher.handle(query=query)
    assert (reply.status_code, reply.outcome) == (400, "unreadable")
    assert qpay.calls.call_count == 0


def test_a_probe_without_anything_gets_success(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher
) -> None:
    assert dispatcher.handle(query="", body=b"").body == "SUCCESS"
    assert qpay.calls.call_count == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_dispatcher_delivers_once_among_fifty_tasks(
    qpay: respx.MockRouter, backend: str
) -> None:
    answer_payment(qpay, payment())
    events: list[PaymentEvent] = []
    outcomes: list[str] = []

    async def main() -> None:
        async with AsyncQPayClient(**SETTINGS) as client:
            dispatcher = AsyncCallbackDispatcher(client)

            @dispatcher.on_paid
            async def slow(event: PaymentEvent) -> None:
                await anyio.sleep(0.05)
                events.append(event)

            async def once() -> None:
                outcomes.append((await dispatcher.handle(query=QUERY)).outcome)

            async with anyio.create_task_group() as group:
                for _ in range(50):
                    group.start_soon(once)

    anyio.run(main, backend=backend)
    assert len(events) == 1
    assert (outcomes.count("delivered"), outcomes.count("duplicate")) == (1, 49)


def test_a_cancelled_delivery_gives_its_claim_back(qpay: respx.MockRouter) -> None:
    answer_payment(qpay, payment())
    events: list[PaymentEvent] = []

    async def main() -> None:
        async with AsyncQPayClient(**SETTINGS) as client:
            dispatcher = AsyncCallbackDispatcher(client)

            @dispatcher.on_paid
            async def slow_once(event: PaymentEvent) -> None:
                if not events:
                    events.append(event)
                    await anyio.sleep(60)

            with anyio.move_on_after(0.2):
                await dispatcher.handle(query=QUERY)
            assert (await dispatcher.handle(query=QUERY)).outcome == "delivered"

    anyio.run(main)
    assert len(events) == 1
