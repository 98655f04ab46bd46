"""An order is paid once, and a payment's status reaches a handler once, whoever meets it."""

from __future__ import annotations

import logging
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from callbacks.payments import delivered_key
from callbacks.shop import PAID, QuickShop, Shop
from helpers.invoices import make_invoice
from helpers.settings import SETTINGS
from qpaykit import CallbackDispatcher, MemoryStore, PaymentEvent, QPayClient


@pytest.fixture
def shop(any_shop: Shop) -> Shop:
    return any_shop


class TestSignedAndUnsignedDispatchersOnOneStore:
    """As in a rolling deploy of the secret, or with a cron job that does not have it."""

    @pytest.fixture
    def unsigned(self, signing_shop: Shop) -> CallbackDispatcher:
        client = QPayClient(**SETTINGS, store=signing_shop.store)
        dispatcher = CallbackDispatcher(client, patience=0)
        dispatcher.on_paid(signing_shop.paid.append)
        return dispatcher

    @pytest.mark.parametrize("signed_first", [True, False])
    def test_deliver_a_payment_once(
        self, signing_shop: Shop, unsigned: CallbackDispatcher, signed_first: bool
    ) -> None:
        shop = signing_shop
        shop.qpay.get("/payment/p-1").respond(json=PAID)
        signed_query = f"{urlsplit(shop.url).query}&qpay_payment_id=p-1"
        calls = [(shop.dispatcher, signed_query), (unsigned, "qpay_payment_id=p-1")]
        calls = calls if signed_first else calls[::-1]
        outcomes = [dispatcher.handle(query=query).outcome for dispatcher, query in calls]
        assert outcomes == ["delivered", "duplicate"]
        assert len(shop.paid) == 1

    def test_deliver_an_order_once_that_was_paid_in_parts(
        self, signing_shop: Shop, unsigned: CallbackDispatcher
    ) -> None:
        shop = signing_shop
        rows = [{**PAID, "payment_amount": "750.00", "payment_id": f"p-{n}"} for n in (1, 2)]
        shop.lists(*rows)
        assert shop.handle(**rows[0]) == "delivered"
        for row in rows:
            shop.qpay.get(f"/payment/{row['payment_id']}").respond(json=row)
            query = f"qpay_payment_id={row['payment_id']}"
            assert unsigned.handle(query=query).outcome == "duplicate"
        assert len(shop.paid) == 1


NUMBERLESS: dict[str, object] = {"sender_invoice_no": None}
BLANK: dict[str, object] = {"sender_invoice_no": None, "total_amount": None}


