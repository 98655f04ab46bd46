"""Fields of an answer: empty, missing and unknown values are read, not refused."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    JsonValue,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import CoreSchema, core_schema

from qpaykit._escaping import get_logger

_logger = get_logger("qpaykit")

T = TypeVar("T")


def none_if_empty(value: object) -> object:
    """Read an empty text as None."""
    return None if value == "" else value


def _empty_text(_: None) -> str:
    return ""


def _text_if_none(source: type[str], handler: GetCoreSchemaHandler) -> CoreSchema:
    # An answer has 60 of these in its bank list: a union takes a text without a call into Python.
    none = core_schema.no_info_after_validator_function(_empty_text, core_schema.none_schema())
    return core_schema.union_schema(
        [handler(source), none], mode="left_to_right", custom_error_type="string_type"
    )


def _list_if_empty(value: object) -> object:
    return [] if value is None or value in ("", {}) else value


def zero_if_empty(value: object) -> object:
    """Read a missing or empty value as 0."""
    return 0 if value is None or value == "" else value


def _lenient_bool(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(none_if_empty(value))
    except ValidationError:
        _logger.warning("QPay sent a truth value that cannot be read; the field is None.")
        return None


ResponseText = Annotated[str, GetPydanticSchema(_text_if_none)]
"""A text in an answer that is "" where QPay sent none."""

_WITHOUT_BLANKS = StringConstraints(strip_whitespace=True)

ResponseId = Annotated[str, _WITHOUT_BLANKS, GetPydanticSchema(_text_if_none)]
"""An identifier in an answer, without blanks around it; "" where QPay sent none."""

OptionalId = Annotated[str, _WITHOUT_BLANKS] | None
"""An identifier in an answer, without blanks around it; None where QPay sent none."""

ResponseBool = Annotated[bool | None, WrapValidator(_lenient_bool)]
"""A truth value in an answer."""

OpenEnum = Annotated[
    T | str | None, Field(union_mode="left_to_right"), BeforeValidator(none_if_empty)
]
"""A word in an answer: a known one under its name, an unknown one as text."""

ResponseDict = Annotated[dict[str, JsonValue] | None, BeforeValidator(none_if_empty)]
"""An object in an answer whose fields are not documented."""

ResponseZero: BeforeValidator = BeforeValidator(zero_if_empty)
"""Reads a missing number as 0."""

ResponseList = Annotated[list[T], BeforeValidator(_list_if_empty)]
"""A list in an answer: empty where QPay sent none."""
