"""How long a login may take: the limits of the call that it is made for, and no longer."""

from __future__ import annotations

import threading
import time as real_time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import respx

from helpers.answers import token_body
from helpers.fake_clock import (
    TOKEN_DUE_SECONDS,
    TOKEN_LIFETIME_SECONDS,
    Clock,
    use_for_tokens,
)
from helpers.settings import SETTINGS
from qpaykit import (
    AuthenticationError,
    MemoryStore,
    QPayClient,
    ServerError,
    TransportTimeout,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return use_for_tokens(monkeypatch)


class TestWithOptions:
    """A client with other limits than the one whose token it shares."""

    def test_its_login_is_tried_as_often_as_it_says(
        self, client: QPayClient, qpay: respx.MockRouter
    ) -> None:
        qpay["token"].respond(500)
        hasty = client.with_options(max_retries=0)
        for call in (hasty.tokens.get, lambda: hasty.invoices.get("i-1")):
            with pytest.raises(ServerError):
                call()
        assert qpay["token"].call_count == 2
        with pytest.raises(ServerError):
            client.tokens.get()
        assert qpay["token"].call_count == 5

    def test_its_login_takes_no_longer_than_it_says(
        self, client: QPayClient, qpay: respx.MockRouter
    ) -> None:
        left: list[float] = []

        def log_in(request: httpx.Request) -> httpx.Response:
            remaining: Any = request.extensions["timeout"]
            left.append(remaining.seconds())
            return httpx.Response(200, json=token_body())

        qpay["token"].mock(side_effect=log_in)
        client.with_options(timeout=0.5).tokens.get()
        client.tokens.invalidate()
        client.tokens.get()
        assert left[0] <= 0.5
        assert left[1] > 10

    def test_its_token_is_that_of_all(self, client: QPayClient, qpay: respx.MockRouter) -> None:
        hasty = client.with_options(timeout=0.5)
        hasty.tokens.get()
        client.tokens.get()
        hasty.tokens.invalidate()
        qpay["token"].respond(json=token_body("second"))
        assert client.tokens.get() == hasty.tokens.get() == "second"
        assert qpay["token"].call_count == 2

    def test_a_waiting_call_with_a_longer_limit_tries_its_own_login(
        self, client: QPayClient, qpay: respx.MockRouter
    ) -> None:
        begun, go = threading.Event(), threading.Event()

        def log_in(_: httpx.Request) -> httpx.Response:
            if not begun.is_set():
                begun.set()
                go.wait(10)
                raise httpx.ReadTimeout("slow")
            return httpx.Response(200, json=token_body())

        qpay["token"].mock(side_effect=log_in)
        with ThreadPoolExecutor(2) as pool:
            hasty = pool.submit(client.with_options(timeout=0.5, max_retries=0).tokens.get)
            assert begun.wait(10)
            patient = pool.submit(client.tokens.get)
            go.set()
            assert isinstance(hasty.exception(), TransportTimeout)
            assert patient.result() == "access-1"

    @pytest.mark.parametrize(
        ("answer", "limits"),
        [
            pytest.param(httpx.Response(500), {}, id="as patient as the first"),
            pytest.param(
                httpx.Response(401, json={"error": "AUTHENTICATION_FAILED"}),
                {"timeout": 60},
                id="more patient, with a wrong password",
            ),
        ],
    )
    def test_a_waiting_call_without_a_longer_limit_shares_the_failure(
        self,
        client: QPayClient,
        qpay: respx.MockRouter,
        monkeypatch: pytest.MonkeyPatch,
        answer: httpx.Response,
        limits: dict[str, Any],
    ) -> None:
        begun, waits, go = threading.Event(), threading.Event(), threading.Event()

        async def sleep(_: object, seconds: float) -> None:
            waits.set()
            real_time.sleep(seconds)  # noqa: ASYNC251 (of the sync client)

        def log_in(_: httpx.Request) -> httpx.Response:
            begun.set()
            go.wait(10)
            return answer

        monkeypatch.setattr("qpaykit._http.transport.SyncTransport.sleep", sleep)
        qpay["token"].mock(side_effect=log_in)
        first = client.with_options(max_retries=0)
        with ThreadPoolExecutor(2) as pool:
            failures = [pool.submit(first.tokens.get)]
            assert begun.wait(10)
            failures.append(pool.submit(first.with_options(**limits).tokens.get))
            assert waits.wait(10)
            go.set()
        assert {type(failure.exception()) for failure in failures} <= {
            ServerError,
            AuthenticationError,
        }
        assert qpay["token"].call_count == 1


class TestWaitingForAnothersLogin:
    """Another process holds the claim, and does not come to an end."""

    def test_it_ends_when_a_login_of_ones_own_would_have(
        self, qpay: respx.MockRouter, clock: Clock
    ) -> None:
        client = QPayClient(**SETTINGS, timeout=2, max_retries=0)
        client.store.claim(f"login:{client.settings.account}", "another", lease=3600)
        began = clock.now
        with pytest.raises(TransportTimeout, match="another login") as caught:
            client.invoices.get("i-1")
        assert not caught.value.sent
        assert clock.now - began == pytest.approx(2.5, abs=0.1)
        assert not qpay["token"].called

    def test_the_claim_of_one_that_died_is_taken_over(
        self, qpay: respx.MockRouter, clock: Clock
    ) -> None:
        store = MemoryStore()
        client = QPayClient(**SETTINGS, store=store)
        lease = 15 + 30 + 5  # the timeout, the longest Retry-After, and a margin
        store.claim(f"login:{client.settings.account}", "dead", lease=lease)
        began = clock.now
        assert client.tokens.get() == "access-1"
        assert clock.now - began == pytest.approx(lease, abs=0.1)


def test_while_qpay_asks_a_login_to_wait_no_other_process_logs_in(
    qpay: respx.MockRouter, clock: Clock
) -> None:
    store = MemoryStore()
    client = QPayClient(**SETTINGS, store=store)
    key = f"login:{client.settings.account}"
    here = client._session.tokens._claims
    seen: list[str] = []

    def log_in(_: httpx.Request) -> httpx.Response:
        clock.now += 14
        seen.append(store.claim(key, "another process", lease=60))
        assert here.claim(key, "another thread", lease=60) == "held"
        if len(seen) == 3:
            return httpx.Response(200, json=token_body())
        return httpx.Response(429, headers={"retry-after": "30"})

    qpay["token"].mock(side_effect=log_in)
    began = clock.now
    assert client.tokens.get() == "access-1"
    assert clock.now - began > 100
    assert seen == ["held"] * 3
    assert store.claim(key, "another process", lease=60) == "claimed"


class TestEarlyRenewal:
    """The old token is good still, so QPay gets one attempt."""

    @pytest.fixture
    def due(self, qpay: respx.MockRouter, clock: Clock) -> QPayClient:
        qpay["token"].respond(json=token_body(lifetime=TOKEN_LIFETIME_SECONDS))
        client = QPayClient(**SETTINGS, timeout=10)
        client.tokens.get()
        qpay["token"].calls.clear()
        clock.now += TOKEN_DUE_SECONDS
        return client

    def test_nothing_is_tried_twice(self, due: QPayClient, qpay: respx.MockRouter) -> None:
        refresh = qpay.post("/auth/refresh").respond(500)
        qpay["token"].respond(500)
        assert due.tokens.get() == "access-1"
        assert (refresh.call_count, qpay["token"].call_count) == (1, 1)

    def test_where_it_hangs_there_is_no_login_after_it(
        self, due: QPayClient, qpay: respx.MockRouter, clock: Clock
    ) -> None:
        def hang(_: httpx.Request) -> httpx.Response:
            clock.now += 9
            raise httpx.ReadTimeout("slow")

        qpay.post("/auth/refresh").mock(side_effect=hang)
        began = clock.now
        assert [due.tokens.get(), due.tokens.get()] == ["access-1", "access-1"]
        assert clock.now - began == 9
        assert not qpay["token"].called

    @pytest.mark.parametrize(("takes", "logins"), [(4.0, 1), (5.0, 1), (6.0, 0)])
    def test_a_login_after_it_has_what_is_left_and_half_the_time_at_least(
        self, due: QPayClient, qpay: respx.MockRouter, clock: Clock, takes: float, logins: int
    ) -> None:
        left: list[float] = []

        def refuse(_: httpx.Request) -> httpx.Response:
            clock.now += takes
            return httpx.Response(401)

        def log_in(request: httpx.Request) -> httpx.Response:
            remaining: Any = request.extensions["timeout"]
            left.append(remaining.seconds())
            return httpx.Response(200, json=token_body("new"))

        qpay.post("/auth/refresh").mock(side_effect=refuse)
        qpay["token"].mock(side_effect=log_in)
        due.tokens.get()
        assert left == pytest.approx([10 - takes] * logins, abs=0.2)

    def test_it_keeps_to_the_limits_of_its_call(
        self, due: QPayClient, qpay: respx.MockRouter
    ) -> None:
        left: list[float] = []

        def renew(request: httpx.Request) -> httpx.Response:
            remaining: Any = request.extensions["timeout"]
            left.append(remaining.seconds())
            return httpx.Response(200, json=token_body("new"))

        qpay.post("/auth/refresh").mock(side_effect=renew)
        assert due.with_options(timeout=0.5).tokens.get() == "new"
        assert left[0] <= 0.5
