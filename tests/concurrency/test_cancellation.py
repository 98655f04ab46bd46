"""Cancelled at any await, the async client stays usable, and no claim is held."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import anyio
import anyio.lowlevel
import httpx
import pytest
from packaging.version import Version

from helpers.answers import token_body
from helpers.cancellation import BACKENDS_AND_TASKS, Cancellation, cancelled_at, cancelled_when, run
from helpers.scripted_server import ScriptedServer, plain, scripted_server
from helpers.settings import LIBRARIES, SETTINGS, settings_at
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncOrders,
    AsyncQPayClient,
    AsyncRedisStore,
    AsyncSQLiteStore,
    AsyncStore,
    MemoryStore,
    PaymentEvent,
    RedisStore,
    Store,
)
from qpaykit._http import pools
from qpaykit._http.httpx_backend import default_backend
from qpaykit._http.transport import _time_limit
from qpaykit.stores.adapters import for_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from qpaykit import Invoice
    from qpaykit._invoice_record import Draft
    from qpaykit.stores.protocol import ClaimState

STORES = ["memory", "sqlite", "redis", "async-redis"]
MOST_STEPS = 400
# Before 4.16 anyio left the socket of a cancelled connect to the garbage collector.
forgets = Version(version("anyio")) < Version("4.16")
anyio_forgets_sockets = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning" if forgets else "error"
)
# A claim that nobody gives back is held for its lease, which is longer than any test waits.
PATIENCE = 2.0
Place = Callable[[], "Store | AsyncStore"]


@pytest.fixture(params=STORES)
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Make an empty store at each call."""
    kind = str(request.param)
    if kind == "memory":
        return MemoryStore
    if kind == "sqlite":
        return lambda: AsyncSQLiteStore(tmp_path / f"{uuid4().hex}.db")
    url: str = request.getfixturevalue("redis_url")
    if kind == "redis":
        return lambda: RedisStore(url, prefix=uuid4().hex)
    return lambda: AsyncRedisStore(url, prefix=uuid4().hex)


@pytest.fixture
def runner(request: pytest.FixtureRequest, new_store: Place) -> Cancellation:
    chosen: Cancellation = request.param
    if chosen == "trio" and isinstance(new_store(), AsyncRedisStore):
        # redis.asyncio knows asyncio alone, as the store's docstring says.
        return "asyncio"
    return chosen


async def answer(request: httpx.Request) -> httpx.Response:
    await anyio.lowlevel.checkpoint()
    path = request.url.path
    if path.endswith("/auth/token"):
        body = token_body()
    elif "/payment/" in path:
        body = {"payment_id": "p-1", "payment_status": "PAID", "payment_amount": "100"}
    else:
        body = {"invoice_id": "i-1"}
    await anyio.lowlevel.checkpoint()
    return httpx.Response(200, json=body)


@asynccontextmanager
async def client_on(store: Store | AsyncStore) -> AsyncIterator[AsyncQPayClient]:
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http_client,
        AsyncQPayClient(**SETTINGS, store=store, http_client=http_client) as client,
    ):
        yield client


@asynccontextmanager
async def client_at(
    server: ScriptedServer, library: str, connections: int
) -> AsyncIterator[AsyncQPayClient]:
    async with AsyncExitStack() as stack:
        http_client = None
        if library in LIBRARIES:
            module = importlib.import_module(library)
            opened = module.AsyncClient(limits=module.Limits(max_connections=connections))
            http_client = await stack.enter_async_context(opened)
        client = AsyncQPayClient(
            **settings_at(server.base_url), timeout=PATIENCE, http_client=http_client
        )
        yield await stack.enter_async_context(client)


async def close(store: Store | AsyncStore) -> None:
    if isinstance(store, AsyncSQLiteStore | AsyncRedisStore):
        await store.aclose()
    elif isinstance(store, RedisStore):
        store.close()


async def gets_an_invoice(client: AsyncQPayClient) -> bool:
    with anyio.move_on_after(PATIENCE):
        return (await client.invoices.get("i-1")).invoice_id == "i-1"
    return False


