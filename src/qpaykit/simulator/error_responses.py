"""What QPay says when it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue


class ErrorResponse(ValueError):  # noqa: N818 (it is an answer, not an error of the simulator's)
    """An answer with an error in it.

    Attributes:
        status: The HTTP status.
        content: The JSON body.
    """

    def __init__(self, status: int, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.content: dict[str, JsonValue] = {"error": code, "message": message or code}


class FieldErrorResponse(ErrorResponse):
    """A refusal in the form that names a field."""

    def __init__(self, field: str, kind: str, message: str) -> None:
        super().__init__(400, kind)
        self.content: dict[str, JsonValue] = {"error": {field: {"type": kind, "message": message}}}
