"""QPay's fee and taxes, and how it writes money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from qpaykit._arithmetic import EXACT, HUNDREDTH

if TYPE_CHECKING:
    from fractions import Fraction

_FEE_RATE = Decimal("0.01")
_PRICES_PER_VAT = Decimal(11)
_ONE = Decimal(1)
MAX_AMOUNT_MNT = Decimal("999999999999999.99")


def subtract(amount: Decimal, other: Decimal) -> Decimal:
    """Return `amount` less `other`."""
    return EXACT.subtract(amount, other)


def fee_of(amount: Decimal) -> Decimal:
    """Return QPay's fee of a payment."""
    return EXACT.multiply(amount, _FEE_RATE)


def vat_within(amount: Decimal) -> Decimal:
    """Return the VAT that a price includes."""
    return EXACT.divide(amount, _PRICES_PER_VAT)


def from_fraction(amount: Fraction) -> Decimal:
    """Return a fraction rounded to two decimals."""
    exact = EXACT.divide(Decimal(amount.numerator), Decimal(amount.denominator))
    return EXACT.quantize(exact, HUNDREDTH)


def text(amount: Decimal) -> str:
    """Write money as text with two decimals."""
    return str(EXACT.quantize(amount, HUNDREDTH))


def number(amount: Decimal) -> int | float:
    """Write money as a JSON number."""
    whole = EXACT.quantize(amount, _ONE)
    return int(whole) if whole == amount else float(amount)


def text_of_tax(amount: Fraction) -> str:
    """Write the amount of a tax as text with four decimals, the rest cut off."""
    ten_thousandths = amount.numerator * 10_000 // amount.denominator
    return f"{ten_thousandths // 10_000}.{ten_thousandths % 10_000:04d}"
