"""How the body of a success becomes a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic_core import from_json

from qpaykit.models.base import read_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from qpaykit.models.base import Answer

A = TypeVar("A", bound="Answer")


def reader(model: type[A]) -> Callable[[bytes], A]:
    """Make a reader of `model`, which refuses an error that comes dressed as a success."""

    def read(body: bytes) -> A:
        answer = read_json(model, body)
        if answer.model_extra and answer.model_extra.get("error"):
            raise ValueError("it is an error, with the status of a success")
        return answer

    return read


def nothing(body: bytes) -> None:
    """Read the answer of a call that returns nothing.

    What QPay sends then is not documented: any JSON will do that is not an error, or no body.
    """
    content = from_json(body) if body.strip() else None
    if isinstance(content, dict) and content.get("error"):
        raise ValueError("it is an error, with the status of a success")
