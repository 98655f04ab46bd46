"""`POST /invoice`: what QPay refuses, and what an invoice costs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.money import LARGEST_AMOUNT_MNT, from_fraction
from qpaykit.simulator.validation.fields import as_list, check_lengths, check_required, number
from qpaykit.simulator.validation.vat import check_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from pydantic import JsonValue

_LIMITS = {
    "invoice_code": 45,
    "sender_invoice_no": 45,
    "invoice_receiver_code": 45,
    "sender_branch_code": 45,
    "sender_staff_code": 100,
    "sender_terminal_code": 45,
    "invoice_description": 255,
    "callback_url": 255,
    "subscription_interval": 20,
    "subscription_webhook": 255,
    "note": 1000,
}
_REQUIRED = (
    "invoice_code",
    "sender_invoice_no",
    "invoice_receiver_code",
    "invoice_description",
    "callback_url",
)


def check_invoice(content: Mapping[str, JsonValue], codes: Mapping[str, bool]) -> Decimal:
    """Check `POST /invoice` and return what the invoice costs.

    Args:
        content: The body.
        codes: The account's invoice codes, and whether each is for e-barimt.

    Raises:
        ErrorResponse: QPay would not take it.
    """
    check_required(content, _REQUIRED)
    check_lengths(content, _LIMITS)
    code = str(content["invoice_code"])
    if code not in codes:
        raise ErrorResponse(400, "INVOICE_CODE_INVALID", "Нэхэмжлэлийн код буруу")
    lines = [line for line in as_list(content.get("lines")) if isinstance(line, dict)]
    if codes[code]:
        if not lines:
            raise ErrorResponse(400, "INVOICE_LINE_REQUIRED", "Нэхэмжлэлийн мөр шаардлагатай")
        total = check_lines(lines, str(content.get("tax_type") or "1"))
    elif lines:
        total = sum((_plain_line(line) for line in lines), Fraction(0))
    else:
        amount = content.get("amount")
        if isinstance(amount, str):
            raise ErrorResponse(400, "INVALID_AMOUNT", "Үнийн дүн буруу")
        total = number(amount)
    if not 0 < total <= LARGEST_AMOUNT_MNT:
        raise ErrorResponse(400, "INVALID_AMOUNT", "Үнийн дүн буруу")
    return from_fraction(total)


def _plain_line(line: Mapping[str, JsonValue]) -> Fraction:
    total = number(line.get("line_quantity")) * number(line.get("line_unit_price"))
    for name, sign in (("discounts", -1), ("surcharges", 1), ("taxes", 1)):
        for part in as_list(line.get(name)):
            if isinstance(part, dict):
                total += sign * number(part.get("amount"))
    return total
