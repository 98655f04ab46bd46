"""A payment leads to its invoice, and the invoice to its order; the callback's URL does not."""

from __future__ import annotations

import html
from decimal import Decimal
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from callbacks.shop import PAID, SECRET, Shop
from helpers.invoices import make_invoice
from helpers.settings import SETTINGS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    MemoryStore,
    PaymentEvent,
    sign_callback_url,
)


class TestTheInvoiceOfAPayment:
    """Signed or not, the event has the invoice's order number and total."""

    def test_is_remembered_by_the_store_from_create(self, shop: Shop) -> None:
        assert shop.handle() == "delivered"
        (event,) = shop.paid
        assert (event.order_no, event.due, event.invoice_id) == ("42", Decimal(1500), "i-1")
        assert (event.payment_id, event.amount) == ("p-1", Decimal(1500))
        assert event.merchant_id is None
        assert shop.fetch.call_count == 0

    @pytest.mark.parametrize(
        "memory",
        [
            None,
            "",
            "{}",
            '["42"]',
            "[42, 43]",
            "null",
            "NaN",
            '["42", "42", "1500.00", null, false, "MNT", "", 7]',
        ],
    )
    def test_is_fetched_from_qpay_where_the_store_has_lost_it(
        self, shop: Shop, memory: str | None
    ) -> None:
        shop.forget()
        if memory is not None:
            shop.store.set(shop.key, memory)
        assert shop.handle() == "delivered"
        assert [(event.order_no, event.due) for event in shop.paid] == [("42", Decimal(1500))]
        assert shop.fetch.call_count == 1

    def test_is_fetched_from_qpay_where_the_store_cannot_be_read(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(self: MemoryStore, key: str) -> str | None:
            raise OSError("the store is down")

        monkeypatch.setattr(MemoryStore, "get", fails)
        assert shop.handle() == "delivered"
        assert shop.fetch.call_count == 1

    def test_gives_the_order_number_whatever_the_url_says(self, shop: Shop) -> None:
        shop.url = shop.url.replace("order=42", "order=43")
        assert shop.handle() == ("forged" if shop.secret else "delivered")
        assert [event.order_no for event in shop.paid] == ([] if shop.secret else ["42"])

    def test_has_a_due_sum_that_a_cheap_payment_does_not_reach(self, shop: Shop) -> None:
        part = {**PAID, "payment_amount": "1.00"}
        shop.lists(part)
        assert shop.handle(**part) == "underpaid"
        assert shop.paid == []
        assert [(event.amount, event.due) for event in shop.underpaid] == [
            (Decimal(1), Decimal(1500))
        ]

    def test_that_qpay_cannot_be_asked_for_delivers_nothing(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        shop.forget()
        shop.fetch.mock(return_value=httpx.Response(500))
        assert shop.handle() == "unreachable"
        assert shop.paid == []
        assert "Could not fetch invoice i-1 from QPay" in caplog.text

    def test_that_names_its_order_and_no_total_delivers_nothing(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        if shop.secret:
            shop.url = sign_callback_url(
                "https://shop.test/cb", secret=SECRET, sender_invoice_no="42", amount=None
            )
        shop.forget()
        shop.answers(total_amount=None)
        assert shop.handle(payment_amount="1.00") == "unreachable"
        assert shop.paid == []
        assert "QPay names no total of invoice i-1" in caplog.text
        shop.answers()
        assert shop.handle() == "delivered"

    def test_is_found_by_an_id_with_blanks_around_it(self, shop: Shop) -> None:
        assert shop.handle(object_id=" i-1\n") == "delivered"
        assert [(event.order_no, event.invoice_id) for event in shop.paid] == [("42", "i-1")]

    def test_has_its_payments_checked_by_an_id_with_blanks_around_it(self, shop: Shop) -> None:
        shop.lists({**PAID, "payment_id": " p-1 "})
        shop.qpay.get("/payment/p-1").respond(json=PAID)
        assert [one.outcome for one in shop.dispatcher.check("i-1")] == ["delivered"]

    @pytest.mark.parametrize("object_type", ["INVOICE", None])
    def test_whose_id_cannot_be_read_delivers_nothing(
        self, unsigned_shop: Shop, object_type: str | None
    ) -> None:
        part = {"object_id": "i-1/..", "object_type": object_type, "payment_amount": "1.00"}
        assert unsigned_shop.handle(**part) == "unreachable"
        assert unsigned_shop.paid == []

    def test_is_one_order_also_where_qpay_drops_blanks_around_its_number(self, shop: Shop) -> None:
        shop.url = make_invoice(shop.client, amount=1500, order="42 ").callback_url
        shop.answers()
        assert shop.handle() == "delivered"
        shop.forget()
        assert shop.handle() == "duplicate"
        assert [event.order_no for event in shop.paid] == ["42 "]

    def test_with_a_blank_number_is_one_without_a_number(self, shop: Shop) -> None:
        shop.forget()
        shop.answers(sender_invoice_no=" ")
        assert shop.handle() == "delivered"
        assert [event.order_no for event in shop.paid] == ["42" if shop.secret else ""]

    def test_is_delivered_also_where_qpay_drops_blanks_around_its_number(self, shop: Shop) -> None:
        shop.url = make_invoice(shop.client, amount=1500, order="42 ").callback_url
        shop.answers()
        shop.forget()
        assert shop.handle() == "delivered"
        assert [event.order_no.strip() for event in shop.paid] == ["42"]


class TestAnInvoiceOfWhichNothingIsKnown:
    """Without a signature its payments are delivered one by one, without an order number."""

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(422, json={"error": "INVOICE_NOTFOUND"}),
            httpx.Response(200, json={}),
        ],
        ids=["not found", "nothing in it"],
    )
    def test_is_delivered_by_its_payment(self, unsigned_shop: Shop, answer: httpx.Response) -> None:
        shop = unsigned_shop
        shop.forget()
        shop.fetch.mock(return_value=answer)
        assert [shop.handle(), shop.handle()] == ["delivered", "duplicate"]
        assert shop.handle(payment_id="p-2") == "delivered"
        assert [(event.order_no, event.due) for event in shop.paid] == [("", Decimal(0))] * 2

    def test_is_delivered_by_its_payment_where_that_is_of_a_qr_code(
        self, unsigned_shop: Shop
    ) -> None:
        assert unsigned_shop.handle(object_type="QR", object_id="0002010102") == "delivered"
        (event,) = unsigned_shop.paid
        assert (event.order_no, event.invoice_id) == ("", "")
        assert unsigned_shop.fetch.call_count == 0

    def test_is_delivered_once_where_only_its_number_is_missing(self, unsigned_shop: Shop) -> None:
        shop = unsigned_shop
        shop.forget()
        shop.answers(sender_invoice_no=None)
        assert [shop.handle(), shop.handle(payment_id="p-2")] == ["delivered", "overpaid"]
        assert [(event.order_no, event.due) for event in shop.paid] == [("", Decimal(1500))]


class TestASignedUrl:
    """What contradicts the signature is refused; what QPay merely leaves out is not."""

    @pytest.mark.parametrize(
        "echo",
        [
            lambda url: None,
            lambda url: "",
            lambda url: url.partition("?")[0],
            lambda url: url[:-1],
            lambda url: url[:60],
            lambda url: html.escape(url),
            lambda url: "http://[bad/cb",
            lambda url: "https://shop.test/callback?order=42",
        ],
        ids=["null", "empty", "cut at ?", "cut by 1", "cut at 60", "escaped", "no URL", "bare"],
    )
    def test_needs_no_echo_of_itself_in_qpays_answer(
        self, signing_shop: Shop, echo: object
    ) -> None:
        assert callable(echo)
        signing_shop.forget()
        signing_shop.answers(callback_url=echo(signing_shop.url))
        assert signing_shop.handle() == "delivered"
        assert [event.order_no for event in signing_shop.paid] == ["42"]

    @pytest.mark.parametrize(
        "echo",
        [None, "", "https://shop.test/callback", "https://shop.test/c?order=43&amp;qpaykit=v1"],
        ids=["null", "empty", "cut at ?", "escaped"],
    )
    def test_refuses_a_payment_of_another_order_in_each_of_these_forms(
        self, signing_shop: Shop, echo: str | None
    ) -> None:
        signing_shop.forget()
        signing_shop.answers(sender_invoice_no="43", callback_url=echo)
        assert signing_shop.handle() == "mismatch"
        assert signing_shop.paid == []

    def test_refuses_an_invoice_of_the_same_number_that_was_signed_for_another_sum(
        self, signing_shop: Shop
    ) -> None:
        other = sign_callback_url(
            "https://shop.test/callback?order=42", secret=SECRET, sender_invoice_no="42", amount=1
        )
        signing_shop.forget()
        signing_shop.answers(callback_url=other, total_amount="1.00")
        assert signing_shop.handle(payment_amount="1.00") == "mismatch"
        assert signing_shop.paid == []

    def test_is_paid_by_its_own_sum_where_qpay_shows_the_same_number_with_a_smaller_one(
        self, signing_shop: Shop
    ) -> None:
        part = {**PAID, "payment_amount": "1.00"}
        signing_shop.forget()
        signing_shop.answers(callback_url=None, total_amount="1.00")
        signing_shop.lists(part)
        assert signing_shop.handle(**part) == "underpaid"
        assert [event.due for event in signing_shop.underpaid] == [1500]

    def test_is_enough_where_qpay_leaves_the_number_out_and_repeats_the_url(
        self, signing_shop: Shop
    ) -> None:
        signing_shop.forget()
        signing_shop.answers(sender_invoice_no=None, total_amount=None)
        assert signing_shop.handle() == "delivered"
        assert [(event.order_no, event.due) for event in signing_shop.paid] == [
            ("42", Decimal(1500))
        ]

    @pytest.mark.parametrize("object_id", [None, ""])
    def test_is_not_answered_for_good_where_qpay_does_not_say_what_was_paid(
        self, signing_shop: Shop, object_id: str | None
    ) -> None:
        assert signing_shop.handle(object_id=object_id) == "unreachable"
        signing_shop.forget()
        signing_shop.fetch.respond(json={})
        assert signing_shop.handle() == "unreachable"
        assert signing_shop.paid == []

    @pytest.mark.parametrize(
        "payment",
        [{"object_type": "QR"}, {"object_id": "../i-1"}],
        ids=str,
    )
    def test_refuses_a_payment_of_no_invoice(
        self, signing_shop: Shop, payment: dict[str, object]
    ) -> None:
        assert signing_shop.handle(**payment) == "mismatch"
        assert signing_shop.paid == []

    @pytest.mark.parametrize("answer", [{"error": "INVOICE_NOTFOUND"}, {"error": "INVALID_ID"}])
    def test_refuses_an_invoice_that_qpay_does_not_show(
        self, signing_shop: Shop, answer: dict[str, str]
    ) -> None:
        signing_shop.forget()
        signing_shop.fetch.respond(400, json=answer)
        assert signing_shop.handle() == "mismatch"
        assert signing_shop.paid == []

    def test_is_verified_with_any_of_several_secrets(self, signing_shop: Shop) -> None:
        signing_shop.dispatcher = signing_shop.new_dispatcher(secret=[SECRET[::-1], SECRET])
        assert signing_shop.handle() == "delivered"
        signing_shop.dispatcher = signing_shop.new_dispatcher(secret=[SECRET[::-1]])
        assert signing_shop.handle() == "forged"


class TestWhatQPayDoesNotKnow:
    """Only an answer about this payment may say that it does not exist."""

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(401, json={"error": "CLIENT_NOTFOUND"}),
            httpx.Response(401, json={"error": "MERCHANT_NOTFOUND"}),
            httpx.Response(422, json={"error": "MERCHANT_NOTFOUND"}),
            httpx.Response(400, json={"error": "MERCHANT_INACTIVE"}),
            httpx.Response(404, html="<html>nginx</html>"),
        ],
        ids=["client", "merchant", "merchant-422", "inactive", "a gateway's page"],
    )
    def test_is_not_told_by_an_error_about_something_else(
        self, shop: Shop, answer: httpx.Response
    ) -> None:
        shop.qpay.get("/payment/p-1").mock(return_value=answer)
        query = f"{urlsplit(shop.url).query}&qpay_payment_id=p-1"
        assert shop.dispatcher.handle(query=query).outcome == "unreachable"

    @pytest.mark.parametrize("error", ["CLIENT_NOTFOUND", "MERCHANT_NOTFOUND"])
    def test_is_not_told_by_a_refused_login(self, shop: Shop, error: str) -> None:
        shop.client.tokens.invalidate()
        shop.qpay.post("/auth/token").respond(401, json={"error": error})
        query = f"{urlsplit(shop.url).query}&qpay_payment_id=p-1"
        assert shop.dispatcher.handle(query=query).outcome == "unreachable"

    @pytest.mark.parametrize("error", ["PAYMENT_NOTFOUND", "NOT_FOUND", "INVALID_ID"])
    def test_is_a_mismatch(self, shop: Shop, error: str) -> None:
        shop.qpay.get("/payment/p-1").respond(422, json={"error": error})
        query = f"{urlsplit(shop.url).query}&qpay_payment_id=p-1"
        assert shop.dispatcher.handle(query=query).outcome == "mismatch"


