"""Escapes control characters in text of others, for terminals and logs."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Return a text with its control characters written as escapes, such as ESC as "x1b".

    Args:
        text: Any text, such as an error message of QPay.
    """
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
