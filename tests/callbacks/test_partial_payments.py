"""Whether the payments of an invoice make up what is due, each counted once."""

from __future__ import annotations

import logging
from decimal import Decimal

import httpx
import pytest

from callbacks.shop import PAID, Quick, Shop
from qpaykit import CallbackDispatcher

HALF = {**PAID, "payment_amount": "750.00"}
OTHER_HALF = {**HALF, "payment_id": "p-0"}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]


class TestPayments:
    def test_of_all_that_is_due_need_no_adding_up(self, shop: Shop) -> None:
        check = shop.lists()
        assert shop.handle() == "delivered"
        assert check.call_count == 0
        assert [event.amount for event in shop.paid] == [1500]

    def test_of_more_than_is_due_are_delivered_with_what_was_paid(self, any_shop: Shop) -> None:
        assert any_shop.handle(payment_amount="1500.01") == "delivered"
        assert [event.amount for event in any_shop.paid] == [Decimal("1500.01")]

    def test_that_make_up_what_is_due_are_delivered_with_their_sum(self, any_shop: Shop) -> None:
        part = {**PAID, "payment_amount": "500.00"}
        any_shop.lists(part, {**PAID, "payment_id": "p-0", "payment_amount": "1000.00"})
        assert any_shop.handle(**part) == "delivered"
        assert [event.amount for event in any_shop.paid] == [1500]

    def test_that_do_not_are_underpaid_with_this_payments_amount(self, any_shop: Shop) -> None:
        part = {**PAID, "payment_amount": "500.00"}
        any_shop.lists(part, {**PAID, "payment_id": "p-0", "payment_amount": "999.99"})
        assert any_shop.handle(**part) == "underpaid"
        assert [event.amount for event in any_shop.underpaid] == [500]
        assert any_shop.paid == []

    def test_whose_amount_qpay_leaves_out_are_added_up(self, shop: Shop) -> None:
        shop.lists(PAID)
        assert shop.handle(payment_amount=None) == "delivered"
        assert [event.amount for event in shop.paid] == [1500]

    def test_of_an_unknown_amount_are_asked_about_again(self, any_shop: Shop) -> None:
        any_shop.lists({**PAID, "payment_id": "p-0", "payment_amount": "1499.00"})
        assert any_shop.handle(payment_amount=None) == "not_paid_yet"
        assert any_shop.underpaid == []

    def test_in_another_currency_pay_nothing(self, any_shop: Shop) -> None:
        assert any_shop.handle(payment_currency="USD") == "underpaid"
        assert [event.amount for event in any_shop.underpaid] == [1500]

    def test_that_name_no_currency_are_in_the_orders(self, any_shop: Shop) -> None:
        assert any_shop.handle(payment_currency=None) == "delivered"

    @pytest.mark.parametrize("currency", ["mnt", " MNT ", ""], ids=repr)
    def test_whose_currency_is_written_otherwise_count(self, any_shop: Shop, currency: str) -> None:
        assert any_shop.handle(payment_currency=currency) == "delivered"

    def test_that_were_refunded_are_not_measured_against_the_order(self, any_shop: Shop) -> None:
        assert any_shop.handle(payment_status="REFUNDED", payment_amount="500.00") == "ignored"

    @pytest.mark.parametrize("status", [404, 500])
    def test_that_cannot_be_added_up_are_unreachable_and_named_in_the_log(
        self, shop: Shop, caplog: pytest.LogCaptureFixture, status: int
    ) -> None:
        shop.qpay.post("/payment/check").respond(status)
        assert shop.handle(payment_amount="500.00") == "unreachable"
        assert shop.underpaid == []
        assert "the payments of invoice i-1" in caplog.text

    def test_beyond_what_is_due_are_reported_as_overpaid(self, any_shop: Shop) -> None:
        third = {**HALF, "payment_id": "p-3"}
        any_shop.qpay.get("/payment/p-3").respond(json=third)
        any_shop.lists(HALF, OTHER_HALF, third)
        assert any_shop.handle(**HALF) == "delivered"
        assert [event.amount for event in any_shop.paid] == [1500]
        assert [(event.payment_id, event.amount) for event in any_shop.overpaid] == [
            ("p-3", Decimal(750))
        ]


