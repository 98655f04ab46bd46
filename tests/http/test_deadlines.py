"""`timeout` bounds a whole attempt of the sync client: connect, write and read share it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import httpx
import pytest

from helpers.settings import BACKENDS, SETTINGS, settings_at
from qpaykit import AsyncQPayClient, QPayClient, TransportError, TransportTimeout

TIMEOUT = 0.6
SLACK = 1.0
Answer = Callable[[socket.socket], None]
LOGIN = b'{"access_token": "t", "expires_in": 3600}'


def dripping(start: bytes, drop: bytes) -> Answer:
    """Send a beginning, and then the same few bytes again and again."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(drop)
            time.sleep(0.05)

    return answer


def replying(connection: socket.socket) -> None:
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(LOGIN)}\r\n\r\n"
    connection.sendall(head.encode() + LOGIN)


def silent(connection: socket.socket) -> None:
    time.sleep(30)


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A server on loopback that reads a request and answers it in its own way."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(65_536)
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def seconds_of_one_attempt(base_url: str) -> float:
    with QPayClient(**settings_at(base_url), timeout=TIMEOUT, max_retries=0) as client:
        started = time.monotonic()
        with pytest.raises(TransportError):
            client.tokens.get()
        return time.monotonic() - started


@pytest.mark.parametrize(
    "answer",
    [
        silent,
        dripping(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nx-long: ", b"a"),
        dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1", b";a=b"),
        dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"a"),
    ],
    ids=["silence", "headers", "a header", "1xx answers", "chunks", "a chunk's head", "the body"],
)
def test_an_answer_that_trickles_in_ends_with_the_timeout(answer: Answer) -> None:
    with server(answer) as url:
        assert seconds_of_one_attempt(url) < TIMEOUT + SLACK


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "answer",
    [
        dripping(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"a"),
    ],
    ids=["headers", "the body"],
)
def test_an_awaited_answer_that_trickles_in_is_a_timeout(backend: str, answer: Answer) -> None:
    async def main(url: str) -> TransportTimeout:
        async with AsyncQPayClient(**settings_at(url), timeout=TIMEOUT, max_retries=0) as client:
            with pytest.raises(TransportTimeout) as caught:
                await client.tokens.get()
        return caught.value

    with server(answer) as url:
        error = anyio.run(main, url, backend=backend)
    assert (error.method, error.path, error.sent) == ("POST", "/auth/token", True)


def test_a_host_with_three_silent_addresses_takes_no_longer_than_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolved(*args: object, **more: object) -> list[object]:
        addresses = [(f"127.0.0.{number}", 9) for number in (2, 3, 4)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    def unanswered(self: socket.socket, address: object) -> None:
        time.sleep(self.gettimeout() or 0)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(socket.socket, "connect", unanswered)
    assert seconds_of_one_attempt("http://localhost:9") < TIMEOUT + SLACK / 2


def test_an_address_that_is_silent_leaves_time_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect = socket.socket.connect

    def resolved(*args: object, **more: object) -> list[object]:
        addresses = [("127.0.0.2", port), ("127.0.0.1", port)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    def unanswered_there(self: socket.socket, address: tuple[str, int]) -> None:
        if address[0] == "127.0.0.2":
            time.sleep(self.gettimeout() or 0)
            raise TimeoutError("timed out")
        connect(self, address)

    with server(replying) as url:
        port = int(url.rpartition(":")[2])
        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        monkeypatch.setattr(socket.socket, "connect", unanswered_there)
        with QPayClient(**settings_at(url), timeout=2, max_retries=0) as client:
            assert client.tokens.get() == "t"


def test_connecting_and_reading_share_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.create_connection

    def slow(*args: Any, **more: Any) -> socket.socket:
        time.sleep(TIMEOUT * 0.7)
        return connect(*args, **more)

    monkeypatch.setattr(socket, "create_connection", slow)
    with server(silent) as url:
        assert seconds_of_one_attempt(url) < TIMEOUT * 1.5


def test_writing_and_reading_share_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    send = socket.socket.send

    def slow(self: socket.socket, data: bytes, flags: int = 0) -> int:
        time.sleep(TIMEOUT * 0.7)
        return send(self, data, flags)

    with server(silent) as url:
        monkeypatch.setattr(socket.socket, "send", slow)
        assert seconds_of_one_attempt(url) < TIMEOUT * 1.8


def test_a_timeout_is_a_transport_timeout() -> None:
    with (
        server(silent) as url,
        QPayClient(**settings_at(url), timeout=0.2, max_retries=0) as client,
        pytest.raises(TransportTimeout),
    ):
        client.tokens.get()


class Slow(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b"{"
        time.sleep(0.1)
        yield b"}"


def test_an_answer_that_is_not_complete_at_the_timeout_is_a_transport_timeout() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Slow()))
    with (
        httpx.Client(transport=transport) as given,
        QPayClient(**SETTINGS, http_client=given, timeout=0.05, max_retries=0) as client,
        pytest.raises(TransportTimeout) as caught,
    ):
        client.tokens.get()
    assert caught.value.reason == "the answer did not end in time"
    assert (caught.value.method, caught.value.path) == ("POST", "/auth/token")
    assert caught.value.sent
