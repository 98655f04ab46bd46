"""Calls QPay for one account: token, attempts, polling, and lost answers."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from qpaykit._escaping import get_logger
from qpaykit._http.retry import backoff, is_outcome_unknown, is_retryable
from qpaykit.config import Options
from qpaykit.errors import (
    APIError,
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    QPayError,
    TransportError,
    UnexpectedResponseError,
)
from qpaykit.operation import RequestOutcome

if TYPE_CHECKING:
    from qpaykit._http.sender import RequestSender
    from qpaykit._http.token_manager import TokenManager
    from qpaykit.operation import Operation, Poll, StatusCheck

T = TypeVar("T")

_logger = get_logger("qpaykit")

_MAX_PAUSE_INTERVALS = 5.0
_PAUSE_GROWTH = 1.25
_MIN_QUESTION_SECONDS = 1.0


class Session:
    """Calls QPay for one account: token, attempts, polling, and lost answers.

    Args:
        sender: Sends operations with an authorization.
        tokens: Gets the token.
        options: The limits of a call.
    """

    def __init__(self, sender: RequestSender, tokens: TokenManager, options: Options) -> None:
        self.sender = sender
        self.tokens = tokens
        self.options = options

    def with_options(self, options: Options) -> Session:
        """Return a session with other limits that shares connections and token."""
        return Session(self.sender, self.tokens, options)

    async def call(self, operation: Operation[T], options: Options | None = None) -> T:
        """Carry out an operation.

        Args:
            operation: What to send.
            options: The limits of this call; the session's when left out.

        Raises:
            OutcomeUnknownError: The operation is not retryable and may have been carried out.
            QPayError: Any other error of `errors`.
        """
        options = options or self.options
        token = await self.tokens.current(options)
        call_started = self.tokens.now()
        # One for a token that another process left in the store, and one for a new login.
        logins_left = 2
        while True:
            try:
                return await self.sender.send(operation, token.bearer, options)
            except QPayError as error:
                if is_outcome_unknown(error) and not operation.retryable:
                    lost_answer = error
                    break
                refused = isinstance(error, AuthenticationError) and not is_outcome_unknown(error)
                if not (refused and logins_left):
                    raise
            token, is_new = await self.tokens.replace(token, call_started, options)
            logins_left = 0 if is_new else logins_left - 1
        return await self._resolve_unknown_outcome(operation, lost_answer, options)

    async def poll(self, poll: Poll[T]) -> T:
        """Repeat an operation until its answer fulfils a condition, with growing pauses.

        Raises:
            QPayError: What `poll.on_timeout` makes after the timeout, or what the operation raised.
        """
        deadline = time.monotonic() + poll.timeout
        pause = poll.interval
        answer: T | None = None
        while True:
            problem: QPayError | None = None
            try:
                left = deadline - time.monotonic()
                answer = await self.call(poll.operation, self._single_attempt(left))
            except QPayError as error:
                if not is_retryable(error, retryable=True):
                    raise
                problem = error
            else:
                if poll.until(answer):
                    return answer
            soonest = max(poll.interval, _retry_after(problem))
            left = max(deadline - time.monotonic(), 0)
            if left < soonest:
                await self.sender.transport.sleep(left)
                raise poll.on_timeout(answer) from problem
            wanted = max(pause, soonest)
            # The last request is sent at the deadline.
            is_last = left < wanted + poll.interval
            await self.sender.transport.sleep(left if is_last else wanted)
            pause = min(pause * _PAUSE_GROWTH, poll.interval * _MAX_PAUSE_INTERVALS)

    def _single_attempt(self, seconds: float) -> Options:
        """Return the limits of one request of a poll, which retries by polling again."""
        timeout = min(self.options.timeout, max(seconds, _MIN_QUESTION_SECONDS))
        return Options(timeout, max_retries=0)

    async def _resolve_unknown_outcome(
        self, operation: Operation[T], lost_answer: QPayError, options: Options
    ) -> T:
        """Find out whether a request whose answer was lost was carried out."""
        check = operation.status_check
        problem: Exception = lost_answer
        if check is not None:
            # QPay may still be carrying out the request whose answer was lost.
            await self.sender.transport.sleep(backoff(1))
            outcome = await self._ask_outcome(check, options)
            if outcome is RequestOutcome.NOT_DONE and _may_resend(lost_answer, options):
                try:
                    return await self.call(replace(operation, status_check=None), options)
                except Exception as again:
                    outcome = await self._ask_outcome(check, options)
                    if outcome is not RequestOutcome.DONE and isinstance(again, ConflictError):
                        raise
                    problem = again
            if outcome is RequestOutcome.DONE:
                return check.result
        raise OutcomeUnknownError(
            operation=operation.name,
            method=operation.method,
            path=operation.path,
            reason=_reason(lost_answer),
            subject=operation.subject,
        ) from problem

    async def _ask_outcome(self, check: StatusCheck[T], options: Options) -> RequestOutcome:
        try:
            return await self.call(check.operation, options)
        except Exception as error:
            if isinstance(error, APIError) and error.code in check.done_codes:
                return RequestOutcome.DONE
            # The caller must get OutcomeUnknownError, not another error such as the store's.
            name = check.operation.name
            _logger.warning(
                "%s: Could not find out whether QPay carried out the request.", name, exc_info=True
            )
            return RequestOutcome.UNCLEAR


def _may_resend(lost_answer: QPayError, options: Options) -> bool:
    # A 2xx with an unreadable body means that the request was accepted. Its effect may not be
    # visible yet, so it is not sent again.
    return bool(options.max_retries) and not isinstance(lost_answer, UnexpectedResponseError)


def _retry_after(problem: QPayError | None) -> float:
    return (problem.retry_after or 0) if isinstance(problem, APIError) else 0


def _reason(error: QPayError) -> str:
    # The error's own text ends with advice, such as to try again, that is wrong here.
    if isinstance(error, TransportError):
        return f"the answer was lost ({error.reason})"
    if isinstance(error, UnexpectedResponseError):
        return f"QPay answered {error.status_code} with a body that cannot be read"
    if isinstance(error, APIError):
        return " ".join(filter(None, (f"QPay answered {error.status_code}", error.code)))
    return str(error)
