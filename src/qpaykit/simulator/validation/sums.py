"""What an invoice costs, and of which parts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from qpaykit.simulator.validation.fields import as_list, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue


@dataclass(frozen=True)
class Sums:
    """The sums of an invoice or of one line, in MNT.

    Attributes:
        gross: Prices times quantities.
        discount: All discounts.
        surcharge: All surcharges.
        tax: All taxes.
        taxes_inside: Whether the prices include the taxes, as on an e-barimt invoice.
    """

    gross: Fraction
    discount: Fraction = Fraction(0)
    surcharge: Fraction = Fraction(0)
    tax: Fraction = Fraction(0)
    taxes_inside: bool = False

    @property
    def total(self) -> Fraction:
        """What the buyer pays."""
        added = Fraction(0) if self.taxes_inside else self.tax
        return self.gross - self.discount + self.surcharge + added


def sums_of_line(line: Mapping[str, JsonValue], *, taxes_inside: bool) -> Sums:
    """Return the sums of one line as it was sent.

    Raises:
        ErrorResponse: A number is invalid.
    """
    return Sums(
        gross=number(line.get("line_quantity")) * number(line.get("line_unit_price")),
        discount=_added_up(line.get("discounts")),
        surcharge=_added_up(line.get("surcharges")),
        tax=_added_up(line.get("taxes")),
        taxes_inside=taxes_inside,
    )


def add_sums(lines: Iterable[Sums], *, taxes_inside: bool) -> Sums:
    """Return the sums of several lines together."""
    found = list(lines)
    return Sums(
        gross=sum((one.gross for one in found), Fraction(0)),
        discount=sum((one.discount for one in found), Fraction(0)),
        surcharge=sum((one.surcharge for one in found), Fraction(0)),
        tax=sum((one.tax for one in found), Fraction(0)),
        taxes_inside=taxes_inside,
    )


def _added_up(parts: JsonValue) -> Fraction:
    return sum(
        (number(part.get("amount")) for part in as_list(parts) if isinstance(part, dict)),
        Fraction(0),
    )
