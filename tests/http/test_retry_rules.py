"""What is sent again, as a table: the rules alone, without a network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpaykit import (
    APIError,
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    QPayError,
    RateLimitedError,
    ServerError,
    TransportError,
    TransportTimeout,
    UnexpectedResponseError,
)
from qpaykit._http.retry import (
    FIRST_DELAY_SECONDS,
    MAX_DELAY_SECONDS,
    is_outcome_unknown,
    is_retryable,
    max_duration,
    retry_delay,
)
from qpaykit.config import Options


def transport(*, sent: bool) -> TransportError:
    return TransportError(method="POST", path="/invoice", sent=sent, reason="broken")


def timeout(*, sent: bool) -> TransportError:
    return TransportTimeout(method="POST", path="/invoice", sent=sent, reason="slow")


def api(
    kind: type[APIError], status_code: int, *, code: str | None = None, wait: float | None = None
) -> APIError:
    return kind(status_code=status_code, method="POST", path="/x", code=code, retry_after=wait)


def unreadable(*, garbled: bool) -> UnexpectedResponseError:
    return UnexpectedResponseError(
        status_code=200, method="POST", path="/x", reason="?", body="", garbled=garbled
    )


@pytest.mark.parametrize(
    ("error", "safe", "unsafe", "unknown"),
    [
        (transport(sent=False), True, True, False),
        (timeout(sent=False), True, True, False),
        (transport(sent=True), True, False, True),
        (timeout(sent=True), True, False, True),
        (api(ServerError, 500), True, False, True),
        (api(ServerError, 502), True, False, True),
        (api(ServerError, 503, wait=1), True, False, True),
        (api(ServerError, 503, wait=31), False, False, True),
        (api(NotFoundError, 500, code="INVOICE_NOTFOUND"), True, False, True),
        (api(RateLimitedError, 429), True, True, False),
        (api(RateLimitedError, 429, wait=30), True, True, False),
        (api(RateLimitedError, 429, wait=30.5), False, False, False),
        (unreadable(garbled=True), True, False, True),
        (unreadable(garbled=False), False, False, True),
        (api(AuthenticationError, 401), False, False, False),
        (api(PermissionDeniedError, 401), False, False, False),
        (api(InvalidRequestError, 400), False, False, False),
        (api(NotFoundError, 422), False, False, False),
        (api(ConflictError, 409), False, False, False),
        (QPayError("other"), False, False, False),
    ],
)
def test_what_may_be_sent_again(error: QPayError, safe: bool, unsafe: bool, unknown: bool) -> None:
    assert is_retryable(error, retryable=True) is safe
    assert is_retryable(error, retryable=False) is unsafe
    assert is_outcome_unknown(error) is unknown


@given(st.integers(1, 60))
def test_backoff_grows_to_its_maximum_with_jitter(attempt: int) -> None:
    ceiling = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
    assert ceiling / 2 <= retry_delay(None, attempt) <= ceiling


def test_backoff_has_jitter() -> None:
    assert len({retry_delay(None, 3) for _ in range(20)}) > 1


def test_what_qpay_asks_for_is_waited_exactly() -> None:
    assert retry_delay(api(RateLimitedError, 429, wait=7), 1) == 7


def test_the_longest_call_is_its_attempts_and_their_pauses() -> None:
    assert max_duration(Options(timeout=10, max_retries=2)) == 3 * 10 + 2 * 30
