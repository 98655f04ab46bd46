"""The changes that no test notices, and why that is right."""

from __future__ import annotations

from typing import NamedTuple


class Explained(NamedTuple):
    """Changes that survive for one reason.

    Attributes:
        why: The reason.
        changes: The functions, and in each the lines that mutmut changed and what it made of them.
    """

    why: str
    changes: dict[str, list[tuple[str, str]]]


EXPLAINED: list[Explained] = []