@pytest.mark.parametrize("runner", BACKENDS_AND_TASKS, indirect=True)
def test_a_call_cancelled_at_any_await_leaves_the_login_to_others(
    new_store: Place, runner: Cancellation
) -> None:
    stuck: list[int] = []

    async def main() -> None:
        for step in range(MOST_STEPS):
            store = new_store()
            async with client_on(store) as client, client_on(store) as another:
                reached = await cancelled_at(step, client.invoices.get("i-1"), runner)
                if not (await gets_an_invoice(another) and await gets_an_invoice(client)):
                    stuck.append(step)
            await close(store)
            if not reached:
                assert step > 2
                return
        pytest.fail("the call never ended")

    run(runner, main)
    assert stuck == []


@pytest.mark.parametrize("runner", BACKENDS_AND_TASKS, indirect=True)
def test_a_delivery_cancelled_at_any_await_is_given_back_or_done(
    new_store: Place, runner: Cancellation
) -> None:
    lost: list[tuple[int, str]] = []
    doubled: list[int] = []

    async def main() -> None:
        for step in range(MOST_STEPS):
            store = new_store()
            async with client_on(store) as client:
                await client.tokens.get()
                delivered: list[str] = []
                dispatcher = AsyncCallbackDispatcher(client, patience=0.1)

                @dispatcher.on_paid
                async def deliver(event: PaymentEvent, delivered: list[str] = delivered) -> None:
                    await anyio.lowlevel.checkpoint()
                    delivered.append(event.status)

                flow = dispatcher.handle(query="qpay_payment_id=p-1")
                reached = await cancelled_at(step, flow, runner)
                reply = await dispatcher.handle(query="qpay_payment_id=p-1")
                if reply.outcome not in {"delivered", "duplicate"}:
                    lost.append((step, reply.outcome))
                elif len(delivered) != 1:
                    doubled.append(step)
            await close(store)
            if not reached:
                assert step > 2
                return
        pytest.fail("the delivery never ended")

    run(runner, main)
    assert (lost, doubled) == ([], [])


@pytest.mark.parametrize("runner", ["trio", "asyncio-task"], indirect=True)
def test_an_order_opened_and_cancelled_at_any_await_keeps_the_invoice_that_was_made(
    new_store: Place, runner: Cancellation
) -> None:
    forgotten: list[int] = []

    async def main() -> None:
        for step in range(MOST_STEPS):
            store = new_store()
            async with client_on(store) as client:
                await client.tokens.get()
                made: list[Invoice] = []
                dispatcher = AsyncCallbackDispatcher(client, patience=0.1)
                create = dispatcher._io.create

                async def note(
                    request: Draft,
                    made: list[Invoice] = made,
                    create: Callable[[Draft], Awaitable[Invoice]] = create,
                ) -> Invoice:
                    made.append(await create(request))
                    return made[-1]

                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(dispatcher._io, "create", note)
                    orders = AsyncOrders(dispatcher)
                    flow = orders.open("42", amount=1500, description="Tea")
                    reached = await cancelled_at(step, flow, runner)
                    await orders.open("42", amount=1500, description="Tea")
                if len(made) != 1:
                    forgotten.append(step)
            await close(store)
            if not reached:
                assert step > 1
                return
        pytest.fail("the order was never opened")

    run(runner, main)
    assert forgotten == []


class SlowStore(MemoryStore):
    """Takes a claim only once somebody has tried to give it back, or after a while."""

    blocking = True

    def __init__(self) -> None:
        super().__init__()
        self.claiming = threading.Event()
        self.given_back = threading.Event()

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        if not self.claiming.is_set():
            self.claiming.set()
            self.given_back.wait(0.3)
        return super().claim(key, owner, lease=lease)

    def release(self, key: str, owner: str) -> None:
        super().release(key, owner)
        if self.claiming.is_set():
            self.given_back.set()


@pytest.mark.parametrize("runner", BACKENDS_AND_TASKS)
def test_a_claim_that_is_slow_is_given_back_when_its_task_is_cancelled(
    runner: Cancellation,
) -> None:
    async def main() -> None:
        store = SlowStore()
        async with client_on(store) as client:
            await cancelled_when(store.claiming, client.invoices.get("i-1"), runner)
            assert await gets_an_invoice(client)

    run(runner, main)


