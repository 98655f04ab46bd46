"""What the buyer of an invoice pays."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from qpaykit.models.values import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qpaykit.models.lines import InvoiceLine

_HUNDREDTH = Decimal("0.01")
_NOTHING = Decimal(0)


def total_of_lines(lines: Sequence[InvoiceLine], *, taxes_on_top: bool) -> Decimal:
    """Add up lines as QPay does: price times quantity, less discounts, with surcharges.

    Args:
        lines: The lines of an invoice.
        taxes_on_top: Whether the taxes are charged too. On an e-barimt invoice the prices hold
            them already.

    Returns:
        The sum in MNT. Fractions of a hundredth are rounded to the nearest one, half to even.
    """
    total = _NOTHING
    for line in lines:
        total = EXACT.fma(line.line_unit_price, line.line_quantity, total)
        total = EXACT.subtract(total, _sum(one.amount for one in line.discounts or ()))
        total = EXACT.add(total, _sum(one.amount for one in line.surcharges or ()))
        if taxes_on_top:
            total = EXACT.add(total, taxes_of(line))
    return total.quantize(_HUNDREDTH, rounding=ROUND_HALF_EVEN, context=EXACT)


def taxes_of(line: InvoiceLine) -> Decimal:
    """Add up the taxes of a line."""
    return _sum(one.amount for one in line.taxes or ())


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = _NOTHING
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
