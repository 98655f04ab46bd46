"""The tax of an invoice line, as QPay checks it.

QPay compares every line's tax with its own: the tax that the line's total holds, computed
in decimals and cut off after the fourth, not rounded. Tax that is spread over the lines to
fit an invoice's total is refused, and so is 999.9999 as the tax of 11000, which is 1000: what
binary floating point makes of many a multiple of 11.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from qpaykit._arithmetic import EXACT

_FOURTH = Decimal("0.0001")
_VAT = Decimal(10)
_CITY_TAX = Decimal(2)
_WITH_VAT = Decimal(110)
_WITH_CITY_TAX_TOO = Decimal(112)
# Wide enough that no line's total times ten loses a digit, whatever the thread's own context.
_CONTEXT = EXACT.copy()
_CONTEXT.rounding = ROUND_DOWN


def vat_of(total: Decimal, *, city_tax: bool = False) -> Decimal:
    """Return the VAT that a line's total holds, cut off after four decimals.

    Args:
        total: What the buyer pays for the line, taxes included, in MNT.
        city_tax: Whether city tax of 2 % is in it too.
    """
    return _held(total, _VAT, city_tax=city_tax)


def city_tax_of(total: Decimal) -> Decimal:
    """Return the city tax that a line's total holds beside VAT, cut off after four decimals."""
    return _held(total, _CITY_TAX, city_tax=True)


def _held(total: Decimal, rate: Decimal, *, city_tax: bool) -> Decimal:
    whole = _WITH_CITY_TAX_TOO if city_tax else _WITH_VAT
    # The product is exact and the quotient is truncated, so truncating it again changes nothing.
    share = _CONTEXT.divide(_CONTEXT.multiply(total, rate), whole)
    return share.quantize(_FOURTH, context=_CONTEXT)
