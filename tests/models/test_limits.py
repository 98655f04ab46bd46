"""Amounts, lines and times at the edge of what is allowed."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qpaykit import InvoiceDetail, InvoiceLine, InvoiceRequest, PaymentCheck, Tax
from qpaykit.models import PaymentRow
from qpaykit.models.money import parse_money
from qpaykit.models.times import format_time

PAID_WITHOUT_MONEY = [None, "", "0.00", "-5.00"]


@pytest.mark.parametrize("amount", PAID_WITHOUT_MONEY, ids=repr)
def test_a_paid_row_without_an_amount_above_0_pays_nothing(amount: str | None) -> None:
    row = {"payment_status": "PAID", "payment_amount": amount}
    check = PaymentCheck.model_validate({"rows": [row]})
    assert not check.is_paid()
    assert not check.is_paid(0)


@pytest.mark.parametrize("amount", [True, -1, "x", float("nan"), 0.1 + 0.2], ids=repr)
def test_a_bad_amount_is_refused_though_nothing_was_paid(amount: float | str) -> None:
    with pytest.raises(ValidationError) as caught:
        PaymentCheck().is_paid(amount)
    assert [error["loc"] for error in caught.value.errors()] == [("amount",)]


def test_payments_add_up_exactly_in_a_narrow_decimal_context() -> None:
    rows = [
        {"payment_status": "PAID", "payment_amount": amount}
        for amount in ("1234567890123.45", "0.01")
    ]
    with localcontext() as context:
        context.prec = 3
        total = PaymentCheck.model_validate({"rows": rows}).paid_total()
    assert total == Decimal("1234567890123.46")


def test_a_negative_zero_is_zero() -> None:
    assert str(parse_money(Decimal("-0"))) == "0.00"
    tax = Tax(tax_code="VAT", description="VAT", amount=Decimal("-0"))
    assert json.loads(tax.to_json())["amount"] == "0.0000"


def test_a_zero_with_a_large_exponent_is_zero() -> None:
    assert parse_money(Decimal("0E+50")) == 0


@pytest.mark.parametrize("price", ["x", -1, 0, "0.001", True], ids=repr)
def test_the_error_of_a_price_names_the_price(price: float | str) -> None:
    with pytest.raises(ValidationError, match="line_unit_price"):
        InvoiceLine.with_vat(line_description="Tea", line_unit_price=price)


@given(st.decimals(min_value=Decimal("0.01"), max_value=Decimal("9999999999999.99"), places=2))
def test_every_price_of_fifteen_digits_has_its_vat(price: Decimal) -> None:
    line = InvoiceLine.with_vat(line_description="Tea", line_unit_price=price)
    [vat] = line.taxes or ()
    exact = Fraction(price) / 11
    assert Fraction(vat.amount) == Fraction(exact.numerator * 10_000 // exact.denominator, 10_000)


@given(
    st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2),
    st.decimals(min_value=Decimal("0.01"), max_value=1000, places=2),
)
def test_vat_and_city_tax_are_shares_of_one_hundred_and_twelve(
    price: Decimal, quantity: Decimal
) -> None:
    line = InvoiceLine.with_vat(
        line_description="Tea", line_unit_price=price, line_quantity=quantity, city_tax=True
    )
    vat, city = (Fraction(tax.amount) for tax in line.taxes or ())
    total = Fraction(price) * Fraction(quantity)
    assert 0 <= total * 10 / 112 - vat < Fraction(1, 10_000)
    assert 0 <= total * 2 / 112 - city < Fraction(1, 10_000)


def test_the_charges_of_a_fetched_line_are_exact_money() -> None:
    line = {
        "discounts": [{"discount_code": "NONE", "amount": "10.00"}],
        "surcharges": [{"surcharge_code": "NONE", "amount": 10.1}],
        "taxes": [{"tax_code": "VAT", "amount": "20.0001"}],
    }
    [read] = InvoiceDetail.model_validate_json(json.dumps({"lines": [line]})).lines
    assert read.discounts[0].amount == Decimal("10.00")
    assert read.surcharges[0].amount == Decimal("10.1")
    assert read.taxes[0].amount == Decimal("20.0001")


@pytest.mark.parametrize("text", ["2026-99-99", "2026-02-30", "20260131", "1769856000"])
@pytest.mark.parametrize("field", ["expiry_date", "invoice_due_date", "next_payment_date"])
def test_a_day_that_does_not_exist_is_refused(field: str, text: str) -> None:
    fields = {"sender_invoice_no": "42", "invoice_description": "Tea", "amount": 1, field: text}
    with pytest.raises(ValidationError, match=field):
        InvoiceRequest.model_validate(fields)


@pytest.mark.parametrize("text", ["20260131", "2026-W05-6", "1769856000", "2026-02-30 01:00"])
def test_a_listed_time_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        format_time(text, "end_date")


def test_a_time_that_cannot_be_read_is_warned_of_and_one_that_is_missing_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for missing in (None, ""):
        assert PaymentRow.model_validate({"payment_date": missing}).payment_date is None
    assert caplog.messages == []
    assert PaymentRow.model_validate({"payment_date": "soon"}).payment_date is None
    assert caplog.messages == ["QPay sent a time that cannot be read; the field is None."]


def test_a_fraction_of_a_second_is_cut_off() -> None:
    assert format_time("2026-01-31T00:00:00.5Z", "end_date") == "2026-01-31 08:00:00"


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValidationError, match="end_date\n  must be a datetime"):
        format_time(datetime.max.replace(tzinfo=timezone.utc), "end_date")
