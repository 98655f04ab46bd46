"""Hooks for metrics: `RequestInfo`, and calling a hook without letting it fail the call."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_logger = logging.getLogger("qpaykit")


@dataclass(frozen=True, kw_only=True)
class RequestInfo:
    """An attempt at a request that has ended, as `on_request` gets it.

    Attributes:
        operation: Which call it was, such as "payments.check" or "tokens.login".
        method: HTTP method.
        path: Path below the base URL; it may hold an id, so it is no label for a metric.
        attempt: Which attempt of the call it was, from 1.
        status: HTTP status; None where no answer came.
        seconds: How long it took.
        code: QPay's code, such as "INVOICE_NOTFOUND"; None without one.
        error: The class of the error, such as "TransportTimeout"; None for a success.
    """

    operation: str
    method: str
    path: str
    attempt: int
    status: int | None
    seconds: float
    code: str | None
    error: str | None


def call_hook(hook: Callable[[T], object], argument: T, name: str) -> None:
    """Call a hook; an exception in it is logged and does not fail the call.

    Args:
        hook: The integrator's function.
        argument: What to call it with.
        name: The hook's name, for the log.
    """
    try:
        hook(argument)
    except Exception:
        _logger.exception("The hook %s raised an exception. The call continues.", name)