INVOICE_ALONE = {"object_type": "INVOICE", "object_id": "i-1"}


class TestACallbackThatNamesOnlyTheInvoice:
    def test_is_forged_without_a_signature_and_asks_qpay_for_nothing(
        self, signing_shop: Shop
    ) -> None:
        reply = signing_shop.dispatcher.handle(query="order=42", body=INVOICE_ALONE)
        assert (reply.status_code, reply.body, reply.outcome) == (403, "forged", "forged")
        assert signing_shop.fetch.call_count == 0

    def test_delivers_what_was_paid(self, shop: Shop) -> None:
        shop.qpay.get("/payment/p-1").respond(json=PAID)
        shop.lists(PAID)
        reply = shop.dispatcher.handle(query=urlsplit(shop.url).query, body=INVOICE_ALONE)
        assert reply.outcome == "delivered"
        assert [event.order_no for event in shop.paid] == ["42"]


@pytest.mark.parametrize("given", ["to the client", "to the dispatcher"])
def test_the_async_dispatcher_uses_its_clients_store_and_secret(
    signing_shop: Shop, given: str
) -> None:
    shop = signing_shop
    of_client = SECRET if given == "to the client" else None
    of_dispatcher = SECRET if given == "to the dispatcher" else None
    part = {**PAID, "payment_amount": "500.00"}
    shop.qpay.get("/payment/p-1").respond(json=part)
    shop.lists(part)
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
    assert [event.order_no for event in shop.underpaid] == ["42"]
    assert shop.fetch.call_count == 0


