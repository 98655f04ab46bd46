"""The retry rules: which requests are sent again, when, and how often."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

from qpaykit._escaping import get_logger
from qpaykit.errors import (
    APIError,
    RateLimitedError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

    from qpaykit.config import Options
    from qpaykit.errors import QPayError
    from qpaykit.operation import Operation

MAX_RETRY_AFTER_SECONDS = 30.0
FIRST_DELAY_SECONDS = 0.5
MAX_DELAY_SECONDS = 8.0

T = TypeVar("T")

_INTERNAL_ERROR = 500

_logger = get_logger("qpaykit.http")


def is_retryable(error: BaseException, *, retryable: bool) -> bool:
    """Return whether a request that ended in `error` may be sent again.

    Args:
        error: How the last attempt ended.
        retryable: Whether the request is idempotent.
    """
    if isinstance(error, TransportError):
        return retryable or not error.sent
    if isinstance(error, UnexpectedResponseError):
        return retryable and error.garbled
    if isinstance(error, APIError):
        if error.retry_after is not None and error.retry_after > MAX_RETRY_AFTER_SECONDS:
            return False
        return isinstance(error, RateLimitedError) or (retryable and _is_server_failure(error))
    return False


def is_outcome_unknown(error: BaseException) -> bool:
    """Return whether a request that ended in `error` may have been carried out."""
    if isinstance(error, TransportError):
        return error.sent
    if isinstance(error, APIError):
        return _is_server_failure(error)
    return isinstance(error, UnexpectedResponseError)


def _is_server_failure(error: APIError) -> bool:
    # Any 5xx counts, whatever code it names: QPay may have carried out the request.
    return isinstance(error, ServerError) or error.status_code >= _INTERNAL_ERROR


def max_duration(options: Options) -> float:
    """Return the seconds that a call can take at most, with all its attempts and pauses."""
    pauses = options.max_retries * MAX_RETRY_AFTER_SECONDS
    return (options.max_retries + 1) * options.timeout + pauses


def retry_delay(error: BaseException | None, attempt: int) -> float:
    """Return the seconds to wait before the next attempt: Retry-After, else the backoff.

    Args:
        error: How the last attempt failed.
        attempt: How many attempts were made.
    """
    if isinstance(error, APIError) and error.retry_after is not None:
        return error.retry_after
    return backoff(attempt)


def backoff(attempt: int) -> float:
    """Return the seconds to wait after a number of attempts: exponential, with equal jitter.

    Equal jitter (50 to 100 % of the backoff) avoids a thundering herd.
    """
    longest = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311


def retry_policy(options: Options, *, retryable: bool) -> AsyncRetrying:
    """Return the rules as stop, wait and retry objects of tenacity.

    Args:
        options: The limits of the call.
        retryable: Whether the request is idempotent.
    """
    from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_before_delay

    return AsyncRetrying(
        retry=retry_if_exception(lambda error: is_retryable(error, retryable=retryable)),
        wait=lambda state: retry_delay(_failure(state), state.attempt_number),
        stop=stop_after_attempt(options.max_retries + 1) | stop_before_delay(max_duration(options)),
    )


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


class Retries:
    """The attempts of one call, decided by tenacity's stop, wait and retry objects.

    tenacity does not call the request itself, so no traceback has its frames, and a call whose
    first attempt succeeds does not import it.

    Args:
        operation: What is sent.
        options: The limits of the call.

    Attributes:
        attempt: The number of the current attempt, from 1.
    """

    def __init__(self, operation: Operation[T], options: Options) -> None:
        self._name = operation.name
        self._retryable = operation.retryable
        self._options = options
        self._started = time.monotonic()
        self._policy: AsyncRetrying | None = None
        self._state: RetryCallState | None = None
        self.attempt = 1

    def delay_after(self, error: QPayError) -> float | None:
        """Return the seconds to wait before the next attempt; None where there is none.

        Args:
            error: How the attempt failed.
        """
        if self._options.max_retries == 0:
            return None
        policy, state = self._policy_and_state()
        state.set_exception((type(error), error, error.__traceback__))
        try:
            if not policy.retry(state):
                return None
            state.upcoming_sleep = policy.wait(state)
            if policy.stop(state):
                return None
            delay = state.upcoming_sleep
            self._log(error, delay)
        finally:
            # A reference to the failure would keep all frames of its traceback alive.
            state.outcome = None
        state.attempt_number += 1
        self.attempt = state.attempt_number
        return delay

    def _policy_and_state(self) -> tuple[AsyncRetrying, RetryCallState]:
        if self._policy is None or self._state is None:
            from tenacity import RetryCallState

            self._policy = retry_policy(self._options, retryable=self._retryable)
            self._state = RetryCallState(self._policy, None, (), {})
            self._state.start_time = self._started
        return self._policy, self._state

    def _log(self, error: QPayError, delay: float) -> None:
        name = type(error).__name__
        _logger.warning(
            "%s: attempt %d failed (%s). Trying again in %.2f s.",
            self._name,
            self.attempt,
            name,
            delay,
            extra={
                "operation": self._name,
                "attempt": self.attempt,
                "error": name,
                "pause": delay,
            },
        )
