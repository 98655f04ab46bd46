"""What the log says of an attempt: one record each, made for machines and for people."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

from qpaykit._http.answers import shown_body
from qpaykit.errors import APIError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from qpaykit._http.wire import Reply
    from qpaykit._redaction import Redactor
    from qpaykit.operation import Operation

T = TypeVar("T")

_logger = logging.getLogger("qpaykit.http")


class Attempt:
    """One attempt at a request, from its start to the record of its end.

    INFO has one record for each attempt, with the fields `operation`, `method`, `path`,
    `attempt`, `status`, `duration` (seconds), `code` and `error`. DEBUG adds one with the same
    fields and the bodies, redacted.
    """

    def __init__(self, operation: Operation[T], number: int, redactor: Redactor) -> None:
        self._operation = operation
        self._number = number
        self._redactor = redactor
        self._reply: Reply | None = None

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def answered(self, reply: Reply) -> None:
        """Note what came back."""
        self._reply = reply

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not _logger.isEnabledFor(logging.INFO):
            return
        operation, reply = self._operation, self._reply
        seconds = time.perf_counter() - self._started
        status = reply.status_code if reply is not None else None
        code = error.code if isinstance(error, APIError) else None
        end = code or (kind.__name__ if kind is not None else "")
        fields = {
            "operation": operation.name,
            "method": operation.method,
            "path": operation.path,
            "attempt": self._number,
            "status": status,
            "duration": seconds,
            "code": code,
            "error": kind.__name__ if kind is not None else None,
        }
        _logger.info(
            "%s: %s %s: %s in %.3f s",
            operation.name,
            operation.method,
            operation.path,
            f"{status or 'no answer'} {end}".rstrip(),
            seconds,
            extra=fields,
        )
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug(
                "%s: sent %s, received %s",
                operation.name,
                self._redactor.body(operation.body or b""),
                shown_body(operation, reply, self._redactor) if reply is not None else None,
                extra=fields,
            )
