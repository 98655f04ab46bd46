"""`payments.wait` against a clock that moves only when somebody sleeps or answers."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import ValidationError

from helpers.answers import CHECK_UNPAID, token_body
from qpaykit import InvalidRequestError, QPayClient, WaitTimeoutError

if TYPE_CHECKING:
    import respx

PAID = {
    "count": 1,
    "paid_amount": 1500,
    "rows": [{"payment_status": "PAID", "payment_amount": 1500}],
}
HALF = {
    "count": 1,
    "paid_amount": 750,
    "rows": [{"payment_status": "PAID", "payment_amount": 750}],
}
BUSY = httpx.Response(400, json={"error": "SYSTEM_BUSY"})


class Clock:
    """Stands in for `time` where qpaykit waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Till:
    """QPay's payment/check, which takes its time and notes when it was asked."""

    def __init__(self, clock: Clock, *answers: httpx.Response | Exception, takes: float) -> None:
        self._clock = clock
        self._started = clock.now
        self._answers = answers
        self._takes = takes
        self.asked: list[float] = []
        self.allowed: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(round(self._clock.now - self._started, 2))
        self.allowed.append(round(request.extensions["timeout"]["read"], 2))
        self._clock.now += self._takes
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("session", "transport"):
        monkeypatch.setattr(f"qpaykit._http.{module}.time", clock)
    return clock


def till(
    qpay: respx.MockRouter, clock: Clock, *answers: httpx.Response | Exception, takes: float = 0
) -> Till:
    found = Till(clock, *(answers or [httpx.Response(200, json=CHECK_UNPAID)]), takes=takes)
    qpay.post("/payment/check").mock(side_effect=found)
    return found


def gives_up(client: QPayClient, clock: Clock, **limits: float) -> float:
    started = clock.now
    with pytest.raises(WaitTimeoutError):
        client.payments.wait("i-1", **limits)
    return round(clock.now - started, 2)


@pytest.mark.parametrize(
    ("limits", "asked"),
    [
        ({"timeout": 10, "interval": 3}, [0, 3, 6.75, 10]),
        ({"timeout": 2.9, "interval": 1}, [0, 1, 2.9]),
        ({"timeout": 3, "interval": 3}, [0, 3]),
        ({"timeout": 2, "interval": 3}, [0]),
    ],
)
def test_it_asks_no_faster_than_the_interval_and_last_at_the_end(
    client: QPayClient,
    qpay: respx.MockRouter,
    clock: Clock,
    limits: dict[str, float],
    asked: list[float],
) -> None:
    found = till(qpay, clock)
    assert gives_up(client, clock, **limits) == limits["timeout"]
    assert found.asked == asked


def test_the_pauses_grow_to_five_times_the_interval(
    client: QPayClient, qpay: respx.MockRouter, clock: Clock
) -> None:
    found = till(qpay, clock)
    gives_up(client, clock, timeout=180, interval=3)
    pauses = [later - sooner for sooner, later in pairwise(found.asked)]
    assert pauses[0] == 3
    assert max(pauses[:-1]) == pytest.approx(15)


@pytest.mark.parametrize(
    ("limits", "asked"),
    [
        ({"timeout": 7, "interval": 3}, [0, 3, 7]),
        ({"timeout": 0.7, "interval": 0.3}, [0, 0.3, 0.7]),
    ],
)
def test_a_busy_qpay_is_asked_at_the_interval(
    client: QPayClient,
    qpay: respx.MockRouter,
    clock: Clock,
    limits: dict[str, float],
    asked: list[float],
) -> None:
    found = till(qpay, clock, BUSY)
    gives_up(client, clock, **limits)
    assert found.asked == asked


def test_it_waits_until_the_whole_amount_is_paid(
    client: QPayClient, qpay: respx.MockRouter, clock: Clock
) -> None:
    found = till(qpay, clock, httpx.Response(200, json=HALF), httpx.Response(200, json=PAID))
    assert client.payments.wait("i-1", amount=1500, timeout=20, interval=1).paid_amount == 1500
    assert found.asked == [0, 1]


def test_its_error_has_the_last_answer(
    client: QPayClient, qpay: respx.MockRouter, clock: Clock
) -> None:
    till(qpay, clock, httpx.Response(200, json=HALF))
    with pytest.raises(WaitTimeoutError) as caught:
        client.payments.wait("i-1", amount=1500, timeout=2, interval=1)
    assert caught.value.last is not None
    assert caught.value.last.paid_amount == 750


def test_retry_after_is_obeyed_within_the_time(
    client: QPayClient, qpay: respx.MockRouter, clock: Clock
) -> None:
    found = till(
        qpay,
        clock,
        httpx.Response(429, headers={"retry-after": "5"}),
        httpx.Response(200, json=PAID),
    )
    assert client.payments.wait("i-1", timeout=20, interval=1).is_paid(1500)
    assert found.asked == [0, 5]


def test_a_retry_after_beyond_the_time_ends_the_waiting_in_time(
    client: QPayClient, qpay: respx.MockRouter, clock: Clock
) -> None:
    found = till(qpay, clock, httpx.Response(429, headers={"retry-after": "5"}))
    assert gives_up(client, clock, timeout=1, interval=0.5) == 1
    assert found.asked == [0]


def test_a_qpay_that_hangs_is_given_what_is_left(
    client: QPayClient, qpay: respx.MockRouter, clock: Clock
) -> None:
    found = till(qpay, clock, httpx.ReadTimeout("slow"), takes=4)
    assert gives_up(client, clock, timeout=10, interval=1) <= 10 + 4
    assert found.allowed[0] == pytest.approx(10, abs=1)
    assert min(found.allowed) == pytest.approx(1, abs=0.5)


def test_a_login_for_it_is_given_what_is_left_too(
    client: QPayClient, qpay: respx.MockRouter, clock: Clock
) -> None:
    allowed: list[float] = []

    def log_in(request: httpx.Request) -> httpx.Response:
        allowed.append(round(request.extensions["timeout"]["read"], 2))
        return httpx.Response(200, json=token_body())

    qpay["token"].mock(side_effect=log_in)
    till(qpay, clock)
    gives_up(client, clock, timeout=4, interval=4)
    assert allowed == [pytest.approx(4, abs=1)]


def test_a_refusal_ends_the_waiting_at_once(
    client: QPayClient, qpay: respx.MockRouter, clock: Clock
) -> None:
    found = till(qpay, clock, httpx.Response(400, json={"error": "ODD"}))
    with pytest.raises(InvalidRequestError):
        client.payments.wait("i-1")
    assert found.asked == [0]


@pytest.mark.parametrize("name", ["timeout", "interval"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), None, "3", True], ids=repr)
def test_seconds_that_are_none_are_refused(
    client: QPayClient, qpay: respx.MockRouter, name: str, value: Any
) -> None:
    limits: dict[str, Any] = {name: value}
    with pytest.raises(ValidationError) as caught:
        client.payments.wait("i-1", **limits)
    (problem,) = caught.value.errors()
    assert problem["loc"] == (name,)
    assert problem["msg"] == "must be a number of seconds above 0"
    assert not qpay.calls
