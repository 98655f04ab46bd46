"""A token that QPay refuses: one new login between all who hold it, and one request more each."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from helpers.answers import token_body
from helpers.settings import SETTINGS
from qpaykit import AsyncQPayClient, AuthenticationError, MemoryStore, QPayClient
from qpaykit._http.token import Token, token_from_response
from qpaykit.models import TokenResponse


class Refusing:
    """A QPay that refuses every token but `good`, and counts."""

    def __init__(self, good: str | None = None) -> None:
        self.good = good
        self.logins = 0
        self.sent: list[str] = []
        self.before: Callable[[str], None] = lambda token: None
        self._lock = threading.Lock()

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/token"):
            with self._lock:
                self.logins += 1
                return httpx.Response(200, json=token_body(f"access-{self.logins}"))
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.before(token)
        with self._lock:
            self.sent.append(token)
        if token == self.good:
            return httpx.Response(200, json={"invoice_id": "i-1"})
        return httpx.Response(401, json={"error": "NO_CREDENTIALS"})

    def client(self, store: MemoryStore | None = None) -> QPayClient:
        http = httpx.Client(transport=httpx.MockTransport(self.answer))
        return QPayClient(**SETTINGS, store=store, http_client=http)


def refused(client: QPayClient) -> bool:
    try:
        client.invoices.get("i-1")
    except AuthenticationError:
        return True
    return False


def test_ten_threads_to_whom_every_token_is_refused_make_one_login() -> None:
    qpay = Refusing()
    client = qpay.client()
    client.tokens.get()
    together = threading.Barrier(10)

    def wait_for_all(token: str) -> None:
        if token == "access-1":
            together.wait(10)

    qpay.before = wait_for_all
    with ThreadPoolExecutor(10) as pool:
        assert all(pool.map(lambda _: refused(client), range(10)))
    assert qpay.logins == 2
    assert sorted(qpay.sent) == ["access-1"] * 10 + ["access-2"] * 10


def test_fifty_tasks_to_whom_every_token_is_refused_make_one_login() -> None:
    qpay = Refusing()

    async def main() -> list[type]:
        held, everybody = [], asyncio.Event()

        async def answer(request: httpx.Request) -> httpx.Response:
            if request.headers["authorization"] == "Bearer access-1":
                held.append(request)
                if len(held) == 50:
                    everybody.set()
                await everybody.wait()
            return qpay.answer(request)

        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncQPayClient(**SETTINGS, http_client=http)
            await client.tokens.get()
            calls = [
                client.invoices.create(
                    amount=1, sender_invoice_no=str(number), invoice_description="Tea"
                )
                for number in range(50)
            ]
            return [type(one) for one in await asyncio.gather(*calls, return_exceptions=True)]

    assert asyncio.run(main()) == [AuthenticationError] * 50
    assert qpay.logins == 2
    assert sorted(qpay.sent) == ["access-1"] * 50 + ["access-2"] * 50


def test_a_login_of_another_process_during_the_call_is_the_new_one() -> None:
    qpay, store = Refusing(), MemoryStore()
    here, elsewhere = qpay.client(store), qpay.client(store)
    assert here.tokens.get() == elsewhere.tokens.get() == "access-1"
    meanwhile: list[bool] = []

    def other_process(_: str) -> None:
        if not meanwhile:
            meanwhile.append(True)
            assert refused(elsewhere)

    qpay.before = other_process
    assert refused(here)
    assert qpay.logins == 2
    assert qpay.sent == ["access-1", "access-2", "access-1", "access-2"]


def test_a_token_of_before_the_call_is_tried_and_leaves_the_new_login_to_be_made() -> None:
    qpay, store = Refusing(good="access-3"), MemoryStore()
    here, elsewhere = qpay.client(store), qpay.client(store)
    here.tokens.get()
    elsewhere.tokens.invalidate()
    elsewhere.tokens.get()
    assert not refused(here)
    assert qpay.sent == ["access-1", "access-2", "access-3"]


def test_a_call_that_begins_after_the_new_login_may_make_its_own() -> None:
    qpay = Refusing()
    client = qpay.client()
    assert refused(client)
    assert qpay.logins == 2
    qpay.good = "access-3"
    assert not refused(client)


class Changing(MemoryStore):
    """A store that has another old token at each look, as a clock that is behind would make it."""

    looks = 0

    def get(self, key: str) -> str | None:
        self.looks += 1
        if self.looks > 20:
            return None
        answer = TokenResponse.model_validate(token_body(f"old-{self.looks}"))
        token = token_from_response(answer, time.time())
        return Token(token.access, None, token.issued_at - 60, token.expires_at).to_json()


def test_whatever_the_store_gives_a_call_sends_no_more_than_three_times() -> None:
    qpay = Refusing()
    assert refused(qpay.client(Changing()))
    assert len(qpay.sent) == 3


@pytest.mark.parametrize(
    "code", ["TOKEN_INVALID", "INVALID_TOKEN", "AUTHORIZATION_REQUIRED", "SESSION_NOT_FOUND", None]
)
def test_a_401_means_a_new_login_whatever_form_its_code_has(code: str | None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/token"):
            return httpx.Response(200, json=token_body(f"access-{next(logins)}"))
        if request.headers["authorization"] == "Bearer access-1":
            return httpx.Response(401, json={"error": code})
        return httpx.Response(200, json={"invoice_id": "i-1"})

    logins = iter(range(1, 3))
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        client = QPayClient(**SETTINGS, http_client=http)
        assert client.invoices.get("i-1").invoice_id == "i-1"
