"""Faults that change the JSON of an answer: odd rows, missing fields, impossible amounts.

Each is a function from an answer's JSON to the odd one. Where the answer has nothing that the fault
could change it stays as it is.
"""

from __future__ import annotations

import html
import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from pydantic import JsonValue

    Content: TypeAlias = dict[str, JsonValue]
    OddAnswer: TypeAlias = Callable[[Content], JsonValue]
    Change: TypeAlias = Callable[[JsonValue], JsonValue]

_AMOUNTS = {
    "amount",
    "paid_amount",
    "payment_amount",
    "total_amount",
    "gross_amount",
    "transaction_amount",
}
# JSON has no infinity: it is written as a number that overflows every fixed-size type.
_HUGE = "9e999999"
_LONG = 1_234_567_890_123_456


def encode(content: JsonValue) -> bytes:
    """Write an answer as QPay does: compact, and with Mongolian letters as they are."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.replace(":Infinity", f":{_HUGE}").encode()


def with_page_one_again(content: Content) -> Content:
    """Return a request of payment/check or payment/list that asks for the first page."""
    offset = content.get("offset")
    given = offset if isinstance(offset, dict) else {}
    return {**content, "offset": {**given, "page_number": 1}}


def _changing(names: set[str], change: Change) -> OddAnswer:
    """Return a fault that changes the values of fields with these names, however deep."""

    def changed(content: JsonValue) -> JsonValue:
        if isinstance(content, dict):
            return {
                name: change(value) if name in names else changed(value)
                for name, value in content.items()
            }
        if isinstance(content, list):
            return [changed(value) for value in content]
        return content

    return changed


def _without(name: str) -> OddAnswer:
    """Return a fault that leaves a field out, however deep."""

    def without(content: JsonValue) -> JsonValue:
        if isinstance(content, dict):
            return {key: without(value) for key, value in content.items() if key != name}
        if isinstance(content, list):
            return [without(value) for value in content]
        return content

    return without


def _as_number(value: JsonValue) -> JsonValue:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _cut(value: JsonValue) -> JsonValue:
    return value.partition("?")[0] if isinstance(value, str) else value


def _escaped(value: JsonValue) -> JsonValue:
    return html.escape(value) if isinstance(value, str) else value


def _negative(value: JsonValue) -> JsonValue:
    return f"-{value}" if isinstance(value, str) else value


def _huge(value: JsonValue) -> JsonValue:
    if value is None:
        return None
    return _HUGE if isinstance(value, str) else math.inf


def _long(value: JsonValue) -> JsonValue:
    if value is None:
        return None
    return f"{_LONG}.00" if isinstance(value, str) else _LONG


def _rows_twice(content: Content) -> JsonValue:
    rows = content.get("rows")
    if not isinstance(rows, list):
        return content
    return {**_counted_twice(content), "rows": [row for row in rows for _ in range(2)]}


def _counted_twice(content: Content) -> Content:
    count = content.get("count")
    return {**content, "count": 2 * count} if isinstance(count, int) else content


ODD_ANSWERS: dict[str, OddAnswer] = {
    "unknown-status": _changing({"payment_status"}, lambda _: "ON_HOLD"),
    "no-status": _without("payment_status"),
    "null": dict.fromkeys,
    "no-payment-ids": _without("payment_id"),
    "numeric-ids": _changing({"payment_id"}, _as_number),
    "rows-twice": _rows_twice,
    "rows-again": _counted_twice,
    "no-object-id": _without("object_id"),
    "no-callback-url": _without("callback_url"),
    "null-callback-url": _changing({"callback_url"}, lambda _: None),
    "empty-callback-url": _changing({"callback_url"}, lambda _: ""),
    "cut-callback-url": _changing({"callback_url"}, _cut),
    "escaped-callback-url": _changing({"callback_url"}, _escaped),
    "no-sender-invoice-no": _without("sender_invoice_no"),
    "zero-total": _changing({"total_amount"}, lambda _: "0.00"),
    "negative-total": _changing({"total_amount"}, _negative),
    "huge-amounts": _changing(_AMOUNTS, _huge),
    "long-amounts": _changing(_AMOUNTS, _long),
}