def test_a_due_sum_is_that_of_the_lines_where_qpay_shows_a_total_of_0(
    unsigned_shop: Shop,
) -> None:
    shop = unsigned_shop
    part = {**PAID, "payment_amount": "1.00"}
    shop.forget()
    line = {"line_quantity": "2.00", "line_unit_price": "750.00", "line_description": "Tea"}
    shop.answers(total_amount="0.00", lines=[line])
    shop.lists(part)
    assert shop.handle(**part) == "underpaid"
    assert [event.due for event in shop.underpaid] == [Decimal(1500)]


@pytest.mark.parametrize("total", ["0.00", "-5.00"])
def test_a_due_sum_of_0_or_less_is_never_reached(unsigned_shop: Shop, total: str) -> None:
    unsigned_shop.forget()
    unsigned_shop.answers(total_amount=total, gross_amount="1500.00", allow_partial=True)
    unsigned_shop.lists(PAID)
    assert unsigned_shop.handle() == "underpaid"
    assert unsigned_shop.paid == []


@pytest.mark.parametrize(
    ("invoice", "paid", "outcome"),
    [
        ({"allow_exceed": True}, "1.00", "delivered"),
        ({"minimum_amount": "500.00"}, "500.00", "delivered"),
        ({"minimum_amount": "500.00"}, "499.99", "underpaid"),
    ],
)
def test_an_open_sum_is_paid_by_its_minimum_or_by_anything(
    unsigned_shop: Shop, invoice: dict[str, object], paid: str, outcome: str
) -> None:
    payment = {**PAID, "payment_amount": paid}
    unsigned_shop.forget()
    unsigned_shop.answers(total_amount="0.00", gross_amount="0.00", **invoice)
    unsigned_shop.lists(payment)
    assert unsigned_shop.handle(**payment) == outcome
