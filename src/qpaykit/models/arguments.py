"""Refuse an argument with an error that names it."""

from __future__ import annotations

import math

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from qpaykit._numbers import is_number


def refused(name: str, problem: str | PydanticCustomError) -> ValidationError:
    """Make the error of an argument that is refused, without its value.

    Args:
        name: The argument's name.
        problem: What is wrong with it.
    """
    if isinstance(problem, str):
        problem = PydanticCustomError("value_error", problem)
    return ValidationError.from_exception_data(
        name, [InitErrorDetails(type=problem, loc=(name,), input=None)], hide_input=True
    )


def seconds(value: float, name: str) -> float:
    """Return a number of seconds.

    Args:
        value: The number.
        name: The argument's name, for the error.

    Raises:
        pydantic.ValidationError: It is not above 0, or not finite.
    """
    if not is_number(value) or not 0 < value < math.inf:
        raise refused(name, "must be a number of seconds above 0")
    return value