class TestEachPaymentCountsOnce:
    """Half of 1500 is paid, and payment/check lists it in an odd way."""

    @pytest.mark.parametrize(
        "rows",
        [
            [{**HALF, "payment_id": None}],
            [HALF, HALF],
            [HALF, {**HALF, "payment_status": "NEW"}],
            [{**HALF, "payment_id": None}, {**HALF, "payment_id": None}],
            [{**HALF, "payment_id": None}, {**HALF, "payment_id": None, "payment_amount": 750}],
        ],
        ids=[
            "without an id",
            "twice",
            "twice with another status",
            "twice without an id",
            "twice without an id, as text and as a number",
        ],
    )
    def test_where_its_row_is_odd(self, shop: Shop, rows: list[dict[str, object]]) -> None:
        shop.lists(*rows)
        assert shop.handle(**HALF) == "underpaid"
        assert shop.paid == []

    @pytest.mark.parametrize("payment_id", [None, " ", "../p", 1.5, "P-1", " p-1 "], ids=repr)
    def test_where_it_comes_again_under_another_spelling_of_its_id_or_none(
        self, shop: Shop, payment_id: object
    ) -> None:
        shop.lists(HALF, {**HALF, "payment_id": payment_id})
        assert shop.handle(**HALF) == "underpaid"
        assert shop.paid == []

    def test_where_a_row_without_an_id_may_be_its_or_another_payments(self, shop: Shop) -> None:
        shop.lists(OTHER_HALF, {**HALF, "payment_id": None})
        assert shop.handle(**HALF) == "delivered"
        assert [event.amount for event in shop.paid] == [1500]
        assert shop.overpaid == []

    def test_where_its_id_is_a_number_that_lost_its_leading_zero(self, shop: Shop) -> None:
        payment = {**HALF, "payment_id": "019276866891878"}
        shop.lists({**HALF, "payment_id": 19276866891878})
        assert shop.handle(**payment) == "underpaid"
        assert shop.paid == []

    def test_where_it_stands_on_two_pages(self, shop: Shop) -> None:
        check = shop.qpay.post("/payment/check").respond(json={"count": 2, "rows": [HALF]})
        assert shop.handle(**HALF) == "underpaid"
        assert check.call_count == 2

    def test_where_its_row_has_no_id_and_another_payment_makes_up_the_rest(
        self, shop: Shop
    ) -> None:
        shop.lists({**HALF, "payment_id": None}, OTHER_HALF)
        assert shop.handle(**HALF) == "delivered"
        assert [event.amount for event in shop.paid] == [1500]


