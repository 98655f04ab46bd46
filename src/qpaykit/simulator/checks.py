"""What QPay refuses in a request, before it does anything."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse, FieldErrorResponse
from qpaykit.simulator.money import LARGEST_AMOUNT_MNT, from_fraction
from qpaykit.simulator.tax import check_lines, number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
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


def check_text(content: Mapping[str, JsonValue], limits: Mapping[str, int]) -> None:
    """Refuse texts that are too long.

    Raises:
        FieldErrorResponse: One is; with QPay's MAX_LENGTH.
    """
    for name, limit in limits.items():
        value = content.get(name)
        if isinstance(value, str) and len(value) > limit:
            raise FieldErrorResponse(name, "MAX_LENGTH", f"Max length [{limit}]!")


def check_invoice(content: Mapping[str, JsonValue], codes: Mapping[str, bool]) -> Decimal:
    """Check `POST /invoice` and return what the invoice costs.

    Args:
        content: The body.
        codes: The account's invoice codes, and whether each is for e-barimt.

    Raises:
        ErrorResponse: QPay would not take it.
    """
    for name in _REQUIRED:
        if not isinstance(content.get(name), str) or not content[name]:
            raise FieldErrorResponse(name, "REQUIRED", f"{name} is required!")
    check_text(content, _LIMITS)
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


def check_offset(content: Mapping[str, JsonValue], most: int) -> tuple[int, int]:
    """Return page_number and page_limit.

    Raises:
        FieldErrorResponse: One is below 1 or the limit too large.
    """
    offset = content.get("offset")
    given = offset if isinstance(offset, dict) else {}
    numbers = []
    for name, default, largest in (("page_number", 1, None), ("page_limit", most, most)):
        value = given.get(name, default)
        if not isinstance(value, int) or value < 1:
            raise FieldErrorResponse(name, "MIN_NUMBER", "Number min value [1]!")
        if largest is not None and value > largest:
            raise FieldErrorResponse(name, "MAX_NUMBER", f"Number max value [{largest}]!")
        numbers.append(value)
    return numbers[0], numbers[1]


def check_object_type(content: Mapping[str, JsonValue], known: Collection[str]) -> tuple[str, str]:
    """Return object_type and object_id.

    Raises:
        ErrorResponse: The type is not one of `known`, or there is no id.
    """
    kind, identifier = content.get("object_type"), content.get("object_id")
    if kind not in known:
        raise ErrorResponse(400, "INVALID_OBJECT_TYPE", "object_type буруу")
    if not isinstance(identifier, str) or not identifier:
        raise ErrorResponse(400, "OBJECT_DATA_ERROR", "object_data алдаа")
    return str(kind), identifier


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []
