"""What the buyer of an invoice pays: the lines over the amount, taxes on top or inside."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from qpaykit import Discount, InvoiceLine, InvoiceRequest, Surcharge, Tax, TaxCode


def line(price: str = "200.00", quantity: str = "1", **parts: object) -> InvoiceLine:
    return InvoiceLine.model_validate(
        {
            "line_description": "Tea",
            "line_quantity": quantity,
            "line_unit_price": price,
            **parts,
        }
    )


def request(**fields: object) -> InvoiceRequest:
    return InvoiceRequest.model_validate(
        {"sender_invoice_no": "42", "invoice_description": "Tea", **fields}
    )


def vat(amount: str) -> list[Tax]:
    return [Tax(tax_code=TaxCode.VAT, description="VAT", amount=amount)]


def test_without_lines_it_is_the_amount() -> None:
    assert request(amount="1500.10").total == Decimal("1500.10")


def test_it_is_that_of_the_recorded_invoice() -> None:
    # QPay answered total_amount "220.00" to this line.
    recorded = line(
        discounts=[Discount(description="d", amount=10)],
        surcharges=[Surcharge(description="s", amount=10)],
        taxes=vat("20"),
    )
    assert request(amount=220, lines=[recorded]).total == Decimal("220.00")


def test_an_e_barimt_invoice_has_its_taxes_inside() -> None:
    lines = [InvoiceLine.with_vat(line_description="Tea", line_unit_price=1100)]
    assert request(tax_type="1", lines=lines).total == Decimal("1100.00")


@pytest.mark.parametrize(
    ("price", "quantity", "total"),
    [("0.15", "0.10", "0.02"), ("0.25", "0.10", "0.02"), ("999999.99", "99.99", "99989999.00")],
)
def test_fractions_of_a_hundredth_are_rounded_half_to_even(
    price: str, quantity: str, total: str
) -> None:
    assert request(lines=[line(price, quantity)]).total == Decimal(total)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"amount": 200, "lines": [line("100.00")]},
            "amount is 200.00, and the lines come to 100.00",
        ),
        (
            {"lines": [line("1000.00", taxes=vat("90.9090"))]},
            "prices come to 1000.00.* 1090.91 in all.*tax_type.*amount=1090.91",
        ),
        (
            {"lines": [line("10.00", discounts=[Discount(description="d", amount=10)])]},
            "the lines come to 0.00",
        ),
        (
            {"lines": [line("10.00", discounts=[Discount(description="d", amount=11)])]},
            "the lines come to -1.00",
        ),
        ({}, "give an amount"),
        ({"lines": []}, "give an amount"),
    ],
    ids=["another amount", "taxes on top", "nothing", "less than nothing", "no sum", "no lines"],
)
def test_a_sum_that_qpay_would_take_in_another_way_is_refused(
    fields: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        request(**fields)


def test_taxes_on_top_are_taken_where_the_amount_says_so() -> None:
    lines = [line("1000.00", taxes=vat("90.9090"))]
    assert request(amount="1090.91", lines=lines).total == Decimal("1090.91")


@pytest.mark.parametrize("allowed", [{"minimum_amount": 500}, {"allow_partial": True}])
def test_an_open_sum_has_no_total(allowed: dict[str, object]) -> None:
    assert request(**allowed).total is None
