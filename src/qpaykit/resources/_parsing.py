"""Parsers of the body of a 2xx response."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from qpaykit._escaping import get_logger
from qpaykit.models.base import read_json, readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import JsonValue

    from qpaykit.models.base import ResponseModel

A = TypeVar("A", bound="ResponseModel")

_logger = get_logger("qpaykit")


def parser(model: type[A]) -> Callable[[bytes], A]:
    """Return a parser of `model`, which raises `ValueError` for an error in a 2xx response."""
    return partial(_read, model)


def lenient_parser(model: type[A]) -> Callable[[bytes], A]:
    """Return a parser that leaves out the fields that it cannot read.

    The caller must get an invoice that QPay made even if one of its links has an unknown form.
    """
    return partial(_read_leniently, model)


def created_parser(parse: Callable[[bytes], A], identifier: str) -> Callable[[bytes], A]:
    """Return a parser of a created object, which raises `ValueError` if its id is missing.

    Args:
        parse: Parses the answer.
        identifier: The field of the id.
    """
    return partial(_read_created, parse, identifier)


def json_value(body: bytes) -> JsonValue:
    """Parse any JSON, or no body; raise `ValueError` for an error."""
    content: JsonValue = from_json(body) if body.strip() else None
    if isinstance(content, dict) and content.get("error"):
        raise _error_in_success()
    return content


def no_content(body: bytes) -> None:
    """Check the answer of a call that returns nothing; QPay does not document its body."""
    json_value(body)


def _read(model: type[A], body: bytes) -> A:
    answer = read_json(model, body)
    if answer.model_extra and answer.model_extra.get("error"):
        raise _error_in_success()
    return answer


def _read_leniently(model: type[A], body: bytes) -> A:
    try:
        return _read(model, body)
    except ValidationError:
        content = from_json(body)
        if not isinstance(content, dict):
            raise
        found = readable(model, content)
        left_out = ", ".join(name for name in content if name not in found)
        _logger.warning("QPay sent fields of %s that cannot be read: %s", model.__name__, left_out)
        return _read(model, to_json(found))


def _read_created(parse: Callable[[bytes], A], identifier: str, body: bytes) -> A:
    made = parse(body)
    if not getattr(made, identifier):
        msg = f"it names no {identifier}"
        raise ValueError(msg)
    return made


def _error_in_success() -> ValueError:
    return ValueError("it is an error, with the status of a success")