class TestACheckThatLagsBehind:
    def test_is_asked_again(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("qpaykit.callbacks._io.time", Quick())
        first = {**PAID, "payment_id": "p-0", "payment_amount": "700.00"}
        last = {**PAID, "payment_amount": "800.00"}
        bodies = [{"count": 1, "rows": [first]}, {"count": 2, "rows": [first, last]}]
        bodies = [{"count": 0, "rows": []}, *bodies]
        answers = [httpx.Response(200, json=body) for body in bodies]
        check = shop.qpay.post("/payment/check").mock(side_effect=answers)
        shop.dispatcher = shop.new_dispatcher(patience=3)
        assert shop.handle(**last) == "delivered"
        assert [event.amount for event in shop.paid] == [1500]
        assert check.call_count == 2

    def test_is_not_asked_again_where_the_sum_is_reached_without_the_payment(
        self, shop: Shop
    ) -> None:
        shop.dispatcher = shop.new_dispatcher(patience=3)
        check = shop.lists({**PAID, "payment_id": "p-0"})
        assert shop.handle(payment_amount="800.00") == "delivered"
        assert check.call_count == 1

    def test_counts_a_confirmed_payment_that_it_never_lists(self, shop: Shop) -> None:
        shop.lists({**PAID, "payment_id": "p-0", "payment_amount": "700.00"})
        assert shop.handle(payment_amount="800.00") == "delivered"
        assert [event.amount for event in shop.paid] == [1500]

    def test_lets_qpay_call_again_where_it_knows_neither_half(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        shop.lists()
        outcomes = [shop.handle(**HALF), shop.handle(**OTHER_HALF)]
        assert outcomes == ["not_paid_yet", "not_paid_yet"]
        assert shop.underpaid == []
        assert "Order 42 is not delivered" in warnings(caplog)[0]
        assert "750.00 of 1500" in warnings(caplog)[0]
        shop.lists(HALF, OTHER_HALF)
        assert [shop.handle(**HALF), shop.handle(**OTHER_HALF)] == ["delivered", "duplicate"]

    def test_lets_qpay_call_again_where_it_still_has_both_halves_as_new(self, shop: Shop) -> None:
        shop.lists(*({**half, "payment_status": "NEW"} for half in (HALF, OTHER_HALF)))
        outcomes = [shop.handle(**HALF), shop.handle(**OTHER_HALF)]
        assert outcomes == ["not_paid_yet", "not_paid_yet"]
        assert shop.underpaid == []

    def test_does_not_count_a_payment_that_it_lists_as_refunded_since(self, shop: Shop) -> None:
        shop.lists({**HALF, "payment_status": "REFUNDED"}, OTHER_HALF)
        assert shop.handle(**HALF) == "not_paid_yet"
        assert shop.paid == []

    def test_is_believed_where_it_leaves_the_status_out(self, shop: Shop) -> None:
        shop.lists({**HALF, "payment_status": None})
        assert shop.handle(**HALF) == "underpaid"


class TestMoneyThatIsNotDelivered:
    """It is in the log as a WARNING with the order, what is paid and what is due."""

    def test_because_it_is_too_little(
        self, any_shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        any_shop.lists(HALF)
        assert [any_shop.handle(**HALF) for _ in range(2)] == ["underpaid", "duplicate"]
        assert "of its invoice i-1, 750.00 of 1500.00 is paid." in warnings(caplog)[0]

    def test_because_it_is_too_little_and_nobody_registered_for_that(
        self, any_shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        any_shop.dispatcher = CallbackDispatcher(any_shop.client, patience=0)
        any_shop.lists(HALF)
        assert any_shop.handle(**HALF) == "underpaid"
        assert [one for one in caplog.records if one.levelno == logging.ERROR] == []
        assert "Register on_underpaid" in warnings(caplog)[0]

    @pytest.mark.parametrize(
        ("amount", "outcome"), [("1500.00", "not_paid_yet"), ("1499.99", "ignored")]
    )
    def test_because_it_is_partial(
        self, any_shop: Shop, caplog: pytest.LogCaptureFixture, amount: str, outcome: str
    ) -> None:
        partial = {**PAID, "payment_status": "PARTIAL", "payment_amount": amount}
        any_shop.lists(partial)
        assert any_shop.handle(**partial) == outcome
        assert f"{amount} of 1500.00 is paid, in payments that are PARTIAL" in warnings(caplog)[0]

    def test_because_its_status_is_not_known(
        self, any_shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert any_shop.handle(payment_status="SETTLED") == "ignored"
        assert "order 42, of 1500.00 where 1500.00 is due, is SETTLED" in warnings(caplog)[0]

    def test_because_there_is_no_handler(
        self, any_shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        any_shop.dispatcher = CallbackDispatcher(any_shop.client, patience=0)
        assert any_shop.handle() == "ignored"
        (error,) = [one for one in caplog.records if one.levelno == logging.ERROR]
        assert "there is no on_paid handler" in error.getMessage()


def test_a_part_whose_amount_is_in_its_row_alone_is_reported_with_it(shop: Shop) -> None:
    shop.lists(HALF)
    assert shop.handle(payment_amount=None) == "underpaid"
    assert [event.amount for event in shop.underpaid] == [750]


def test_each_part_that_is_too_little_is_reported_once(any_shop: Shop) -> None:
    part = {**PAID, "payment_amount": "500.00"}
    any_shop.lists(part)
    assert [any_shop.handle(**part) for _ in range(2)] == ["underpaid", "duplicate"]
    other = {**part, "payment_id": "p-2"}
    any_shop.lists(part, other)
    assert any_shop.handle(**other) == "underpaid"
    assert len(any_shop.underpaid) == 2


@pytest.mark.parametrize("amount", ["9e999999", "1" * 16, "NaN", "-1e99"])
def test_an_amount_that_no_payment_can_have_is_unreachable(any_shop: Shop, amount: str) -> None:
    assert any_shop.handle(payment_amount=amount) == "unreachable"
    assert any_shop.paid == []


def test_a_full_page_is_followed_where_qpay_counts_nothing(shop: Shop) -> None:
    part = {**PAID, "payment_amount": "250.00"}
    full = [{**PAID, "payment_id": f"q-{n}", "payment_amount": "10.00"} for n in range(100)]
    pages = [full, [{**part, "payment_id": "q-100"}, part]]
    answers = [httpx.Response(200, json={"rows": page}) for page in pages]
    shop.qpay.post("/payment/check").mock(side_effect=answers)
    assert shop.handle(**part) == "delivered"
    assert [event.amount for event in shop.paid] == [1500]
