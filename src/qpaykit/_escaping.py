"""Escapes control characters in text of others, for terminals and logs."""

from __future__ import annotations

import logging


def escaped(text: str) -> str:
    """Return a text with its control characters written as escapes, such as ESC as "x1b".

    Args:
        text: Any text, such as an error message of QPay.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def get_logger(name: str) -> logging.Logger:
    """Return the logger of this name, whose records show no control characters of QPay's.

    Args:
        name: The logger's name, such as "qpaykit.http".
    """
    logger = logging.getLogger(name)
    logger.addFilter(_escape_arguments)
    return logger


def _escape_arguments(record: logging.LogRecord) -> bool:
    # The messages themselves are ours.
    if isinstance(record.args, tuple):
        record.args = tuple(
            escaped(str(one)) if isinstance(one, (str, BaseException)) else one
            for one in record.args
        )
    return True
