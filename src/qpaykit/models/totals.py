"""What the buyer of an invoice pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit._arithmetic import EXACT, HUNDREDTH, ZERO, add_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from qpaykit.models.lines import InvoiceLine


def total_of_lines(lines: Sequence[InvoiceLine], *, taxes_on_top: bool) -> Decimal:
    """Add up lines as QPay does: price times quantity, less discounts, with surcharges.

    Args:
        lines: The lines of an invoice.
        taxes_on_top: Whether the taxes are charged too. On an e-barimt invoice the prices hold
            them already.

    Returns:
        The sum in MNT. Fractions of a hundredth are rounded to the nearest one, half to even.
    """
    total = ZERO
    for line in lines:
        total = EXACT.fma(line.line_unit_price, line.line_quantity, total)
        total = EXACT.subtract(total, add_up(one.amount for one in line.discounts or ()))
        total = EXACT.add(total, add_up(one.amount for one in line.surcharges or ()))
        if taxes_on_top:
            total = EXACT.add(total, taxes_of(line))
    return EXACT.quantize(total, HUNDREDTH)


def taxes_of(line: InvoiceLine) -> Decimal:
    """Add up the taxes of a line."""
    return add_up(one.amount for one in line.taxes or ())
