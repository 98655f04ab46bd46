"""A signed callback: whose order its payment is, and whether it pays what the order costs."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    MemoryStore,
    PaymentEvent,
    QPayClient,
    sign_callback_url,
)
from support import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import respx

PAID: dict[str, object] = {
    "payment_id": "p-1",
    "payment_status": "PAID",
    "payment_amount": "1500.00",
    "payment_currency": "MNT",
    "object_type": "INVOICE",
    "object_id": "i-1",
}


class Quick:
    """Stands in for `time` where a dispatcher sleeps."""

    def sleep(self, seconds: float) -> None:
        assert seconds > 0


class Shop:
    """A client whose callback URLs are signed, and its order 42: invoice i-1 of 1500 MNT."""

    def __init__(self, qpay: respx.MockRouter) -> None:
        self.qpay = qpay
        self.store = MemoryStore()
        self.client = QPayClient(**SETTINGS, store=self.store, callback_secret="a secret")
        self.dispatcher = CallbackDispatcher(self.client, patience=0)
        self.paid: list[PaymentEvent] = []
        self.underpaid: list[PaymentEvent] = []
        self.dispatcher.on_paid(self.paid.append)
        self.dispatcher.on_underpaid(self.underpaid.append)
        self.url = self._order()
        self.key = f"invoice:{self.client.settings.account}:i-1"
        self.fetch = qpay.get("/invoice/i-1")
        self.answers(sender_invoice_no="42", callback_url=self.url)

    def _order(self) -> str:
        created = self.qpay.post("/invoice").respond(json={"invoice_id": "i-1"})
        self.client.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Tea")
        url: str = json.loads(created.calls.last.request.content)["callback_url"]
        return url

    def answers(self, **invoice: object) -> None:
        self.fetch.respond(json={"invoice_id": "i-1", **invoice})

    def patient(self) -> None:
        self.dispatcher = CallbackDispatcher(self.client, patience=3)
        self.dispatcher.on_paid(self.paid.append)

    def forget(self) -> None:
        self.store.delete(self.key)

    def handle(self, **payment: object) -> str:
        self.qpay.get("/payment/p-1").respond(json={**PAID, **payment})
        query = f"{urlsplit(self.url).query}&qpay_payment_id=p-1"
        return self.dispatcher.handle(query=query).outcome


@pytest.fixture
def shop(qpay: respx.MockRouter, quick_retries: None) -> Iterator[Shop]:
    shop = Shop(qpay)
    yield shop
    shop.client.close()


class TestWhoseOrderItIs:
    def test_an_invoice_that_the_store_remembers_is_not_asked_for(self, shop: Shop) -> None:
        assert shop.handle() == "delivered"
        assert shop.fetch.call_count == 0

    @pytest.mark.parametrize("memory", [None, "", "{}", '["42"]', "[42, 43]"])
    def test_what_the_store_has_lost_is_asked_of_qpay(self, shop: Shop, memory: str | None) -> None:
        shop.forget()
        if memory is not None:
            shop.store.set(shop.key, memory)
        assert shop.handle() == "delivered"
        assert shop.fetch.call_count == 1

    def test_a_store_that_cannot_be_read_is_as_good_as_empty(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(self: MemoryStore, key: str) -> str | None:
            raise OSError("the store is down")

        monkeypatch.setattr(MemoryStore, "get", fails)
        assert shop.handle() == "delivered"
        assert shop.fetch.call_count == 1

    @pytest.mark.parametrize(
        "invoice",
        [
            {},
            {"sender_invoice_no": "43"},
            {"callback_url": None},
            {"callback_url": "https://shop.test/callback?order=42"},
            {"callback_url": "https://shop.test/callback?order=42&qpaykit=v1.1.MNT.x.42"},
        ],
        ids=str,
    )
    def test_an_invoice_of_another_number_or_url_is_a_mismatch(
        self, shop: Shop, invoice: dict[str, object]
    ) -> None:
        shop.forget()
        if invoice:
            invoice = {"sender_invoice_no": "42", "callback_url": shop.url, **invoice}
        shop.answers(**invoice)
        assert shop.handle() == "mismatch"
        assert shop.paid == []

    @pytest.mark.parametrize(
        "payment",
        [{"object_type": "QR"}, {"object_id": None}, {"object_id": ""}, {"object_id": "../i-1"}],
        ids=str,
    )
    def test_a_payment_of_no_invoice_is_a_mismatch(
        self, shop: Shop, payment: dict[str, object]
    ) -> None:
        assert shop.handle(**payment) == "mismatch"
        assert shop.paid == []

    def test_a_payment_that_does_not_say_of_what_it_is_is_of_an_invoice(self, shop: Shop) -> None:
        assert shop.handle(object_type=None) == "delivered"
        assert [event.invoice_id for event in shop.paid] == ["i-1"]

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (httpx.Response(404, json={"error": "INVOICE_NOTFOUND"}), "mismatch"),
            (httpx.Response(400, json={"error": "INVALID_ID"}), "mismatch"),
            (httpx.Response(500), "unreachable"),
        ],
    )
    def test_an_invoice_that_qpay_does_not_show_delivers_nothing(
        self, shop: Shop, answer: httpx.Response, outcome: str
    ) -> None:
        shop.forget()
        shop.fetch.mock(return_value=answer)
        assert shop.handle() == outcome
        assert shop.paid == []


INVOICE_ALONE = {"object_type": "INVOICE", "object_id": "i-1"}


class TestACallbackOfTheInvoiceAlone:
    def test_without_a_signature_it_is_forged_and_nothing_is_asked(self, shop: Shop) -> None:
        reply = shop.dispatcher.handle(query="order=42", body=INVOICE_ALONE)
        assert (reply.status_code, reply.body, reply.outcome) == (403, "forged", "forged")
        assert shop.fetch.call_count == 0

    def test_with_its_signature_it_delivers_what_was_paid(self, shop: Shop) -> None:
        shop.qpay.get("/payment/p-1").respond(json=PAID)
        shop.qpay.post("/payment/check").respond(json={"count": 1, "rows": [PAID]})
        reply = shop.dispatcher.handle(query=urlsplit(shop.url).query, body=INVOICE_ALONE)
        assert reply.outcome == "delivered"
        assert [event.sender_invoice_no for event in shop.paid] == ["42"]


def test_a_dispatcher_takes_several_secrets(shop: Shop) -> None:
    client = QPayClient(**SETTINGS, store=shop.store)
    shop.dispatcher = CallbackDispatcher(client, callback_secret=["the next one", "a secret"])
    assert shop.handle() == "ignored"
    shop.dispatcher = CallbackDispatcher(client, callback_secret=["the next one"])
    assert shop.handle() == "forged"


@pytest.mark.parametrize("given", ["to the client", "to the dispatcher"])
def test_the_async_dispatcher_matches_by_its_clients_store_and_secret(
    shop: Shop, given: str
) -> None:
    secret = "a secret"
    of_client = secret if given == "to the client" else None
    of_dispatcher = secret if given == "to the dispatcher" else None
    part = {**PAID, "payment_amount": "500.00"}
    shop.qpay.get("/payment/p-1").respond(json=part)
    shop.qpay.post("/payment/check").respond(json={"count": 1, "rows": [part]})
    query = f"{urlsplit(shop.url).query}&qpay_payment_id=p-1"

    async def underpaid(event: PaymentEvent) -> None:
        shop.underpaid.append(event)

    async def main() -> list[str]:
        async with AsyncQPayClient(
            **SETTINGS, store=shop.store, callback_secret=of_client
        ) as client:
            dispatcher = AsyncCallbackDispatcher(client, callback_secret=of_dispatcher)
            dispatcher.on_underpaid(underpaid)
            forged = await dispatcher.handle(query="qpay_payment_id=p-1")
            return [forged.outcome, (await dispatcher.handle(query=query)).outcome]

    assert anyio.run(main) == ["forged", "underpaid"]
    assert [event.sender_invoice_no for event in shop.underpaid] == ["42"]
    assert shop.fetch.call_count == 0


class TestWhetherItPaysTheOrder:
    def checks(self, shop: Shop, *rows: dict[str, object]) -> None:
        shop.qpay.post("/payment/check").respond(json={"count": len(rows), "rows": rows})

    def test_a_payment_of_all_that_is_due_needs_no_adding_up(self, shop: Shop) -> None:
        check = shop.qpay.post("/payment/check")
        assert shop.handle() == "delivered"
        assert check.call_count == 0
        assert [event.amount for event in shop.paid] == [1500]

    def test_more_than_is_due_is_delivered_with_what_was_paid(self, shop: Shop) -> None:
        assert shop.handle(payment_amount="1500.01") == "delivered"
        assert [event.amount for event in shop.paid] == [Decimal("1500.01")]

    def test_parts_that_make_up_what_is_due_are_delivered_with_their_sum(self, shop: Shop) -> None:
        part = {**PAID, "payment_amount": "500.00"}
        self.checks(shop, part, {**PAID, "payment_amount": "1000.00"})
        assert shop.handle(**part) == "delivered"
        assert [event.amount for event in shop.paid] == [1500]

    def test_parts_that_do_not_are_underpaid_with_this_payments_amount(self, shop: Shop) -> None:
        part = {**PAID, "payment_amount": "500.00"}
        self.checks(shop, part, {**PAID, "payment_amount": "999.99"})
        assert shop.handle(**part) == "underpaid"
        assert [event.amount for event in shop.underpaid] == [500]
        assert shop.paid == []

    def test_a_payment_whose_amount_qpay_leaves_out_is_added_up(self, shop: Shop) -> None:
        self.checks(shop, PAID)
        assert shop.handle(payment_amount=None) == "delivered"
        assert [event.amount for event in shop.paid] == [1500]

    def test_a_payment_in_another_currency_pays_nothing(self, shop: Shop) -> None:
        assert shop.handle(payment_currency="USD") == "underpaid"
        assert [event.amount for event in shop.underpaid] == [1500]

    def test_a_payment_that_names_no_currency_is_in_the_orders(self, shop: Shop) -> None:
        assert shop.handle(payment_currency=None) == "delivered"

    def test_what_cannot_be_added_up_is_unreachable(self, shop: Shop) -> None:
        shop.qpay.post("/payment/check").respond(500)
        assert shop.handle(payment_amount="500.00") == "unreachable"
        assert shop.underpaid == []

    def test_what_was_refunded_is_not_measured_against_the_order(self, shop: Shop) -> None:
        assert shop.handle(payment_status="REFUNDED", payment_amount="500.00") == "ignored"

    def test_an_order_is_delivered_once_though_two_payments_pay_it(
        self, shop: Shop, qpay: respx.MockRouter
    ) -> None:
        self.checks(shop, PAID)
        assert shop.handle() == "delivered"
        assert shop.handle(payment_id=None) == "duplicate"
        assert len(shop.paid) == 1

    @pytest.mark.parametrize(
        ("other", "told"),
        [
            pytest.param([], False, id="the callback came twice"),
            pytest.param([{**PAID, "payment_id": "p-2"}], True, id="paid twice"),
            pytest.param(
                [{**PAID, "payment_id": "p-2", "payment_status": "REFUNDED"}],
                True,
                id="paid after a refund",
            ),
        ],
    )
    def test_an_order_that_is_paid_again_is_an_error_in_the_log(
        self,
        shop: Shop,
        caplog: pytest.LogCaptureFixture,
        other: list[dict[str, object]],
        told: bool,
    ) -> None:
        self.checks(shop, PAID, *other)
        assert [shop.handle(), shop.handle()] == ["delivered", "duplicate"]
        errors = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert [("i-1" in record.getMessage()) for record in errors] == [True] * told

    def test_one_payment_of_more_than_is_due_is_not_two(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        more = {**PAID, "payment_amount": "2000.00"}
        self.checks(shop, more)
        assert [shop.handle(**more) for _ in range(2)] == ["delivered", "duplicate"]
        assert [record for record in caplog.records if record.levelno == logging.ERROR] == []

    def test_a_check_that_lags_behind_the_payment_is_asked_again(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("qpaykit.callbacks.ports.time", Quick())
        first = {**PAID, "payment_id": "p-0", "payment_amount": "700.00"}
        last = {**PAID, "payment_amount": "800.00"}
        bodies = [{"count": 1, "rows": [first]}, {"count": 2, "rows": [first, last]}]
        answers = [httpx.Response(200, json=body) for body in bodies]
        check = shop.qpay.post("/payment/check").mock(side_effect=answers)
        shop.patient()
        assert shop.handle(**last) == "delivered"
        assert [event.amount for event in shop.paid] == [1500]
        assert check.call_count == 2

    def test_a_payment_that_the_check_never_shows_counts_as_it_was_confirmed(
        self, shop: Shop
    ) -> None:
        self.checks(shop, {**PAID, "payment_id": "p-0", "payment_amount": "700.00"})
        assert shop.handle(payment_amount="800.00") == "delivered"
        assert [event.amount for event in shop.paid] == [1500]

    def test_an_order_whose_price_nobody_names_is_not_delivered(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        url = sign_callback_url(
            "https://shop.test/cb", secret="a secret", sender_invoice_no="42", amount=None
        )
        shop.url = url
        shop.forget()
        shop.answers(sender_invoice_no="42", callback_url=url)
        assert shop.handle(payment_amount="1.00") == "unreachable"
        assert "i-1 names no total" in caplog.text
        shop.answers(sender_invoice_no="42", callback_url=url, total_amount=1500)
        assert shop.handle() == "delivered"

    def test_each_part_that_is_too_little_is_told_once(self, shop: Shop) -> None:
        part = {**PAID, "payment_amount": "500.00"}
        self.checks(shop, part)
        assert [shop.handle(**part) for _ in range(2)] == ["underpaid", "duplicate"]
        other = {**part, "payment_id": "p-2"}
        self.checks(shop, part, other)
        shop.qpay.get("/payment/p-2").respond(json=other)
        query = f"{urlsplit(shop.url).query}&qpay_payment_id=p-2"
        assert shop.dispatcher.handle(query=query).outcome == "underpaid"
        assert len(shop.underpaid) == 2

    def test_too_little_without_a_handler_for_it_is_still_underpaid(self, shop: Shop) -> None:
        shop.dispatcher = CallbackDispatcher(shop.client, patience=0)
        assert shop.handle(payment_currency="USD") == "underpaid"


@pytest.mark.parametrize(
    ("payment", "delivery"),
    [
        ({}, "PAID:i-1"),
        ({"payment_currency": "USD"}, "UNDERPAID:p-1"),
        ({"payment_status": "REFUNDED"}, "REFUNDED:p-1"),
        ({"payment_status": "ON HOLD/1"}, "ON%20HOLD%2F1:p-1"),
        ({"payment_status": "X" * 99}, f"{'X' * 40}:p-1"),
    ],
    ids=str,
)
def test_a_delivery_is_known_to_the_store_as_it_ever_was(
    shop: Shop, payment: dict[str, object], delivery: str
) -> None:
    # A store outlives a release: what was delivered before it must not be delivered after it.
    shop.qpay.post("/payment/check").respond(json={"count": 1, "rows": [PAID]})
    key = f"delivered:{shop.client.settings.account}:{delivery}"
    shop.dispatcher.on_other(shop.paid.append)
    shop.store.claim(key, "an earlier release", lease=60)
    shop.store.complete(key, "an earlier release")
    assert shop.handle(**payment) == "duplicate"
