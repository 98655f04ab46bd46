"""How the body of a success becomes a value."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from qpaykit.models.base import read_json, readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from qpaykit.models.base import ResponseModel

A = TypeVar("A", bound="ResponseModel")

_logger = logging.getLogger("qpaykit")


def parser(model: type[A]) -> Callable[[bytes], A]:
    """Make a parser of `model`, which refuses an error that comes dressed as a success."""

    def read(body: bytes) -> A:
        answer = read_json(model, body)
        if answer.model_extra and answer.model_extra.get("error"):
            raise ValueError("it is an error, with the status of a success")
        return answer

    return read


def lenient_parser(model: type[A]) -> Callable[[bytes], A]:
    """Make a parser that does without the fields that it cannot read, where the rest is too dear.

    An invoice that QPay made must not be lost for a link that is written in a new way.
    """
    strict = parser(model)

    def read(body: bytes) -> A:
        try:
            return strict(body)
        except ValidationError:
            content = from_json(body)
            if not isinstance(content, dict):
                raise
            found = readable(model, content)
            left_out = ", ".join(name for name in content if name not in found)
            _logger.warning("QPay sent what cannot be read of %s: %s", model.__name__, left_out)
            return strict(to_json(found))

    return read


def nothing(body: bytes) -> None:
    """Read the answer of a call that returns nothing.

    What QPay sends then is not documented: any JSON will do that is not an error, or no body.
    """
    content = from_json(body) if body.strip() else None
    if isinstance(content, dict) and content.get("error"):
        raise ValueError("it is an error, with the status of a success")
