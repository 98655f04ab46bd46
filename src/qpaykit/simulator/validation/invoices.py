"""`POST /invoice`: what QPay refuses, and what an invoice costs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.money import MAX_AMOUNT_MNT
from qpaykit.simulator.validation.fields import (
    as_list,
    check_lengths,
    check_required,
    check_url,
    number,
)
from qpaykit.simulator.validation.sums import Sums, add_sums, sums_of_line
from qpaykit.simulator.validation.vat import check_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

MIN_AMOUNT_MNT = 10
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


def check_invoice(content: Mapping[str, JsonValue], codes: Mapping[str, bool]) -> Sums:
    """Check `POST /invoice` and return what the invoice costs.

    Args:
        content: The body.
        codes: The account's invoice codes, and whether each is for e-barimt.

    Raises:
        ErrorResponse: QPay would not take it.
    """
    check_required(content, _REQUIRED)
    check_lengths(content, _LIMITS)
    check_url(content, "callback_url")
    code = str(content["invoice_code"])
    if code not in codes:
        raise ErrorResponse(400, "INVOICE_CODE_INVALID", "Нэхэмжлэлийн код буруу")
    sums = _sums(content, for_ebarimt=codes[code])
    if not 0 < sums.total <= Fraction(MAX_AMOUNT_MNT):
        raise ErrorResponse(400, "INVALID_AMOUNT", "Үнийн дүн буруу")
    if sums.total < MIN_AMOUNT_MNT:
        raise ErrorResponse(400, "MIN_AMOUNT_ERR", "Үнийн дүн хэт бага байна")
    return sums


def _sums(content: Mapping[str, JsonValue], *, for_ebarimt: bool) -> Sums:
    lines = [line for line in as_list(content.get("lines")) if isinstance(line, dict)]
    if for_ebarimt:
        if not lines:
            raise ErrorResponse(400, "INVOICE_LINE_REQUIRED", "Нэхэмжлэлийн мөр шаардлагатай")
        checked = check_lines(lines, str(content.get("tax_type") or "1"))
        return add_sums(checked, taxes_inside=True)
    if lines:
        plain = (sums_of_line(line, taxes_inside=False) for line in lines)
        return add_sums(plain, taxes_inside=False)
    return Sums(gross=number(content.get("amount")))
