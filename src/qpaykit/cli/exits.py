"""Exit codes of the commands, and which error leads to which."""

from __future__ import annotations

import sqlite3
import sys
from enum import IntEnum
from typing import TYPE_CHECKING

from pydantic import ValidationError

from qpaykit.cli.language import translate
from qpaykit.error_codes import ERROR_CODES
from qpaykit.errors import (
    APIError,
    ConfigurationError,
    OutcomeUnknownError,
    QPayError,
    RateLimitedError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


STORE_FAILED = "The store did not answer: {reason}"


class ExitCode(IntEnum):
    """The exit codes of the commands.

    Attributes:
        DONE: Done, and all is well.
        ATTENTION: Done, and needs attention: a setting is wrong, an order is paid and not
            delivered, a shop's answer is wrong, or a question was not answered with yes.
        USAGE: The command line or a setting is invalid; nothing was sent.
        REFUSED: QPay refused it, or it does not exist.
        UNREACHABLE: QPay or the store did not answer; try again later.
        UNKNOWN: The refund may or may not have been made; check the payment before you retry.
    """

    DONE = 0
    ATTENTION = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    UNKNOWN = 5


class CommandError(Exception):
    """A command cannot go on.

    Args:
        code: The exit code.
        text: Why, in English, with the names of its values in braces.
        values: The values.
    """

    def __init__(self, code: ExitCode, text: str, **values: object) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.values = values


def exit_code_of(error: Exception) -> ExitCode | None:
    """Return the exit code for an error; None for a bug.

    Args:
        error: What a command raised.
    """
    if isinstance(error, CommandError):
        return error.code
    for kinds, code in _EXIT_CODES:
        if isinstance(error, kinds):
            return code
    return ExitCode.UNREACHABLE if _is_of_store(error) else None


_EXIT_CODES: tuple[tuple[tuple[type[Exception], ...], ExitCode], ...] = (
    ((ConfigurationError, ValidationError, ImportError), ExitCode.USAGE),
    ((OutcomeUnknownError,), ExitCode.UNKNOWN),
    (
        (TransportError, UnexpectedResponseError, ServerError, RateLimitedError),
        ExitCode.UNREACHABLE,
    ),
    ((QPayError,), ExitCode.REFUSED),
    ((OSError,), ExitCode.UNREACHABLE),
)


def _is_of_store(error: Exception) -> bool:
    return isinstance(error, (sqlite3.Error, *_driver_errors()))


def _driver_errors() -> Iterator[type[Exception]]:
    for module, name in (("redis.exceptions", "RedisError"), ("sqlalchemy.exc", "SQLAlchemyError")):
        # A module that was not imported raised nothing.
        found: object = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type) and issubclass(found, Exception):
            yield found


def sentence_of(error: Exception, language: str) -> str:
    """Return the sentence for an error.

    Args:
        error: What a command raised.
        language: One of `LANGUAGES`. Where QPay has a Mongolian sentence for its code, it is
            said; our own errors of settings are in English.
    """
    if isinstance(error, CommandError):
        return translate(error.text, language).format(**error.values)
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" if one["loc"] else one["msg"]
            for one in error.errors(include_url=False, include_input=False)
        )
    if _is_of_store(error):
        # SQLAlchemy adds the statement and a link to what the driver said.
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        return translate(STORE_FAILED, language).format(reason=reason)
    known = ERROR_CODES.get(error.code or "") if isinstance(error, APIError) else None
    if language == "mn" and known is not None:
        return f"QPay: {known.code}. {known.mongolian}. {known.advice_mn}"
    return str(error)