class Granting(MemoryStore):
    """A store that blocks until it is told to answer; it may fail then."""

    blocking = True

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()
        self._failure = failure

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        self.asked.set()
        self.go.wait(10)
        if self._failure is not None:
            raise self._failure
        return super().claim(key, owner, lease=lease)


def faces_of(store: Store) -> list[AsyncStore]:
    """The store as the async client calls it: in a thread, and one that is awaited."""
    threaded = for_async(store)
    return [threaded, for_async(threaded)]


async def claimed_in_spite_of(cancelled: Granting, face: AsyncStore) -> list[str]:
    """What became of a claim whose task was cancelled while the store was asked."""
    known: list[str] = []

    async def flow() -> None:
        known.append(await face.claim("k", "a", lease=60))
        await asyncio.sleep(10)
        known.append("it went on")

    task = asyncio.ensure_future(flow())
    await asyncio.to_thread(cancelled.asked.wait, 10)
    task.cancel()
    await asyncio.sleep(0.02)
    assert not task.done()
    cancelled.go.set()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
    return known


@pytest.mark.parametrize("face", [0, 1], ids=["in a thread", "awaited"])
def test_a_claim_that_was_made_is_known_before_its_task_ends(face: int) -> None:
    async def main() -> None:
        store = Granting()
        assert await claimed_in_spite_of(store, faces_of(store)[face]) == ["claimed"]

    asyncio.run(main())


@pytest.mark.parametrize("face", [0, 1], ids=["in a thread", "awaited"])
@pytest.mark.parametrize("failure", [None, OSError("disk")], ids=["held", "a failure"])
def test_a_claim_that_was_not_made_ends_with_the_cancellation(
    face: int, failure: Exception | None
) -> None:
    async def main() -> None:
        store = Granting(failure)
        MemoryStore.claim(store, "k", "another", lease=60)
        assert await claimed_in_spite_of(store, faces_of(store)[face]) == []

    asyncio.run(main())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came with Python 3.11")
@pytest.mark.parametrize("face", [0, 1], ids=["in a thread", "awaited"])
def test_a_timeout_during_a_claim_is_a_timeout_at_the_next_wait(face: int) -> None:
    async def main() -> None:
        store = Granting()
        threading.Timer(0.1, store.go.set).start()
        async with _time_limit(0.03):
            known.append(await faces_of(store)[face].claim("k", "a", lease=60))
            await asyncio.sleep(10)

    known: list[str] = []
    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert known == ["claimed"]


@anyio_forgets_sockets
@pytest.mark.parametrize("library", ["connections of its own", *LIBRARIES])
@pytest.mark.parametrize("runner", BACKENDS_AND_TASKS)
def test_a_send_cancelled_at_any_await_leaves_the_connections_usable(
    runner: Cancellation, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that one connection that is lost is missed.
    monkeypatch.setattr(pools, "POOL_CONNECTIONS", 1)
    monkeypatch.setattr(default_backend(), "limits", httpx.Limits(max_connections=1))
    spoilt: list[int] = []

    async def main(server: ScriptedServer) -> None:
        server.play([plain(200, {"invoice_id": "i-1"})])
        for step in range(MOST_STEPS):
            # httpx loses a connection to a Task.cancel in its own clean-up (docs/http.md, Limits);
            # of a hundred, it does not miss one.
            loses = (library, runner) == ("httpx", "asyncio-task")
            async with client_at(server, library, 100 if loses else 1) as client:
                reached = await cancelled_at(step, client.invoices.get("i-1"), runner)
                # More calls than the cancelled one could have left connections behind.
                if not all([await gets_an_invoice(client) for _ in range(2)]):
                    spoilt.append(step)
            if not reached:
                assert step > 2
                return
        pytest.fail("the call never ended")

    with scripted_server() as server:
        run(runner, lambda: main(server))
    gc.collect()
    assert spoilt == []
