"""Money is exact, or refused before anything is sent."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qpaykit import InvoiceLine, InvoiceRequest, PaymentCheck, Tax, TaxCode
from qpaykit._arithmetic import EXACT
from qpaykit.models.money import parse_money
from qpaykit.models.tax import vat_of

AMOUNTS = st.decimals(min_value=0, max_value=Decimal("9999999999999.99"), places=2)


def invoice(**fields: object) -> InvoiceRequest:
    return InvoiceRequest.model_validate(
        {"sender_invoice_no": "42", "invoice_description": "Tea", **fields}
    )


def sent(amount: object) -> object:
    return json.loads(invoice(amount=amount).to_json(), parse_float=Decimal)["amount"]


@pytest.mark.parametrize(
    "amount",
    [
        0.1 + 0.2,
        1.005,
        float("nan"),
        float("inf"),
        -1,
        -0.01,
        "-1",
        "1e3",
        "1_000",
        " 1",
        "1,000",
        "１",
        "",
        "NaN",
        True,
        False,
        None,
        0,
        "0.001",
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1.999"),
        Decimal("-0.01"),
        10**13,
        1e20,
        [],
        b"1",
    ],
)
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(ValidationError):
        invoice(amount=amount)


@pytest.mark.parametrize(
    ("amount", "number"),
    [
        (1500, "1500"),
        ("1500.10", "1500.1"),
        (Decimal("1500.10"), "1500.1"),
        (1500.1, "1500.1"),
        (0.1, "0.1"),
        (Decimal("1E+3"), "1000"),
        ("1.500", "1.5"),
        (Decimal("9999999999999.99"), "9999999999999.99"),
    ],
    ids=str,
)
def test_an_amount_is_a_json_number_with_its_digits(amount: object, number: str) -> None:
    body = invoice(amount=amount).to_json()
    assert json.loads(body, parse_int=str, parse_float=str)["amount"] == number


@given(AMOUNTS.filter(bool))
def test_every_amount_arrives_exactly(amount: Decimal) -> None:
    assert sent(amount) == amount
    assert sent(str(amount)) == amount
    assert sent(float(amount)) == amount


@given(AMOUNTS)
def test_a_narrow_decimal_context_of_the_caller_changes_nothing(amount: Decimal) -> None:
    with localcontext() as context:
        context.prec = 3
        assert parse_money(amount) == amount


def test_a_float_subclass_with_its_own_repr_is_a_float() -> None:
    class Float64(float):
        def __repr__(self) -> str:
            return f"np.float64({float.__repr__(self)})"

    assert sent(Float64(1500.5)) == Decimal("1500.5")


@given(st.floats())
def test_a_float_is_taken_with_two_decimals_or_not_at_all(amount: float) -> None:
    try:
        taken = parse_money(amount)
    except ValidationError:
        return
    assert float(taken) == amount
    assert taken.as_tuple().exponent == -2


def test_a_price_and_a_quantity_are_text_with_two_decimals() -> None:
    line = InvoiceLine(line_description="Tea", line_quantity=2, line_unit_price="1500.5")
    body = json.loads(line.to_json())
    assert (body["line_quantity"], body["line_unit_price"]) == ("2.00", "1500.50")


@pytest.mark.parametrize("amount", ["1e3", "1_000", " 1", "１", True, 0.1 + 0.2])
def test_a_price_and_a_tax_are_read_as_strictly_as_an_amount(amount: str | float) -> None:
    with pytest.raises(ValidationError, match="line_unit_price"):
        InvoiceLine(line_description="Tea", line_quantity=1, line_unit_price=amount)
    with pytest.raises(ValidationError, match="amount"):
        Tax(tax_code=TaxCode.VAT, description="VAT", amount=amount)


def taxes(line: InvoiceLine) -> dict[str, Decimal]:
    return {str(tax.tax_code): tax.amount for tax in line.taxes or ()}


def with_vat(price: Decimal | int | str, quantity: Decimal | int = 1) -> InvoiceLine:
    return InvoiceLine.with_vat(
        line_description="Tea", line_unit_price=price, line_quantity=quantity
    )


def cut(exact: Fraction) -> Fraction:
    return Fraction(exact.numerator * 10_000 // exact.denominator, 10_000)


def test_the_vat_of_every_price_up_to_two_thousand_is_exact() -> None:
    for hundredths in range(1, 200_001, 7):
        price = EXACT.scaleb(Decimal(hundredths), -2)
        assert Fraction(taxes(with_vat(price))["VAT"]) == cut(Fraction(hundredths, 1100))


def test_a_multiple_of_eleven_has_a_whole_vat() -> None:
    assert [taxes(with_vat(11_000 * n))["VAT"] for n in (1, 3, 7)] == [1000, 3000, 7000]


@given(
    AMOUNTS.filter(lambda price: 0 < price < 10**9),
    st.decimals(min_value=Decimal("0.01"), max_value=1000, places=2),
)
def test_the_vat_of_a_line_is_its_totals_tax_cut_off(price: Decimal, quantity: Decimal) -> None:
    exact = Fraction(price) * Fraction(quantity) / 11
    assert Fraction(taxes(with_vat(price, quantity))["VAT"]) == cut(exact)


def test_a_price_with_its_tax_keeps_what_else_was_said_of_the_line() -> None:
    said: dict[str, str] = {
        "line_description": "Tea",
        "classification_code": "0111100",
        "tax_product_code": "305",
        "sender_product_code": "tea-1",
        "barcode": "8656000000011",
        "note": "hot",
    }
    line = InvoiceLine.with_vat(line_unit_price=1000, city_tax=True, **said)
    assert line.model_dump(include=set(said)) == said
    assert line.line_quantity == 1
    assert [tax.description for tax in line.taxes or ()] == ["НӨАТ", "НХАТ"]


def test_a_price_holds_no_city_tax_unless_that_is_said() -> None:
    assert vat_of(Decimal(1100)) == 100


def test_city_tax_shares_the_price_as_in_the_official_example() -> None:
    line = InvoiceLine.with_vat(line_description="Tea", line_unit_price=1000, city_tax=True)
    assert taxes(line) == {"VAT": Decimal("89.2857"), "CITY_TAX": Decimal("17.8571")}


def test_a_tax_is_text_with_four_decimals() -> None:
    tax = Tax(tax_code=TaxCode.VAT, description="VAT", amount="1000")
    assert json.loads(tax.to_json())["amount"] == "1000.0000"


def test_a_tax_of_five_decimals_is_refused() -> None:
    assert Tax(tax_code=TaxCode.VAT, description="VAT", amount="0.0001").amount == Decimal("0.0001")
    with pytest.raises(ValidationError, match="at most 4 decimals"):
        Tax(tax_code=TaxCode.VAT, description="VAT", amount="0.00001")


@pytest.mark.parametrize("price", [0, "0.00", -1])
def test_a_line_that_costs_nothing_is_refused(price: object) -> None:
    with pytest.raises(ValidationError):
        InvoiceLine.model_validate(
            {"line_description": "Tea", "line_quantity": 1, "line_unit_price": price}
        )


def row(
    status: str, amount: str, currency: str | None = "MNT", payment_id: object = "1"
) -> dict[str, object]:
    return {
        "payment_id": payment_id,
        "payment_status": status,
        "payment_amount": amount,
        "payment_currency": currency,
    }


@pytest.mark.parametrize(
    ("rows", "amount", "paid"),
    [
        ([], None, False),
        ([row("PAID", "100.00")], None, True),
        ([row("PAID", "100.00")], 100, True),
        ([row("PAID", "99.99")], 100, False),
        ([row("PAID", "0.01")], None, True),
        ([row("PAID", "0.01")], "0.01", True),
        ([row("PAID", "60.00"), row("PAID", "40.00", payment_id="2")], 100, True),
        ([row("PAID", "60.00"), row("PAID", "60.00")], 100, False),
        ([row("PAID", "60.00", payment_id="01"), row("PAID", "60.00", payment_id=1)], 100, False),
        ([row("PAID", "60.00", payment_id="A"), row("PAID", "60.00", payment_id=" a")], 100, False),
        ([row("PAID", "60.00", payment_id=None)] * 2, 100, False),
        ([row("PAID", "60.00"), row("PAID", "60.00", payment_id=None)], 100, False),
        ([row("PAID", "60.00", payment_id=None), row("PAID", "60")], 100, False),
        ([row("PAID", "60.00"), row("PAID", "60.00", payment_id=" ")], 100, False),
        ([row("PAID", "60.00"), row("PAID", "60.00", payment_id=1.0)], 100, False),
        ([row("PAID", "60.00"), row("PAID", "40.00", payment_id=None)], 100, True),
        (
            [row("PAID", "60.00"), {**row("PAID", "60.00", payment_id=None), "paid_by": "CARD"}],
            100,
            False,
        ),
        (
            [
                {**row("PAID", "60.00"), "paid_by": "P2P"},
                {**row("PAID", "60.00", payment_id=None), "paid_by": "CARD"},
            ],
            100,
            True,
        ),
        ([row("NEW", "100.00"), row("PAID", "100.00")], 100, True),
        ([row("PAID", "100.00"), row("REFUNDED", "100.00")], 100, False),
        ([row("PAID", "60.00"), row("REFUNDED", "40.00", payment_id="2")], 100, False),
        ([row("NEW", "100.00")], None, False),
        ([row("FAILED", "100.00")], 100, False),
        ([row("PARTIAL", "100.00")], 100, False),
        ([row("PAID", "100.00", "JPY")], 100, False),
        ([row("PAID", "100.00", " mnt ")], 100, True),
        ([row("Paid", "100.00")], 100, True),
        ([row("PAID", "100.00", None)], "100.00", True),
        ([row("PAID", "0.00")], None, False),
    ],
)
def test_paid_is_what_the_paid_rows_add_up_to(
    rows: list[dict[str, object]], amount: int | str | None, paid: bool
) -> None:
    # The count and the sum that QPay states are not asked.
    check = PaymentCheck.model_validate({"count": 9, "paid_amount": 999, "rows": rows})
    assert check.is_paid(amount) is paid
