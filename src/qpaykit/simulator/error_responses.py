"""What QPay answers when it refuses a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """A refusal in the form that names fields.

    Args:
        fields: For each field QPay's word for what is wrong, and a sentence.
    """

    def __init__(self, fields: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(400, ", ".join(f"{name}: {kind}" for name, (kind, _) in fields.items()))
        self.content: dict[str, JsonValue] = {
            "error": {
                name: {"type": kind, "message": message} for name, (kind, message) in fields.items()
            }
        }
