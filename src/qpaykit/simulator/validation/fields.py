"""Fields of any request: required, too long, not a number."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse, FieldErrorResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue

_AMOUNT = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?")


def check_required(content: Mapping[str, JsonValue], names: Iterable[str]) -> None:
    """Refuse a request that lacks fields.

    Raises:
        FieldErrorResponse: One is missing, empty or no text.
    """
    for name in names:
        if not isinstance(content.get(name), str) or not content[name]:
            raise FieldErrorResponse(name, "REQUIRED", f"{name} is required!")


def check_lengths(content: Mapping[str, JsonValue], limits: Mapping[str, int]) -> None:
    """Refuse texts that are too long.

    Raises:
        FieldErrorResponse: One is; with QPay's MAX_LENGTH.
    """
    for name, limit in limits.items():
        value = content.get(name)
        if isinstance(value, str) and len(value) > limit:
            raise FieldErrorResponse(name, "MAX_LENGTH", f"Max length [{limit}]!")


def is_amount(text: str) -> bool:
    """Say whether a text is a number as QPay takes it: digits, and a point before decimals."""
    return _AMOUNT.fullmatch(text) is not None


def number(value: JsonValue) -> Fraction:
    """Read a number that may be text.

    Raises:
        ErrorResponse: It is no number.
    """
    if isinstance(value, bool) or not is_amount(str(value)):
        raise ErrorResponse(400, "INVALID_AMOUNT")
    return Fraction(str(value))


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []
