"""From a callback, which names only the payment, to the order of its invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import httpx
import pytest

from callbacks.shop import PAID, SECRET, QuickShop
from helpers.invoices import make_invoice
from qpaykit import CallbackDispatcher, MemoryStore, sign_callback_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    import respx

HALF = {**PAID, "payment_amount": "750.00"}


@pytest.fixture
def shop(qpay: respx.MockRouter, quick_retries: None) -> Iterator[QuickShop]:
    shop = QuickShop(qpay)
    yield shop
    shop.client.close()


@pytest.fixture
def unsigned(qpay: respx.MockRouter, quick_retries: None) -> Iterator[QuickShop]:
    shop = QuickShop(qpay, secret=None)
    yield shop
    shop.client.close()


def forget_everything(shop: QuickShop) -> None:
    """Lose the invoice and the way to it, as where the store was emptied."""
    shop.store.forget()


def test_a_payment_is_delivered_with_the_shops_own_order_number(shop: QuickShop) -> None:
    assert shop.handle() == "delivered"
    (event,) = shop.paid
    assert (event.order_no, event.invoice_id, event.payment_id) == ("42", "i-1", "p-1")
    assert (event.amount, event.due) == (Decimal(1500), Decimal(1500))
    assert event.merchant_id == "m-1"
    assert dict(event.params) == {"order": "42"}
    assert event.payment.payment_status == "PAID"


def test_a_delivery_is_recorded_with_its_sub_merchant(shop: QuickShop) -> None:
    shop.handle()
    (delivery,) = shop.store.deliveries()
    assert (delivery.order_no, delivery.merchant_id) == ("42", "m-1")


def test_a_payment_too_many_names_the_sub_merchant_that_got_it(shop: QuickShop) -> None:
    shop.lists(HALF, {**HALF, "payment_id": "p-2"}, {**PAID, "payment_id": "p-3"})
    shop.dispatcher.check("i-1")
    assert [(event.payment_id, event.merchant_id) for event in shop.overpaid] == [("p-3", "m-1")]


def test_of_rows_that_contradict_each_other_the_lesser_counts_for_a_callback_too(
    shop: QuickShop,
) -> None:
    row = {"id": "p-1", "amount": "1500.00", "currency": "MNT"}
    statuses = ({**row, "payment_status": one} for one in ("SUCCESS", "FAILED"))
    shop.qpay.post("/payment/check").respond(json={"id": "i-1", "payments": list(statuses)})
    query = f"{shop.query}&qpay_payment_id=p-1"
    assert shop.dispatcher.handle(query=query).outcome == "ignored"
    assert shop.paid == []


def test_a_dispatcher_with_a_store_of_its_own_finds_what_the_client_remembered(
    shop: QuickShop, qpay: respx.MockRouter
) -> None:
    shop.lists(PAID)
    qpay.get("/invoice/i-1").respond(
        json={"id": "i-1", "amount": "1500.00", "callback_url": shop.url}
    )
    dispatcher = CallbackDispatcher(shop.client, store=MemoryStore(), patience=0)
    dispatcher.on_paid(shop.paid.append)
    query = f"{shop.query}&qpay_payment_id=p-1"
    assert dispatcher.handle(query=query).outcome == "delivered"
    assert [(event.order_no, event.merchant_id) for event in shop.paid] == [("42", "m-1")]


def test_parts_add_up_to_an_order(shop: QuickShop) -> None:
    assert shop.handle(**HALF) == "underpaid"
    second = {**HALF, "payment_id": "p-2"}
    assert shop.handle(**second) == "delivered"
    assert [event.amount for event in shop.paid] == [1500]
    assert [event.amount for event in shop.underpaid] == [750]


def test_a_payment_of_another_invoice_is_not_found_by_this_ones_url(shop: QuickShop) -> None:
    shop.lists({**PAID, "payment_id": "p-9"})
    query = f"{shop.query}&qpay_payment_id=p-1"
    assert shop.dispatcher.handle(query=query).outcome == "not_paid_yet"
    assert shop.paid == []


def test_a_payment_that_the_list_does_not_show_yet_is_waited_for(
    shop: QuickShop, qpay: respx.MockRouter
) -> None:
    payment = {"id": "p-1", "payment_status": "SUCCESS", "amount": "1500.00"}
    bodies = [{"id": "i-1", "payments": payments} for payments in ([], [payment])]
    route = qpay.post("/payment/check").mock(
        side_effect=[httpx.Response(200, json=body) for body in bodies]
    )
    shop.dispatcher = shop.new_dispatcher(patience=1)
    query = f"{shop.query}&qpay_payment_id=p-1"
    assert shop.dispatcher.handle(query=query).outcome == "delivered"
    assert route.call_count == 2


def test_each_invoice_of_an_order_has_a_url_of_its_own(
    shop: QuickShop, qpay: respx.MockRouter
) -> None:
    qpay.post("/invoice").respond(json={"id": "i-2"})
    make_invoice(shop.client, amount=1500)
    shop.lists(PAID)
    query = f"{shop.query}&qpay_payment_id=p-1"
    assert shop.dispatcher.handle(query=query).outcome == "delivered"
    (request,) = [call.request for call in qpay.calls if call.request.url.path.endswith("/check")]
    assert b"i-1" in request.content


def test_an_unsigned_url_is_a_forgery(shop: QuickShop) -> None:
    shop.lists(PAID)
    assert shop.dispatcher.handle(query="order=42&qpay_payment_id=p-1").outcome == "forged"


def test_without_a_secret_a_callback_cannot_be_matched_and_check_delivers(
    unsigned: QuickShop, caplog: pytest.LogCaptureFixture
) -> None:
    unsigned.lists(PAID)
    query = f"{unsigned.query}&qpay_payment_id=p-1"
    assert unsigned.dispatcher.handle(query=query).outcome == "unreachable"
    assert "Deliver the invoice with check(invoice_id)" in caplog.text
    assert [one.outcome for one in unsigned.dispatcher.check("i-1")] == ["delivered"]
    assert [event.order_no for event in unsigned.paid] == ["42"]


def test_what_the_store_forgot_is_not_guessed(
    shop: QuickShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.lists(PAID)
    forget_everything(shop)
    query = f"{shop.query}&qpay_payment_id=p-1"
    assert shop.dispatcher.handle(query=query).outcome == "unreachable"
    assert "the store does not remember 42~" in caplog.text
    assert shop.paid == []


def test_check_finds_the_order_in_the_invoices_own_url_where_the_store_forgot_it(
    shop: QuickShop, qpay: respx.MockRouter
) -> None:
    shop.lists(PAID)
    forget_everything(shop)
    qpay.get("/invoice/i-1").respond(
        json={"id": "i-1", "amount": "1500.00", "callback_url": shop.url}
    )
    assert [one.outcome for one in shop.dispatcher.check("i-1")] == ["delivered"]
    assert [(event.order_no, event.merchant_id) for event in shop.paid] == [("42", "m-1")]


@pytest.mark.parametrize("url", ["https://shop.test/callback?order=42", "", "cut"])
def test_check_delivers_by_the_invoice_where_nothing_names_the_order(
    shop: QuickShop, qpay: respx.MockRouter, url: str
) -> None:
    shop.lists(PAID)
    forget_everything(shop)
    url = shop.url[:-1] if url == "cut" else url
    qpay.get("/invoice/i-1").respond(json={"id": "i-1", "amount": "1500.00", "callback_url": url})
    replies = [shop.dispatcher.check("i-1")[0].outcome for _ in range(2)]
    assert replies == ["delivered", "duplicate"]
    (event,) = shop.paid
    assert (event.order_no, event.due, event.merchant_id) == ("", Decimal(1500), None)


def test_a_url_that_the_merchant_product_signed_names_no_order_here(
    shop: QuickShop, qpay: respx.MockRouter
) -> None:
    shop.lists(PAID)
    forget_everything(shop)
    url = sign_callback_url(
        "https://shop.test/callback", secret=SECRET, sender_invoice_no="42", amount=1500
    )
    qpay.get("/invoice/i-1").respond(json={"id": "i-1", "amount": "1500.00", "callback_url": url})
    assert [one.outcome for one in shop.dispatcher.check("i-1")] == ["delivered"]
    assert [(event.order_no, event.merchant_id) for event in shop.paid] == [("", None)]


def test_an_invoice_of_another_login_is_a_mismatch_for_check(
    shop: QuickShop, qpay: respx.MockRouter
) -> None:
    forget_everything(shop)
    qpay.get("/invoice/i-9").respond(404, json={"error": "INVOICE_NOTFOUND"})
    assert [one.outcome for one in shop.dispatcher.check("i-9")] == ["mismatch"]


@pytest.mark.parametrize("status_code", [401, 404, 500])
def test_where_quick_qr_cannot_be_asked_it_may_call_again(
    shop: QuickShop, qpay: respx.MockRouter, status_code: int
) -> None:
    qpay.post("/payment/check").respond(status_code, json={"error": "X"})
    query = f"{shop.query}&qpay_payment_id=p-1"
    assert shop.dispatcher.handle(query=query).outcome == "unreachable"


def test_a_store_that_cannot_be_read_delivers_nothing(
    shop: QuickShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(key: str) -> str:
        raise OSError("gone")

    shop.lists(PAID)
    monkeypatch.setattr(shop.store, "get", fails)
    query = f"{shop.query}&qpay_payment_id=p-1"
    assert shop.dispatcher.handle(query=query).outcome == "unreachable"
    assert shop.paid == []


def test_a_dispatcher_takes_either_client(shop: QuickShop) -> None:
    assert isinstance(CallbackDispatcher(shop.client), CallbackDispatcher)


def test_a_check_knows_the_sum_that_the_invoices_url_was_signed_for(shop: QuickShop) -> None:
    forget_everything(shop)
    shop.fetch.respond(json={"id": "i-1", "amount": None, "callback_url": shop.url})
    shop.lists(HALF)
    assert [reply.outcome for reply in shop.dispatcher.check("i-1")] == ["underpaid"]
    shop.lists(PAID)
    assert [reply.outcome for reply in shop.dispatcher.check("i-1")] == ["delivered"]
    assert [(event.order_no, event.due) for event in shop.paid] == [("42", Decimal(1500))]