class TestAnInvoiceThatQPayShowsInTwoWays:
    """Its number or total is in one answer and not in the other; the store has lost both."""

    @pytest.mark.parametrize("odd", [NUMBERLESS, BLANK], ids=["no number", "nothing"])
    @pytest.mark.parametrize("odd_first", [True, False])
    def test_delivers_a_payment_once(
        self, unsigned_shop: Shop, odd: dict[str, object], odd_first: bool
    ) -> None:
        shop = unsigned_shop
        shop.forget()
        outcomes = []
        for answer in (odd, {}) if odd_first else ({}, odd):
            shop.answers(**answer)
            outcomes.append(shop.handle(payment_date="2026-01-01T00:00:00Z"))
        assert outcomes == ["delivered", "duplicate"]
        assert len(shop.paid) == 1

    @pytest.mark.parametrize("odd_first", [True, False])
    def test_delivers_an_invoice_once(self, unsigned_shop: Shop, odd_first: bool) -> None:
        shop = unsigned_shop
        shop.forget()
        outcomes = []
        for n, answer in enumerate((NUMBERLESS, {}) if odd_first else ({}, NUMBERLESS)):
            shop.answers(**answer)
            outcomes.append(shop.handle(payment_id=f"p-{n}"))
        assert outcomes == ["delivered", "overpaid"]

    def test_is_not_delivered_where_the_store_cannot_tell(
        self, unsigned_shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(self: MemoryStore, since: object = None) -> object:
            raise OSError("the store is down")

        shop = unsigned_shop
        shop.forget()
        shop.answers(**NUMBERLESS)
        monkeypatch.setattr(MemoryStore, "deliveries", fails)
        assert shop.handle() == "unreachable"
        assert shop.paid == []

    def test_delivers_nothing_for_a_payment_that_names_no_invoice(
        self, unsigned_shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert unsigned_shop.handle(object_id=None) == "unreachable"
        assert "QPay does not say which invoice payment p-1 paid" in caplog.text
        assert [unsigned_shop.handle(), unsigned_shop.handle(object_id=None)] == [
            "delivered",
            "unreachable",
        ]
        assert len(unsigned_shop.paid) == 1


@pytest.mark.parametrize("invoice", [NUMBERLESS, BLANK, {}], ids=["no number", "nothing", "whole"])
@pytest.mark.parametrize(
    ("one", "other"),
    [("019276866891878", "19276866891878"), ("ab-1", "AB-1")],
    ids=["zeros", "letter case"],
)
def test_a_payment_is_delivered_once_under_two_spellings_of_its_id(
    unsigned_shop: Shop, invoice: dict[str, object], one: str, other: str
) -> None:
    shop = unsigned_shop
    refunds: list[PaymentEvent] = []
    shop.dispatcher.on_refunded(refunds.append)
    shop.forget()
    shop.answers(**invoice)
    for status in ("PAID", "REFUNDED"):
        for spelling in (one, other):
            answer = {**PAID, "payment_id": one, "payment_status": status}
            shop.qpay.get(f"/payment/{spelling}").respond(json=answer)
            shop.dispatcher.handle(query=f"qpay_payment_id={spelling}")
    assert [event.payment_id for event in shop.paid + refunds] == [one, one]
    assert shop.overpaid == []


class TestAPaymentOfADeliveredOrder:
    def test_is_overpaid_and_reported_once(self, shop: Shop) -> None:
        assert shop.handle() == "delivered"
        second = {"payment_id": "p-2"}
        assert [shop.handle(**second) for _ in range(2)] == ["overpaid", "duplicate"]
        (event,) = shop.overpaid
        assert (event.payment_id, event.order_no) == ("p-2", "42")
        assert (event.amount, event.due) == (Decimal(1500), Decimal(1500))
        assert len(shop.paid) == 1

    def test_is_overpaid_though_it_is_only_a_part(self, shop: Shop) -> None:
        assert shop.handle() == "delivered"
        assert shop.handle(payment_id="p-2", payment_amount="1.00") == "overpaid"
        assert [event.amount for event in shop.overpaid] == [1]
        assert shop.underpaid == []

    def test_is_overpaid_after_a_refund(self, shop: Shop) -> None:
        refunds: list[PaymentEvent] = []
        shop.dispatcher.on_refunded(refunds.append)
        assert shop.handle() == "delivered"
        assert shop.handle(payment_status="REFUNDED") == "delivered"
        assert shop.handle(payment_id="p-2") == "overpaid"
        assert [event.order_no for event in refunds] == ["42"]
        assert (len(shop.paid), len(shop.overpaid)) == (1, 1)

    def test_is_recorded_and_an_error_in_the_log_once_where_nobody_registered_for_it(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        others: list[PaymentEvent] = []
        shop.dispatcher = CallbackDispatcher(shop.client, patience=0)
        shop.dispatcher.on_paid(shop.paid.append)
        shop.dispatcher.on_other(others.append)
        assert shop.handle() == "delivered"
        second = {"payment_id": "p-2"}
        assert [shop.handle(**second) for _ in range(2)] == ["overpaid", "duplicate"]
        (error,) = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
        assert "Order 42 was delivered before, for payment p-1." in error
        assert "Payment p-2 of 1500.00 is too much" in error
        assert (len(shop.paid), others) == (1, [])
        record = list(shop.store.deliveries())[1]
        assert (record.payment_id, record.order_no, record.status) == ("p-2", "42", "OVERPAID")
        assert (record.amount, record.due) == (Decimal(1500), Decimal(1500))
        assert record.outcome == "ignored"

    def test_reaches_a_handler_that_is_registered_later_once(self, shop: Shop) -> None:
        handled = shop.dispatcher
        shop.dispatcher = CallbackDispatcher(shop.client, patience=0)
        shop.dispatcher.on_paid(shop.paid.append)
        second = {"payment_id": "p-2"}
        assert [shop.handle(), shop.handle(**second)] == ["delivered", "overpaid"]
        unhandled, shop.dispatcher = shop.dispatcher, handled
        assert [shop.handle(**second) for _ in range(2)] == ["overpaid", "duplicate"]
        shop.dispatcher = unhandled
        assert shop.handle(**second) == "duplicate"
        assert [event.payment_id for event in shop.overpaid] == ["p-2"]

    def test_is_overpaid_where_it_paid_another_invoice_of_the_same_order(self, shop: Shop) -> None:
        shop.qpay.post("/invoice").respond(json={"invoice_id": "i-2"})
        make_invoice(shop.client, amount=900)
        assert shop.handle() == "delivered"
        if not shop.secret:
            second = {"payment_id": "p-2", "payment_amount": "900.00", "object_id": "i-2"}
            assert shop.handle(**second) == "overpaid"
            assert [(event.amount, event.due) for event in shop.overpaid] == [
                (Decimal(900), Decimal(900))
            ]
        assert len(shop.paid) == 1

    def test_is_a_duplicate_where_it_was_part_of_the_delivery(self, shop: Shop) -> None:
        rows = [{**PAID, "payment_amount": "750.00", "payment_id": f"p-{n}"} for n in (1, 2)]
        shop.lists(rows[0])
        assert shop.handle(**rows[0]) == "underpaid"
        check = shop.lists(*rows)
        assert shop.handle(**rows[1]) == "delivered"
        asked = check.call_count
        assert [shop.handle(**row) for row in rows] == ["duplicate", "duplicate"]
        if not isinstance(shop, QuickShop):
            assert check.call_count == asked
        assert (len(shop.paid), shop.overpaid) == (1, [])

    # What Quick QR lists without an id is no payment that it calls back about.
    @pytest.mark.parametrize("any_shop", ["signed", "unsigned"], indirect=True)
    def test_is_a_duplicate_where_it_was_counted_without_its_id(self, shop: Shop) -> None:
        rows = [{**PAID, "payment_amount": "750.00", "payment_id": f"p-{n}"} for n in (1, 2)]
        shop.lists(*({**row, "payment_id": None, "payment_wallet": str(row)} for row in rows))
        assert shop.handle(**rows[0]) == "delivered"
        shop.lists(*rows)
        assert shop.handle(**rows[1]) == "duplicate"
        third = {**rows[0], "payment_id": "p-3"}
        shop.lists(*rows, third)
        assert shop.handle(**third) == "overpaid"
        assert (len(shop.paid), len(shop.overpaid)) == (1, 1)

    @pytest.mark.parametrize("any_shop", ["signed", "unsigned"], indirect=True)
    @pytest.mark.parametrize("payment_id", [None, " ", 2.5], ids=repr)
    def test_is_not_reported_twice_where_one_of_three_was_counted_without_its_id(
        self, shop: Shop, payment_id: object
    ) -> None:
        rows = [{**PAID, "payment_amount": "750.00", "payment_id": f"p-{n}"} for n in (1, 2, 3)]
        odd = {**rows[1], "payment_id": payment_id, "payment_wallet": "another"}
        shop.lists({**rows[0], "payment_wallet": "one"}, odd)
        assert shop.handle(**rows[0]) == "delivered"
        shop.lists(*rows)
        assert [shop.handle(**row) for row in rows[1:]] == ["overpaid", "duplicate"]
        assert [event.amount for event in shop.overpaid] == [750]

    def test_is_a_duplicate_where_another_release_left_no_record_of_the_delivery(
        self, shop: Shop
    ) -> None:
        key = delivered_key(shop.client.settings.account)
        shop.store.claim(key, "another process", lease=60)
        shop.store.complete(key, "another process")
        assert shop.handle() == "duplicate"


def test_the_record_of_a_delivery_says_what_was_delivered(shop: Shop) -> None:
    rows = [{**PAID, "payment_amount": "750.00", "payment_id": f"p-{n}"} for n in (1, 2)]
    shop.lists(*rows)
    assert shop.handle(**rows[0]) == "delivered"
    (delivery,) = shop.store.deliveries()
    assert (delivery.order_no, delivery.invoice_id, delivery.payment_id) == ("42", "i-1", "p-1")
    assert delivery.payments == ("p-1", "p-2")
    assert (delivery.status, delivery.outcome) == ("PAID", "delivered")
    assert (delivery.amount, delivery.due) == (Decimal(1500), Decimal(1500))


@pytest.mark.parametrize(
    "order_no",
    ["42", "2026/42", "Захиалга №42", "я" * 45, "a:b c", "42\n"],
)
def test_any_order_number_makes_a_key_that_a_store_can_keep(
    signing_shop: Shop, order_no: str
) -> None:
    shop = signing_shop
    keys: list[str] = []
    claim = shop.store.claim

    def noted(key: str, owner: str, *, lease: float) -> object:
        keys.append(key)
        return claim(key, owner, lease=lease)

    shop.store.claim = noted  # type: ignore[method-assign, assignment]
    shop.forget()
    shop.dispatcher = CallbackDispatcher(QPayClient(**SETTINGS, store=shop.store), patience=0)
    shop.dispatcher.on_paid(shop.paid.append)
    shop.answers(sender_invoice_no=order_no)
    assert shop.handle() == "delivered"
    assert [event.order_no for event in shop.paid] == [order_no]
    assert [key.isprintable() and key.isascii() and len(key) <= 255 for key in keys] == [True]


def test_the_record_of_a_part_says_that_it_was_too_little(shop: Shop) -> None:
    part = {**PAID, "payment_amount": "750.00"}
    shop.lists(part)
    assert shop.handle(**part) == "underpaid"
    (delivery,) = shop.store.deliveries()
    assert (delivery.order_no, delivery.payment_id) == ("42", "p-1")
    assert (delivery.status, delivery.outcome) == ("UNDERPAID", "underpaid")
    assert (delivery.amount, delivery.due) == (Decimal(750), Decimal(1500))


def test_a_payment_too_many_that_is_found_at_the_delivery_has_the_urls_parameters(
    signing_shop: Shop,
) -> None:
    shop = signing_shop
    rows = [{**PAID, "payment_amount": "750.00", "payment_id": f"p-{n}"} for n in (1, 2, 3)]
    shop.qpay.get("/payment/p-3").respond(json=rows[2])
    shop.lists(*rows)
    assert shop.handle(**rows[0]) == "delivered"
    (paid,), (too_many,) = shop.paid, shop.overpaid
    assert (paid.payment_id, too_many.payment_id) == ("p-1", "p-3")
    assert too_many.params == paid.params != {}
