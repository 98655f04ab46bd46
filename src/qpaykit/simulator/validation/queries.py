"""`POST /payment/check` and `POST /payment/list`: page, object and time that are asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qpaykit.simulator.clock import parse
from qpaykit.simulator.error_responses import ErrorResponse, FieldErrorResponse
from qpaykit.simulator.validation.fields import check_required

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
            raise FieldErrorResponse({name: ("MIN_NUMBER", "Number min value [1]!")})
        if largest is not None and value > largest:
            raise FieldErrorResponse({name: ("MAX_NUMBER", f"Number max value [{largest}]!")})
        numbers.append(value)
    return numbers[0], numbers[1]


def check_object_type(content: Mapping[str, JsonValue], known: Collection[str]) -> tuple[str, str]:
    """Return object_type and object_id.

    Raises:
        ErrorResponse: The type is not one of `known`, or one of the two is missing.
    """
    check_required(content, ("object_type", "object_id"))
    kind = str(content["object_type"])
    if kind not in known:
        raise ErrorResponse(400, "INVALID_OBJECT_TYPE", "object_type буруу")
    return kind, str(content["object_id"])


def check_period(content: Mapping[str, JsonValue]) -> tuple[float, float]:
    """Return the seconds since 1970 from which and to which payments are asked for.

    A date that is missing sets no limit: QPay's older document has none, its newer one both.

    Raises:
        ErrorResponse: A date is invalid.
    """
    try:
        first, last = (
            parse(str(content[name])) if content.get(name) else missing
            for name, missing in (("start_date", -math.inf), ("end_date", math.inf))
        )
    except ValueError:
        raise ErrorResponse(400, "OBJECT_DATA_ERROR", "object_data алдаа") from None
    # The end is a whole second, as it is written.
    return first, last + 1
