"""Whether a value is a number."""

from __future__ import annotations


def is_number(value: object, *kinds: type) -> bool:
    """Return whether a value is an int or a float (or of `kinds`), and no truth value."""
    return isinstance(value, kinds or (int, float)) and not isinstance(value, bool)
