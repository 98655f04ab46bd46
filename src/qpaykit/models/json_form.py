"""How a value is written in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import GetCoreSchemaHandler, GetPydanticSchema
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")


def written_by(write: Callable[[T], object], returns: object) -> GetPydanticSchema:
    """Write a value in JSON by a function.

    It does what `PlainSerializer` does. The module of that costs a cold start 2 ms, and is
    needed for nothing else.

    Args:
        write: Makes the value that JSON gets.
        returns: The type of that.
    """

    def schema(source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        form = core_schema.plain_serializer_function_ser_schema(
            write, when_used="json", return_schema=handler.generate_schema(returns)
        )
        return {**handler(source), "serialization": form}

    return GetPydanticSchema(schema)
