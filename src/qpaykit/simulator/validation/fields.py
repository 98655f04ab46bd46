"""Fields of any request: required, too long, no number, no URL."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qpaykit.simulator.error_responses import ErrorResponse, FieldErrorResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue

_AMOUNT = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?")
_BLANK_OR_CONTROL = re.compile(r"[\x00-\x20\x7f]")


def check_required(content: Mapping[str, JsonValue], names: Iterable[str]) -> None:
    """Refuse a request that lacks fields; the answer names each of them.

    Raises:
        FieldErrorResponse: One is missing, empty or not text.
    """
    missing = [
        name for name in names if not isinstance(content.get(name), str) or not content[name]
    ]
    if missing:
        raise FieldErrorResponse({name: ("REQUIRED", f"{name} is required!") for name in missing})


def check_lengths(content: Mapping[str, JsonValue], limits: Mapping[str, int]) -> None:
    """Refuse texts that are too long.

    Raises:
        FieldErrorResponse: One is; with QPay's MAX_LENGTH.
    """
    for name, limit in limits.items():
        value = content.get(name)
        if isinstance(value, str) and len(value) > limit:
            raise FieldErrorResponse({name: ("MAX_LENGTH", f"Max length [{limit}]!")})


def check_url(content: Mapping[str, JsonValue], name: str) -> None:
    """Refuse what is not an absolute http or https URL.

    Raises:
        FieldErrorResponse: It is not; with QPay's INVALID.
    """
    if not _is_url(str(content[name])):
        raise FieldErrorResponse({name: ("INVALID", f"{name}: INVALID")})


def is_amount(text: str) -> bool:
    """Return whether a text is a number as QPay takes it: digits, and a point before decimals."""
    return _AMOUNT.fullmatch(text) is not None


def number(value: JsonValue) -> Fraction:
    """Read a number that may be text.

    Raises:
        ErrorResponse: It is not a number.
    """
    if isinstance(value, bool) or not is_amount(str(value)):
        raise ErrorResponse(400, "INVALID_AMOUNT", "Үнийн дүн буруу")
    return Fraction(str(value))


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    whole = parts.scheme in {"http", "https"} and bool(host)
    return whole and not _BLANK_OR_CONTROL.search(text)
