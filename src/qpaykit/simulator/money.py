"""Exact money arithmetic, independent of the decimal context of the process."""

from __future__ import annotations

from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

# The caller's own context may have a low precision, another rounding, or a trap for Inexact.
_EXACT = Context(
    prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)
_CENT = Decimal("0.01")
_FEE_RATE = Decimal("0.01")
_VAT_SHARE = Decimal(11)
_WHOLE = Decimal(1)
LARGEST_AMOUNT_MNT = Decimal("999999999999999.99")


def add_up(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts."""
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


def subtract(amount: Decimal, other: Decimal) -> Decimal:
    """Return `amount` less `other`."""
    return _EXACT.subtract(amount, other)


def fee_of(amount: Decimal) -> Decimal:
    """Return QPay's fee of a payment."""
    return _EXACT.multiply(amount, _FEE_RATE)


def vat_within(amount: Decimal) -> Decimal:
    """Return the VAT that a price includes."""
    return _EXACT.divide(amount, _VAT_SHARE)


def from_fraction(amount: Fraction) -> Decimal:
    """Return a fraction rounded to two decimals."""
    exact = _EXACT.divide(Decimal(amount.numerator), Decimal(amount.denominator))
    return _EXACT.quantize(exact, _CENT)


def text(amount: Decimal) -> str:
    """Write money as text with two decimals."""
    return str(_EXACT.quantize(amount, _CENT))


def number(amount: Decimal) -> int | float:
    """Write money as a JSON number."""
    whole = _EXACT.quantize(amount, _WHOLE)
    return int(whole) if whole == amount else float(amount)


def text_of_tax(amount: Fraction) -> str:
    """Write the amount of a tax as text with four decimals, the rest cut off."""
    ten_thousandths = amount.numerator * 10_000 // amount.denominator
    return f"{ten_thousandths // 10_000}.{ten_thousandths % 10_000:04d}"
