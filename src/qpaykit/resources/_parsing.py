"""How the body of a success becomes a value."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from qpaykit.models.base import read_json, readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import JsonValue

    from qpaykit.models.base import ResponseModel

A = TypeVar("A", bound="ResponseModel")

_logger = logging.getLogger("qpaykit")


def parser(model: type[A]) -> Callable[[bytes], A]:
    """Make a parser of `model`, which raises for an error in the body of a 2xx answer."""
    return partial(_read, model)


def lenient_parser(model: type[A]) -> Callable[[bytes], A]:
    """Make a parser that leaves out the fields that it cannot read.

    An invoice that QPay made must not be lost because one of its links has a new form.
    """
    return partial(_read_leniently, model)


def created_parser(parse: Callable[[bytes], A], identifier: str) -> Callable[[bytes], A]:
    """Make a parser of what was made, which is of no use without its id.

    Args:
        parse: Reads the answer.
        identifier: The field that holds the id.
    """
    return partial(_read_created, parse, identifier)


def plain(body: bytes) -> JsonValue:
    """Read any JSON that is not an error, or no body."""
    content: JsonValue = from_json(body) if body.strip() else None
    if isinstance(content, dict) and content.get("error"):
        raise _error_in_success()
    return content


def no_content(body: bytes) -> None:
    """Read the answer of a call that returns nothing; what QPay sends then is not documented."""
    plain(body)


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
        _logger.warning("QPay sent what cannot be read of %s: %s", model.__name__, left_out)
        return _read(model, to_json(found))


def _read_created(parse: Callable[[bytes], A], identifier: str, body: bytes) -> A:
    made = parse(body)
    if not getattr(made, identifier):
        msg = f"it names no {identifier}"
        raise ValueError(msg)
    return made


def _error_in_success() -> ValueError:
    return ValueError("it is an error, with the status of a success")
