"""Reports each attempt at a request: one log record, and a call of the hook `on_request`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from qpaykit._escaping import get_logger
from qpaykit._http.responses import shown_body
from qpaykit.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qpaykit._http.types import Response
    from qpaykit._redaction import Redactor
    from qpaykit.hooks import RequestInfo
    from qpaykit.operation import Operation

T = TypeVar("T")

_logger = get_logger("qpaykit.http")


def report_attempt(
    operation: Operation[T],
    number: int,
    redactor: Redactor,
    *,
    response: Response | None,
    failure: BaseException | None,
    seconds: float,
    on_request: Callable[[RequestInfo], object] | None,
) -> None:
    """Log an attempt that has ended, and call the hook.

    INFO has one record for each attempt, with the fields `operation`, `method`, `path`,
    `attempt`, `status`, `duration` (seconds), `code` and `error`. DEBUG adds one with the same
    fields and the bodies, redacted.

    Args:
        operation: What was sent.
        number: Which attempt it was, from 1.
        redactor: Masks the bodies.
        response: The response; None where none arrived.
        failure: How the attempt failed; None where it succeeded.
        seconds: How long the attempt took.
        on_request: The hook; None where there is none.
    """
    is_logged = _logger.isEnabledFor(logging.INFO)
    if on_request is None and not is_logged:
        return
    status = response.status_code if response is not None else None
    code = failure.code if isinstance(failure, APIError) else None
    error = type(failure).__name__ if failure is not None else None
    if on_request is not None:
        from qpaykit.hooks import RequestInfo, call_hook

        info = RequestInfo(
            operation=operation.name,
            method=operation.method,
            path=operation.path,
            attempt=number,
            status=status,
            seconds=seconds,
            code=code,
            error=error,
        )
        call_hook(on_request, info, "on_request")
    if not is_logged:
        return
    fields = {
        "operation": operation.name,
        "method": operation.method,
        "path": operation.path,
        "attempt": number,
        "status": status,
        "duration": seconds,
        "code": code,
        "error": error,
    }
    _logger.info(
        "%s: %s %s: %s in %.3f s",
        operation.name,
        operation.method,
        operation.path,
        f"{status or 'no answer'} {code or error or ''}".rstrip(),
        seconds,
        extra=fields,
    )
    if _logger.isEnabledFor(logging.DEBUG):
        _logger.debug(
            "%s: sent %s, received %s",
            operation.name,
            redactor.body(operation.body or b""),
            shown_body(operation, response, redactor) if response is not None else None,
            extra=fields,
        )
