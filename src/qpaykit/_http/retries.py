"""What is sent again, and when: the one home of these rules."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

from qpaykit.errors import (
    APIError,
    RateLimitedError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tenacity import AsyncRetrying, RetryCallState

    from qpaykit.config import Options

MAX_RETRY_AFTER = 30.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

_INTERNAL_ERROR = 500

_logger = logging.getLogger("qpaykit.http")


def may_repeat(error: BaseException, *, safe: bool) -> bool:
    """Say whether a request that ended in `error` may be sent again as it is.

    Args:
        error: How the last attempt ended.
        safe: Whether sending it twice does no more than sending it once.
    """
    if isinstance(error, TransportError):
        return safe or not error.sent
    if isinstance(error, UnexpectedResponseError):
        return safe and error.garbled
    if isinstance(error, APIError):
        if error.retry_after is not None and error.retry_after > MAX_RETRY_AFTER:
            return False
        return isinstance(error, RateLimitedError) or (safe and _failed_inside(error))
    return False


def outcome_unknown(error: BaseException) -> bool:
    """Say whether a request that ended in `error` may have been carried out all the same."""
    if isinstance(error, TransportError):
        return error.sent
    if isinstance(error, APIError):
        return _failed_inside(error)
    return isinstance(error, UnexpectedResponseError)


def _failed_inside(error: APIError) -> bool:
    # By the status too: a 500 that names a code may still have done its work.
    return isinstance(error, ServerError) or error.status_code >= _INTERNAL_ERROR


def pause_after(error: BaseException | None, attempt: int) -> float:
    """Seconds to wait before the next attempt: what QPay asked for, else longer each time.

    Args:
        error: How the last attempt ended.
        attempt: How many attempts were made.
    """
    if isinstance(error, APIError) and error.retry_after is not None:
        return error.retry_after
    ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
    # Jitter of the upper half: clients that failed together do not come back together.
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311


def longest_call(options: Options) -> float:
    """Seconds that a call can take at the most, with all its attempts and pauses."""
    return (options.max_retries + 1) * options.timeout + options.max_retries * MAX_RETRY_AFTER


def retrying(
    name: str, options: Options, *, safe: bool, sleep: Callable[[float], Awaitable[None]]
) -> AsyncRetrying:
    """Put the rules into tenacity's terms, for one call of the operation `name`."""
    from tenacity import AsyncRetrying, stop_after_attempt, stop_before_delay

    def repeat(state: RetryCallState) -> bool:
        error = _error(state)
        return error is not None and may_repeat(error, safe=safe)

    def pause(state: RetryCallState) -> float:
        return pause_after(_error(state), state.attempt_number)

    def tell(state: RetryCallState) -> None:
        error = type(_error(state)).__name__
        number = state.attempt_number
        _logger.warning(
            "%s: attempt %d failed (%s), again in %.2f s",
            name,
            number,
            error,
            state.upcoming_sleep,
            extra={
                "operation": name,
                "attempt": number,
                "error": error,
                "pause": state.upcoming_sleep,
            },
        )

    return AsyncRetrying(
        retry=repeat,
        wait=pause,
        stop=stop_after_attempt(options.max_retries + 1) | stop_before_delay(longest_call(options)),
        before_sleep=tell,
        sleep=sleep,
        reraise=True,
    )


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
