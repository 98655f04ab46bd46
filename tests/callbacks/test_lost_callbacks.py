"""`check`, and callbacks that name only an invoice: what was paid on it is delivered, once."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from callbacks.payments import INVOICE, PAYMENT, QUERY, answer_payment, payment
from callbacks.shop import PAID, Shop
from helpers.settings import SETTINGS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    PaymentEvent,
    QPayClient,
)

if TYPE_CHECKING:
    import respx


def test_a_callback_that_names_only_an_invoice_is_looked_up_there(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment())
    qpay.post("/payment/check").respond(json={"count": 1, "rows": [payment()]})
    reply = dispatcher.handle(body={"object_type": "INVOICE", "object_id": "i-1"})
    assert reply.outcome == "delivered"
    assert events[0].params == {"order": "42"}


def test_a_callback_that_names_a_payment_too_is_of_the_payment_alone(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher
) -> None:
    answer_payment(qpay, payment())
    check = qpay.post("/payment/check")
    told = {"payment_id": PAYMENT, "object_type": "INVOICE", "object_id": "i-1"}
    assert dispatcher.handle(body=told).outcome == "delivered"
    assert check.call_count == 0


def test_a_lost_one_is_delivered_with_the_invoices_own_parameters(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, events: list[PaymentEvent]
) -> None:
    answer_payment(qpay, payment())
    qpay.post("/payment/check").respond(json={"count": 1, "rows": [payment()]})
    assert [reply.outcome for reply in dispatcher.check("i-1")] == ["delivered"]
    assert [reply.outcome for reply in dispatcher.check("i-1")] == ["duplicate"]
    assert dispatcher.handle(query=QUERY).outcome == "duplicate"
    assert [event.params for event in events] == [{"order": "42"}]


def check_by(client: QPayClient | AsyncQPayClient) -> list[str]:
    if isinstance(client, QPayClient):
        dispatcher = CallbackDispatcher(client)
        dispatcher.on_paid(lambda event: None)
        return [reply.outcome for reply in dispatcher.check("i-1")]
    awaited = AsyncCallbackDispatcher(client)

    async def deliver(event: PaymentEvent) -> None: ...

    async def main() -> list[str]:
        return [reply.outcome for reply in await awaited.check("i-1")]

    awaited.on_paid(deliver)
    return anyio.run(main)


@pytest.mark.parametrize("kind", [QPayClient, AsyncQPayClient])
def test_a_payment_behind_a_hundred_failed_ones_is_delivered(
    qpay: respx.MockRouter, kind: type[QPayClient | AsyncQPayClient]
) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        number = json.loads(request.content)["offset"]["page_number"]
        return httpx.Response(200, json={"count": 101, "rows": pages[number - 1]})

    pages = [[payment("NEW", payment_id=f"n-{n}") for n in range(100)], [payment()]]
    answer_payment(qpay, payment())
    checked = qpay.post("/payment/check").mock(side_effect=page)
    assert check_by(kind(**SETTINGS)) == ["delivered"]
    assert checked.call_count == 2


def test_a_page_that_comes_again_ends_the_check(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher
) -> None:
    answer_payment(qpay, payment())
    checked = qpay.post("/payment/check").respond(json={"count": 9, "rows": [payment()]})
    assert [reply.outcome for reply in dispatcher.check("i-1")] == ["delivered"]
    assert checked.call_count == 2


def test_a_payment_that_is_listed_without_a_status_is_asked_for(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher
) -> None:
    answer_payment(qpay, payment())
    row = {"payment_id": PAYMENT, "payment_amount": "100"}
    qpay.post("/payment/check").respond(json={"count": 1, "rows": [row]})
    assert [reply.outcome for reply in dispatcher.check("i-1")] == ["delivered"]
    assert [reply.outcome for reply in dispatcher.check("i-1")] == ["duplicate"]


def test_an_unpaid_invoice_has_nothing_to_deliver(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher
) -> None:
    qpay.get("/invoice/i-1").respond(json=INVOICE)
    qpay.post("/payment/check").respond(json={"count": 0, "rows": []})
    assert dispatcher.check("i-1") == []


def test_what_is_not_paid_yet_does_not_keep_back_what_is(
    qpay: respx.MockRouter,
    dispatcher: CallbackDispatcher,
    events: list[PaymentEvent],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "qpaykit.callbacks")
    answer_payment(qpay, payment())
    rows = [payment("NEW", payment_id="p-2"), payment()]
    qpay.post("/payment/check").respond(json={"count": 3, "rows": rows})
    assert [reply.outcome for reply in dispatcher.check("i-1")] == ["delivered"]
    assert [event.payment.payment_id for event in events] == [PAYMENT]
    assert [vars(record)["payment_id"] for record in caplog.records] == [PAYMENT]


def test_a_payment_without_an_id_is_named_in_the_log_and_not_lost(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    answer_payment(qpay, payment())
    rows = [payment(payment_id=None, payment_amount="7.00"), payment()]
    qpay.post("/payment/check").respond(json={"count": 2, "rows": rows})
    outcomes = [reply.outcome for reply in dispatcher.check("i-1")]
    assert outcomes == ["unreachable", "delivered"]
    assert "Invoice i-1 of order 42 has a payment of 7.00 without an id" in caplog.text


def test_what_is_delivered_is_not_fetched_again(
    qpay: respx.MockRouter, dispatcher: CallbackDispatcher
) -> None:
    fetched = answer_payment(qpay, payment())
    qpay.post("/payment/check").respond(json={"count": 1, "rows": [payment()]})
    outcomes = [dispatcher.check("i-1")[0].outcome for _ in range(3)]
    assert outcomes == ["delivered", "duplicate", "duplicate"]
    assert fetched.call_count == 1


@pytest.mark.parametrize(
    ("rows", "status_code", "outcome"),
    [
        ([], 503, "not_paid_yet"),
        ([payment()], 200, "delivered"),
        ([payment(), payment(payment_id="p-2")], 409, "mismatch"),
        ([payment(payment_id="p-2"), payment()], 409, "mismatch"),
    ],
    ids=["none", "one", "the second is unknown", "the first is unknown"],
)
def test_a_callback_of_an_invoice_gets_the_worst_of_its_payments_replies(
    qpay: respx.MockRouter,
    dispatcher: CallbackDispatcher,
    rows: list[dict[str, object]],
    status_code: int,
    outcome: str,
) -> None:
    answer_payment(qpay, payment())
    qpay.get("/payment/p-2").respond(404, json={"error": "PAYMENT_NOTFOUND"})
    qpay.post("/payment/check").respond(json={"count": len(rows), "rows": rows})
    reply = dispatcher.handle(body={"object_type": "INVOICE", "object_id": "i-1"})
    assert (reply.status_code, reply.outcome) == (status_code, outcome)


class TestACheckOfAnInvoice:
    def test_refuses_a_listed_payment_that_paid_another_one(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        shop.lists(PAID)
        shop.qpay.get("/payment/p-1").respond(json={**PAID, "object_id": "i-2"})
        assert [reply.outcome for reply in shop.dispatcher.check("i-1")] == ["mismatch"]
        assert shop.paid == []
        assert "listed for invoice i-1, and QPay says that it paid invoice i-2" in caplog.text

    def test_adds_up_payments_that_do_not_name_it(self, shop: Shop) -> None:
        halves = [
            {**PAID, "payment_id": f"p-{n}", "payment_amount": "750.00", "object_id": None}
            for n in (1, 2)
        ]
        shop.lists(*halves)
        for half in halves:
            shop.qpay.get(f"/payment/{half['payment_id']}").respond(json=half)
        replies = shop.dispatcher.check("i-1")
        assert [reply.outcome for reply in replies] == ["delivered", "duplicate"]
        assert [(event.amount, event.invoice_id) for event in shop.paid] == [(Decimal(1500), "i-1")]

    def test_asks_for_a_payment_by_the_zeros_that_its_row_has_lost(self, shop: Shop) -> None:
        payment = {**PAID, "payment_id": "019276866891878"}
        shop.lists({**payment, "payment_id": 19276866891878})
        unknown = shop.qpay.get("/payment/19276866891878")
        unknown.respond(422, json={"error": "PAYMENT_NOTFOUND"})
        shop.qpay.get("/payment/019276866891878").respond(json=payment)
        assert [reply.outcome for reply in shop.dispatcher.check("i-1")] == ["delivered"]
        assert [event.payment_id for event in shop.paid] == ["019276866891878"]
