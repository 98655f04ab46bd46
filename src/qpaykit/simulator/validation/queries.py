"""`POST /payment/check` and `POST /payment/list`: the page and the object that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse, FieldErrorResponse

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pydantic import JsonValue


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
