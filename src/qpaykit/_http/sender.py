"""Sends one operation as often as the retry rules allow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from qpaykit._http.request_log import report_attempt
from qpaykit._http.responses import parse_response
from qpaykit._http.retry import Retries
from qpaykit._http.types import Request, Response
from qpaykit.errors import QPayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

    from qpaykit._http.types import Transport
    from qpaykit._redaction import Redactor
    from qpaykit.config import Options
    from qpaykit.hooks import RequestInfo
    from qpaykit.operation import Operation

T = TypeVar("T")


class RequestSender:
    """Sends operations with the authorization that it is given.

    Args:
        transport: Sends and sleeps.
        redactor: Masks secrets in logs and errors.
        on_request: Called after each attempt; None for no hook.
    """

    def __init__(
        self,
        transport: Transport,
        redactor: Redactor,
        on_request: Callable[[RequestInfo], object] | None = None,
    ) -> None:
        self.transport = transport
        self.redactor = redactor
        self._on_request = on_request

    async def send(
        self,
        operation: Operation[T],
        authorization: SecretStr,
        options: Options,
        *,
        transport: Transport | None = None,
    ) -> T:
        """Send an operation, with retries, and return its parsed answer.

        Args:
            operation: What to send.
            authorization: The Authorization header.
            options: The limits of this call.
            transport: The transport to use; the sender's own when left out.
        """
        transport = transport or self.transport
        request = Request(operation.method, operation.path, operation.body, authorization)
        retries = Retries(operation, options)
        while True:
            try:
                return await self._attempt(operation, request, options, transport, retries.attempt)
            except QPayError as error:
                delay = retries.delay_after(error)
                if delay is None:
                    raise
            await transport.sleep(delay)

    async def _attempt(
        self,
        operation: Operation[T],
        request: Request,
        options: Options,
        transport: Transport,
        number: int,
    ) -> T:
        started = time.perf_counter()
        response: Response | None = None
        failure: BaseException | None = None
        try:
            response = await transport.send(request, options.timeout)
            return parse_response(operation, response, self.redactor)
        except BaseException as error:
            failure = error
            raise
        finally:
            report_attempt(
                operation,
                number,
                self.redactor,
                response=response,
                failure=failure,
                seconds=time.perf_counter() - started,
                on_request=self._on_request,
            )
            # A frame that refers to its own exception is a reference cycle.
            del failure
