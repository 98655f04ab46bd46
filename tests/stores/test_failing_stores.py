"""A store that fails or hangs: payments go on with the token in memory."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
from redis.exceptions import TimeoutError as RedisTimeoutError

from helpers.answers import only_for, token_body
from helpers.fake_clock import TOKEN_DUE_SECONDS, TOKEN_LIFETIME_SECONDS, Clock, use_for_tokens
from helpers.products import AnyClient, ProductOpener
from helpers.settings import SETTINGS
from qpaykit import (
    AsyncQPayClient,
    AsyncRedisStore,
    CallbackDispatcher,
    MemoryStore,
    QPayClient,
    RedisStore,
)
from qpaykit.stores.adapters import for_async
from qpaykit.stores.best_effort import STORE_COOLDOWN_SECONDS
from qpaykit.stores.cancellation import run_to_completion

if TYPE_CHECKING:
    from datetime import datetime

    import respx

    from qpaykit import Delivery
    from qpaykit.stores import ClaimState

WORDS = "the words of the store, with access-1 in them"


class DownError(ConnectionError):
    pass


class Failing(MemoryStore):
    """A store that works, until it is `down`; it counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.down: set[str] = set()
        self.asked: list[str] = []

    def _at(self, name: str) -> None:
        self.asked.append(name)
        if name in self.down:
            raise DownError(WORDS)

    def get(self, key: str) -> str | None:
        self._at("get")
        return super().get(key)

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        self._at("set")
        super().set(key, value, ttl=ttl)

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        self._at("claim")
        return super().claim(key, owner, lease=lease)

    def release(self, key: str, owner: str) -> None:
        self._at("release")
        super().release(key, owner)

    def delete(self, key: str) -> None:
        self._at("delete")
        super().delete(key)


EVERYTHING = {"get", "set", "claim", "release", "delete"}


@pytest.fixture
def store() -> Failing:
    return Failing()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return use_for_tokens(monkeypatch)


@pytest.fixture
def shop(open_client: ProductOpener, qpay: respx.MockRouter, store: Failing) -> AnyClient:
    qpay["token"].respond(json=token_body(lifetime=TOKEN_LIFETIME_SECONDS))
    qpay.get("/invoice/i-1").respond(json={"invoice_id": "i-1"})
    return open_client(store=store)


def test_a_token_that_needs_renewal_is_still_used(
    shop: AnyClient, store: Failing, qpay: respx.MockRouter, clock: Clock
) -> None:
    shop.tokens.get()
    clock.now += TOKEN_DUE_SECONDS
    store.down = EVERYTHING
    assert shop.invoices.get("i-1").invoice_id == "i-1"
    assert qpay["token"].call_count == 1


def test_without_the_claim_for_its_renewal_a_token_is_still_used(
    shop: AnyClient, store: Failing, qpay: respx.MockRouter, clock: Clock
) -> None:
    shop.tokens.get()
    clock.now += TOKEN_DUE_SECONDS
    store.down = {"claim"}
    assert shop.tokens.get() == "access-1"
    assert qpay["token"].call_count == 1


@pytest.mark.parametrize("down", [{"get"}, {"set"}, {"claim"}, {"release"}, EVERYTHING])
def test_a_login_goes_on_without_the_store(
    shop: AnyClient, store: Failing, qpay: respx.MockRouter, down: set[str]
) -> None:
    store.down = down
    assert [shop.invoices.get("i-1").invoice_id for _ in range(3)] == ["i-1"] * 3
    assert qpay["token"].call_count == 1


def test_a_refused_token_is_replaced_without_the_store(
    shop: AnyClient, store: Failing, qpay: respx.MockRouter
) -> None:
    shop.tokens.get()
    store.down = EVERYTHING
    qpay["token"].respond(json=token_body("second"))

    qpay.get("/invoice/i-1").mock(side_effect=only_for("second"))
    assert shop.invoices.get("i-1").invoice_id == "i-1"
    assert qpay["token"].call_count == 2


def test_threads_make_one_login_without_the_store(
    shop: AnyClient, store: Failing, qpay: respx.MockRouter
) -> None:
    store.down = EVERYTHING
    start = threading.Barrier(10)

    def get(_: int) -> str:
        start.wait(10)
        return shop.tokens.get()

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(get, range(10))) == {"access-1"}
    assert qpay["token"].call_count == 1


