"""One client in many threads, on several event loops, and on both sides of a fork."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest

from helpers.blocking_server import BlockingServer
from helpers.fork import get_async, in_a_child
from helpers.settings import Settings
from qpaykit import AsyncQPayClient, QPayClient
from qpaykit._http.httpx_backend import Backend, open_pools
from qpaykit._http.pools import POOL_CONNECTIONS, Pool, PoolGroup

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def test_sixty_four_threads_that_start_at_once_make_one_login(
    blocking_qpay: BlockingServer, server_settings: Settings
) -> None:
    start = threading.Barrier(64)
    with QPayClient(**server_settings) as client, ThreadPoolExecutor(64) as pool:

        def work() -> str | None:
            start.wait()
            return client.invoices.get("i-1").invoice_id

        done = [future.result() for future in [pool.submit(work) for _ in range(64)]]
    assert done == ["i-1"] * 64
    assert blocking_qpay.logins() == 1


def test_an_async_client_serves_one_event_loop_after_another(
    blocking_qpay: BlockingServer, server_settings: Settings
) -> None:
    client = AsyncQPayClient(**server_settings)
    got = [get_async(client, backend) for backend in ("asyncio", "asyncio", "trio")]
    assert got == ["i-1"] * 3
    assert blocking_qpay.logins() == 1


@pytest.mark.parametrize(
    "backends", [("asyncio", "asyncio"), ("trio", "trio"), ("asyncio", "trio")]
)
def test_two_event_loops_use_one_async_client_at_once(
    blocking_qpay: BlockingServer, server_settings: Settings, backends: tuple[str, str]
) -> None:
    client = AsyncQPayClient(**server_settings)
    start = threading.Barrier(2)

    async def many() -> list[str | None]:
        start.wait()
        got: list[str | None] = []

        async def once() -> None:
            got.append((await client.invoices.get("i-1")).invoice_id)

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(once)
        return got

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(lambda on: anyio.run(many, backend=on), on) for on in backends]
        assert [future.result() for future in futures] == [["i-1"] * 10] * 2
    assert blocking_qpay.logins() == 1


@forks
def test_a_child_uses_its_parents_client_over_connections_of_its_own(
    blocking_qpay: BlockingServer, server_settings: Settings
) -> None:
    with QPayClient(**server_settings) as client:
        client.invoices.get("i-1")
        assert in_a_child(lambda: client.invoices.get("i-1").invoice_id) == "i-1"
        client.invoices.get("i-1")
    login, parent, child, again = [port for _, port in blocking_qpay.seen]
    assert login == parent == again
    assert child != parent


@forks
def test_a_child_that_closes_the_client_leaves_the_parents_connection_open(
    blocking_qpay: BlockingServer, server_settings: Settings
) -> None:
    with QPayClient(**server_settings) as client:
        client.invoices.get("i-1")
        assert in_a_child(client.close) is None
        client.invoices.get("i-1")
    assert len({port for _, port in blocking_qpay.seen}) == 1


@forks
def test_a_child_does_not_wait_for_a_login_of_its_parents_thread(
    blocking_qpay: BlockingServer, server_settings: Settings
) -> None:
    # That thread does not exist in the child: nobody there would ever give its claim back.
    with QPayClient(**server_settings) as client, ThreadPoolExecutor(1) as pool:
        client.tokens.get()
        client.tokens.invalidate()
        blocking_qpay.hold_login = True
        login = pool.submit(client.tokens.get)
        assert blocking_qpay.waiting.wait(5)
        told = in_a_child(lambda: client.invoices.get("i-1").invoice_id)
        blocking_qpay.go.set()
        assert told == "i-1"
        assert login.result() == "access-1"


@forks
def test_a_child_opens_connections_while_its_parents_thread_does_so(
    blocking_qpay: BlockingServer, server_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That thread holds the lock, and does not exist in the child to give it back.
    opening, go = threading.Event(), threading.Event()

    def slowly(backend: Backend, *, direct: bool) -> object:
        if threading.current_thread() is not threading.main_thread():
            opening.set()
            go.wait(10)
        return open_pools(backend, direct=direct)

    monkeypatch.setattr("qpaykit._http.transport.open_pools", slowly)
    with QPayClient(**server_settings) as client, ThreadPoolExecutor(1) as pool:
        parent = pool.submit(client.tokens.get)
        assert opening.wait(5)
        told = in_a_child(lambda: client.invoices.get("i-1").invoice_id)
        go.set()
        assert told == "i-1"
        assert parent.result() == "access-1"


@forks
def test_a_forked_child_finds_the_pools_unlocked() -> None:
    opening, go = threading.Event(), threading.Event()

    def new_pool() -> Pool[None, None]:
        return Pool(None, None)

    def slowly() -> Pool[None, None]:
        opening.set()
        go.wait(10)
        return new_pool()

    first = new_pool()
    first.busy = POOL_CONNECTIONS
    pools = PoolGroup(first, slowly)
    with ThreadPoolExecutor(1) as executor:
        executor.submit(pools.acquire)
        assert opening.wait(5)
        told = in_a_child(lambda: pools.release(first))
        go.set()
    assert told is False


@forks
def test_a_child_uses_its_parents_async_client(
    blocking_qpay: BlockingServer, server_settings: Settings
) -> None:
    client = AsyncQPayClient(**server_settings)
    assert get_async(client) == "i-1"
    assert in_a_child(lambda: get_async(client)) == "i-1"
    ports = [port for _, port in blocking_qpay.seen]
    assert ports[-1] not in ports[:-1]
    assert blocking_qpay.logins() == 1
