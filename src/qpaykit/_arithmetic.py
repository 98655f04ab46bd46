"""Exact decimal arithmetic, independent of the decimal context of the caller's thread."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ZERO = Decimal(0)
HUNDREDTH = Decimal("0.01")

# Wide enough for every sum and product here, and made of constants alone: `Context()` would take
# its traps from `decimal.DefaultContext`.
EXACT = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero],
)


def add_up(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts; 0 of none."""
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