def test_the_log_names_the_failure_and_repeats_none_of_its_words(
    shop: AnyClient, store: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    store.down = {"set"}
    with caplog.at_level(logging.DEBUG, "qpaykit"):
        shop.tokens.get()
    records = [one for one in caplog.records if one.name == "qpaykit.tokens"]
    assert [one.levelname for one in records] == ["WARNING"]
    assert f"({DownError.__module__}.DownError)" in records[0].getMessage()
    assert "words" not in caplog.text
    assert records[0].exc_info is None


def test_a_store_that_failed_is_not_asked_at_once_again_and_then_is(
    shop: AnyClient, store: Failing, clock: Clock
) -> None:
    shop.tokens.get()
    clock.now += TOKEN_DUE_SECONDS
    store.down = EVERYTHING
    store.asked.clear()
    for _ in range(5):
        shop.tokens.get()
    assert store.asked == ["get"]
    clock.now += STORE_COOLDOWN_SECONDS
    shop.tokens.get()
    assert store.asked.count("get") >= 2


def test_a_token_that_cannot_be_forgotten_is_an_error(shop: AnyClient, store: Failing) -> None:
    shop.tokens.get()
    store.down = EVERYTHING
    with pytest.raises(ConnectionError):
        shop.tokens.invalidate()


def test_nothing_is_delivered_while_the_store_is_down(
    store: Failing, qpay: respx.MockRouter
) -> None:
    shop = QPayClient(**SETTINGS, store=store)
    qpay.get("/payment/p-1").respond(
        json={"payment_id": "p-1", "payment_status": "PAID", "payment_amount": "100"}
    )
    dispatcher, delivered = CallbackDispatcher(shop), list[str]()
    dispatcher.on_paid(lambda event: delivered.append(event.status))
    store.down = EVERYTHING
    reply = dispatcher.handle(query="qpay_payment_id=p-1")
    assert (reply.outcome, reply.status_code, delivered) == ("unreachable", 503, [])
    store.down = set()
    assert dispatcher.handle(query="qpay_payment_id=p-1").outcome == "delivered"


def test_only_the_claim_that_was_made_is_given_back(store: Failing, qpay: respx.MockRouter) -> None:
    waiting, go = threading.Barrier(11), threading.Event()

    def log_in(_: httpx.Request) -> httpx.Response:
        go.wait(10)
        return httpx.Response(200, json=token_body())

    qpay["token"].mock(side_effect=log_in)
    client = QPayClient(**SETTINGS, store=store)

    def get(_: int) -> str:
        waiting.wait(10)
        return client.tokens.get()

    with ThreadPoolExecutor(10) as pool:
        tokens = pool.map(get, range(10))
        waiting.wait(10)
        go.set()
        assert set(tokens) == {"access-1"}
    assert store.asked.count("claim") == store.asked.count("release") == 1


def test_while_another_process_logs_in_nothing_is_given_back(
    store: Failing, shop: AnyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"login:{shop.settings.account}"
    store.claim(key, "another process", lease=60)
    store.asked.clear()
    asleep: list[float] = []

    async def sleep(seconds: float) -> None:
        assert "release" not in store.asked
        asleep.append(seconds)
        MemoryStore.release(store, key, "another process")

    monkeypatch.setattr("qpaykit._http.transport.SyncTransport.sleep", lambda _, s: sleep(s))
    assert shop.tokens.get() == "access-1"
    assert len(asleep) == 1


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a Redis that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_a_url_may_say_how_long_a_silent_redis_is_waited_for(silent: str) -> None:
    store = RedisStore(f"{silent}?socket_timeout=0.05")
    started = time.monotonic()
    with pytest.raises(RedisTimeoutError):
        store.get("k")
    assert time.monotonic() - started < 2


def test_a_silent_redis_is_an_error_in_time(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qpaykit.stores.redis.SOCKET_TIMEOUT_SECONDS", 0.05)
    started = time.monotonic()
    with pytest.raises(RedisTimeoutError):
        RedisStore(silent).get("k")

    async def ask() -> None:
        store = AsyncRedisStore(silent)
        try:
            await store.get("k")
        finally:
            await store.aclose()

    with pytest.raises(RedisTimeoutError):
        asyncio.run(ask())
    assert time.monotonic() - started < 2


def test_a_silent_redis_holds_up_no_payment(
    silent: str, monkeypatch: pytest.MonkeyPatch, qpay: respx.MockRouter
) -> None:
    monkeypatch.setattr("qpaykit.stores.redis.SOCKET_TIMEOUT_SECONDS", 0.05)
    qpay.get("/invoice/i-1").respond(json={"invoice_id": "i-1"})
    assert QPayClient(**SETTINGS, store=RedisStore(silent)).invoices.get("i-1").invoice_id == "i-1"


class Hanging:
    """An async store whose claims are never answered."""

    def __init__(self) -> None:
        self.claiming = asyncio.Event()

    async def get(self, key: str) -> str | None:
        return None

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        return None

    async def delete(self, key: str) -> None:
        return None

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        self.claiming.set()
        await anyio.sleep_forever()
        raise AssertionError("for ever is over")

    async def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        return False

    async def delivery(self, key: str) -> Delivery | None:
        return None

    async def deliveries(self, since: datetime | None = None) -> AsyncIterator[Delivery]:
        none: list[Delivery] = []
        for delivery in none:
            yield delivery

    async def release(self, key: str, owner: str) -> None:
        return None


def test_a_call_that_is_cancelled_while_its_store_hangs_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qpaykit.stores.cancellation.MAX_CALL_SECONDS", 0.05)

    async def main() -> None:
        store = Hanging()
        client = AsyncQPayClient(**SETTINGS, store=store)
        call = asyncio.ensure_future(client.tokens.get())
        await store.claiming.wait()
        call.cancel()
        await asyncio.wait([call], timeout=5)
        assert call.cancelled()

    asyncio.run(main())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_store_that_hangs_is_given_up(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qpaykit.stores.cancellation.MAX_CALL_SECONDS", 0.05)

    async def main() -> None:
        with anyio.fail_after(5), pytest.raises(TimeoutError):
            await for_async(Hanging()).claim("k", "a", lease=1)

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("failure", [None, OSError("disk")], ids=["cancelled", "failed"])
def test_a_store_that_was_given_up_ends_without_a_complaint(
    failure: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpaykit.stores.cancellation.MAX_CALL_SECONDS", 0.05)
    complaints: list[object] = []

    async def hang() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if failure is not None:
                raise failure from None
            raise

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
        with pytest.raises(TimeoutError):
            await run_to_completion(hang)
        await asyncio.sleep(0.01)
        gc.collect()

    asyncio.run(main())
    assert complaints == []
