"""The tax of an invoice line, as QPay checks it.

QPay computes the tax that a line's total includes, in decimal arithmetic, truncated to four
decimals, and compares every line with it. It refuses tax that is distributed over the lines to fit
the invoice's total. It also refuses 999.9999 as the tax of 11000, which is 1000: binary floating
point gives such results for multiples of 11.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from qpaykit._arithmetic import EXACT

_TEN_THOUSANDTH = Decimal("0.0001")
_VAT_PERCENT = Decimal(10)
_CITY_TAX_PERCENT = Decimal(2)
_PRICE_WITH_VAT_PERCENT = Decimal(110)
_PRICE_WITH_BOTH_PERCENT = Decimal(112)
# Wide enough that no line's total times ten loses a digit, whatever the thread's own context.
_TRUNCATING = EXACT.copy()
_TRUNCATING.rounding = ROUND_DOWN


def vat_of(total: Decimal, *, city_tax: bool = False) -> Decimal:
    """Return the VAT that a line's total includes, truncated to four decimals.

    Args:
        total: What the buyer pays for the line, taxes included, in MNT.
        city_tax: Whether it also includes city tax of 2 %.
    """
    return _tax_within(total, _VAT_PERCENT, city_tax=city_tax)


def city_tax_of(total: Decimal) -> Decimal:
    """Return the city tax that a line's total includes beside VAT, truncated to four decimals."""
    return _tax_within(total, _CITY_TAX_PERCENT, city_tax=True)


def _tax_within(total: Decimal, percent: Decimal, *, city_tax: bool) -> Decimal:
    price_percent = _PRICE_WITH_BOTH_PERCENT if city_tax else _PRICE_WITH_VAT_PERCENT
    # The product is exact and the quotient is truncated, so truncating it again changes nothing.
    share = _TRUNCATING.divide(_TRUNCATING.multiply(total, percent), price_percent)
    return share.quantize(_TEN_THOUSANDTH, context=_TRUNCATING)
