"""Closing a client that is in use: the call ends, clearly, and nothing hangs."""

from __future__ import annotations

import importlib
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType

import anyio
import anyio.to_thread
import pytest

from helpers.blocking_server import BlockingServer
from helpers.settings import BACKENDS, LIBRARIES, Settings, settings_at
from qpaykit import AsyncQPayClient, ConfigurationError, QPayClient, QPayError

SECONDS = 5.0


def test_close_during_a_call_of_another_thread(
    blocking_qpay: BlockingServer, server_settings: Settings
) -> None:
    client = QPayClient(**server_settings, timeout=SECONDS)
    client.tokens.get()
    blocking_qpay.hold = True
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.invoices.get, "i-1")
        assert blocking_qpay.waiting.wait(SECONDS)
        client.close()
        blocking_qpay.go.set()
        error = call.exception(2 * SECONDS)
    assert error is None or (isinstance(error, QPayError) and "closed" in str(error))
    with pytest.raises(ConfigurationError, match="closed"):
        client.invoices.get("i-1")


@pytest.mark.parametrize("backend", BACKENDS)
def test_aclose_during_a_call_of_another_task(
    blocking_qpay: BlockingServer, server_settings: Settings, backend: str
) -> None:
    async def main() -> None:
        client = AsyncQPayClient(**server_settings, timeout=SECONDS)
        await client.tokens.get()
        blocking_qpay.hold = True
        errors: list[QPayError] = []

        async def call() -> None:
            try:
                await client.invoices.get("i-1")
            except QPayError as error:
                errors.append(error)

        with anyio.fail_after(2 * SECONDS):
            async with anyio.create_task_group() as group:
                group.start_soon(call)
                while not blocking_qpay.waiting.is_set():  # noqa: ASYNC110 (set in a thread)
                    await anyio.sleep(0.005)
                await client.aclose()
                blocking_qpay.go.set()
        assert all("closed" in str(error) for error in errors)
        with pytest.raises(ConfigurationError, match="closed"):
            await client.invoices.get("i-1")

    anyio.run(main, backend=backend)


def test_close_during_the_pause_before_another_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        client = QPayClient(**settings_at(f"http://127.0.0.1:{deaf.getsockname()[1]}"))

        async def closes(seconds: float) -> None:
            client.close()

        monkeypatch.setattr(
            "qpaykit._http.transport.SyncTransport.sleep", lambda _, seconds: closes(seconds)
        )
        with pytest.raises(ConfigurationError, match="closed"):
            client.invoices.get("i-1")


@contextmanager
def one_connection() -> Iterator[tuple[str, threading.Event]]:
    """A server that answers one login; the event is set when the connection is ended."""
    ended = threading.Event()
    body = b'{"access_token": "t", "expires_in": 3600}'

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            if connection.recv(1) == b"":
                ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", ended


def test_closing_ends_the_connections_at_once() -> None:
    with one_connection() as (url, ended):
        client = QPayClient(**settings_at(url))
        client.tokens.get()
        assert not ended.wait(0.05)
        client.close()
        assert ended.wait(SECONDS)


@pytest.mark.parametrize("backend", BACKENDS)
def test_aclosing_ends_the_connections_at_once(backend: str) -> None:
    async def main() -> None:
        client = AsyncQPayClient(**settings_at(url))
        await client.tokens.get()
        await anyio.sleep(0.05)
        assert not ended.is_set()
        await client.aclose()
        assert await anyio.to_thread.run_sync(ended.wait, SECONDS)

    with one_connection() as (url, ended):
        anyio.run(main, backend=backend)


def test_closing_twice_is_closing_once(server_settings: Settings) -> None:
    client = QPayClient(**server_settings)
    client.tokens.get()
    client.close()
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        client.invoices.get("i-1")


def test_a_with_options_client_ends_with_the_one_that_it_came_from(
    server_settings: Settings,
) -> None:
    client = QPayClient(**server_settings)
    patient = client.with_options(timeout=60)
    patient.invoices.get("i-1")
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        patient.invoices.get("i-1")


def test_closing_a_with_options_client_leaves_the_one_that_it_came_from_open(
    server_settings: Settings,
) -> None:
    with QPayClient(**server_settings) as client:
        with client.with_options(timeout=60) as patient:
            patient.invoices.get("i-1")
        assert client.invoices.get("i-1").invoice_id == "i-1"


@pytest.mark.parametrize("backend", BACKENDS)
def test_closing_an_async_with_options_client_leaves_the_one_that_it_came_from_open(
    server_settings: Settings, backend: str
) -> None:
    async def main() -> None:
        async with AsyncQPayClient(**server_settings) as client:
            async with client.with_options(timeout=60) as patient:
                await patient.invoices.get("i-1")
            assert (await client.invoices.get("i-1")).invoice_id == "i-1"

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_client_whose_http_client_was_closed_says_so(
    server_settings: Settings, library: str
) -> None:
    http_client = importlib.import_module(library).Client()
    client = QPayClient(**server_settings, http_client=http_client)
    client.tokens.get()
    http_client.close()
    with pytest.raises(ConfigurationError, match="http_client is closed"):
        client.invoices.get("i-1")


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_async_client_whose_http_client_was_closed_says_so(
    server_settings: Settings, library: str, backend: str
) -> None:
    async def main() -> None:
        http_client = importlib.import_module(library).AsyncClient()
        client = AsyncQPayClient(**server_settings, http_client=http_client)
        await client.tokens.get()
        await http_client.aclose()
        with pytest.raises(ConfigurationError, match="http_client is closed"):
            await client.invoices.get("i-1")

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("library", LIBRARIES)
def test_closing_the_http_client_during_a_call_ends_the_call(
    blocking_qpay: BlockingServer, server_settings: Settings, library: str
) -> None:
    http_client = importlib.import_module(library).Client()
    client = QPayClient(**server_settings, timeout=SECONDS, max_retries=0, http_client=http_client)
    client.tokens.get()
    blocking_qpay.hold = True
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.invoices.get, "i-1")
        assert blocking_qpay.waiting.wait(SECONDS)
        http_client.close()
        blocking_qpay.go.set()
        error = call.exception(2 * SECONDS)
    assert error is None or isinstance(error, QPayError)


class StopNowError(BaseException):
    """What a signal raises, as Ctrl-C and a worker's time limit do."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such timers")
@pytest.mark.parametrize("held", ["hold", "hold_login"], ids=["call", "login"])
def test_a_call_that_a_signal_ends_leaves_the_client_usable(
    blocking_qpay: BlockingServer, server_settings: Settings, held: str
) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise StopNowError

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with QPayClient(**server_settings, timeout=SECONDS) as client:
            if held == "hold":
                client.tokens.get()
            setattr(blocking_qpay, held, True)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(StopNowError):
                client.invoices.get("i-1")
            assert blocking_qpay.waiting.is_set()
            blocking_qpay.hold = False
            blocking_qpay.go.set()
            # A login that nobody gave back would be waited for as long as its lease.
            with ThreadPoolExecutor(1) as pool:
                again = pool.submit(client.invoices.get, "i-1")
                assert again.result(SECONDS).invoice_id == "i-1"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
