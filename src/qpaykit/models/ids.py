"""The ids of QPay that stand in paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints

from qpaykit.models.arguments import refused

if TYPE_CHECKING:
    from collections.abc import Callable

is_path_id: Callable[[str], re.Match[str] | None] = re.compile(
    r"[A-Za-z0-9_-]{1,128}", re.ASCII
).fullmatch
"""Matches a text that is written as QPay's ids are, and can reach no other path."""

PathId = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{1,128}$")]


def path_id(value: object, name: str) -> str:
    """Return an id that may stand in a path.

    Args:
        value: The id.
        name: The argument's name, for the error.

    Raises:
        pydantic.ValidationError: It is not an id.
    """
    if not (isinstance(value, str) and is_path_id(value)):
        raise refused(
            name, "must be QPay's id as text: letters, digits, - and _, at most 128 of them"
        )
    return value
