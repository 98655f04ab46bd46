"""Whether a payment pays what its order costs, alone or together with others."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from callbacks.shop import PAID, Quick, Shop
from qpaykit import (
    CallbackDispatcher,
    sign_callback_url,
)
from qpaykit.callbacks.memory import Remembered

if TYPE_CHECKING:
    import respx


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

    @pytest.mark.parametrize("status", [404, 500])
    def test_what_cannot_be_added_up_is_unreachable_and_named_in_the_log(
        self, shop: Shop, caplog: pytest.LogCaptureFixture, status: int
    ) -> None:
        shop.qpay.post("/payment/check").respond(status)
        assert shop.handle(payment_amount="500.00") == "unreachable"
        assert shop.underpaid == []
        assert "invoice i-1 " in caplog.text

    def test_a_look_for_a_second_payment_that_fails_changes_nothing(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        shop.qpay.post("/payment/check").respond(500)
        assert [shop.handle(), shop.handle()] == ["delivered", "duplicate"]
        assert "invoice i-1 could not be looked at" in caplog.text

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

    def test_a_payment_without_an_amount_that_comes_twice_is_not_two(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.checks(shop, PAID)
        outcomes = [shop.handle(payment_amount=None) for _ in range(2)]
        assert outcomes == ["delivered", "duplicate"]
        assert [record for record in caplog.records if record.levelno == logging.ERROR] == []

    def test_a_refund_that_comes_twice_asks_for_no_payments(self, shop: Shop) -> None:
        check = shop.qpay.post("/payment/check")
        shop.dispatcher.on_refunded(shop.paid.append)
        outcomes = [shop.handle(payment_status="REFUNDED") for _ in range(2)]
        assert outcomes == ["delivered", "duplicate"]
        assert check.call_count == 0

    def test_an_order_by_lines_that_is_paid_twice_is_an_error_in_the_log_too(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        shop.url = sign_callback_url(
            "https://shop.test/cb", secret="a secret", sender_invoice_no="42", amount=None
        )
        shop.forget()
        shop.answers(sender_invoice_no="42", callback_url=shop.url, total_amount=1500)
        self.checks(shop, PAID, {**PAID, "payment_id": "p-2"})
        assert [shop.handle(), shop.handle()] == ["delivered", "duplicate"]
        assert "is paid twice" in caplog.text

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

    def test_a_sum_that_is_reached_without_the_payment_is_not_asked_for_again(
        self, shop: Shop
    ) -> None:
        shop.patient()
        check = shop.qpay.post("/payment/check").respond(
            json={"count": 1, "rows": [{**PAID, "payment_id": "p-0"}]}
        )
        assert shop.handle(payment_amount="800.00") == "delivered"
        assert [event.amount for event in shop.paid] == [1500]
        assert check.call_count == 1

    def test_a_payment_of_nobody_knows_how_much_adds_nothing(self, shop: Shop) -> None:
        self.checks(shop, {**PAID, "payment_id": "p-0", "payment_amount": "1499.00"})
        assert shop.handle(payment_amount=None) == "underpaid"

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
        shop.fetch.respond(500)
        shop.store.set(shop.key, Remembered.of("42", url).text())
        caplog.clear()
        assert shop.handle() == "unreachable"
        assert "invoice i-1 could not be looked at" in caplog.text
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
