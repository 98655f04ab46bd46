"""QPay's check of an e-barimt invoice's lines, tax by tax."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.validation.fields import as_list, is_amount
from qpaykit.simulator.validation.sums import sums_of_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

    from qpaykit.simulator.validation.sums import Sums

_CLASS = re.compile(r"[0-9]{7}")
_WITH_VAT = "1"


def check_lines(lines: Sequence[Mapping[str, JsonValue]], tax_type: str) -> list[Sums]:
    """Check the lines as QPay does, and return what each costs.

    Raises:
        ErrorResponse: A line's class, total or tax is wrong.
    """
    return [_check_line(line, tax_type) for line in lines]


def _check_line(line: Mapping[str, JsonValue], tax_type: str) -> Sums:
    sums = sums_of_line(line, taxes_inside=True)
    if sums.gross <= 0 or sums.total <= 0:
        raise ErrorResponse(400, "INVALID_AMOUNT")
    if not _CLASS.fullmatch(str(line.get("classification_code") or "")):
        raise ErrorResponse(400, "CLASSIFICATION_CODE_INVALID")
    if tax_type != _WITH_VAT:
        if not line.get("tax_product_code"):
            raise ErrorResponse(400, "TAX_PRODUCT_CODE_REQUIRED")
        return sums
    stated = {
        str(tax.get("tax_code")): str(tax.get("amount"))
        for tax in as_list(line.get("taxes"))
        if isinstance(tax, dict)
    }
    if "VAT" not in stated:
        raise ErrorResponse(400, "TAX_LINE_REQUIRED")
    whole = 112 if "CITY_TAX" in stated else 110
    shares = {"VAT": Fraction(10, whole), "CITY_TAX": Fraction(2, whole)}
    # No capture shows whether a discount lowers the tax: both are accepted.
    bases = {sums.gross, sums.total}
    for code, amount in stated.items():
        if code not in shares or not any(_agrees(amount, base * shares[code]) for base in bases):
            raise ErrorResponse(400, "VAT_AMOUNT_INVALID")
    return sums


def _agrees(amount: str, exact: Fraction) -> bool:
    """Return whether a tax is the exact one, cut to four decimals or rounded to two."""
    if not is_amount(amount):
        return False
    stated = Fraction(amount)
    cut = Fraction(exact.numerator * 10_000 // exact.denominator, 10_000)
    rounded = Fraction(int(exact * 100 + Fraction(1, 2)), 100)
    return stated in {cut, rounded}
