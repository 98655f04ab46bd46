"""A server that does as little as a server can, so that the client's cost is what is seen.

Run as a module it prints its port, serves loopback alone, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.pages import LIST_PATH, page_answer
from benchmarks.samples import CALLS, token_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN_PATH = "/v2/auth/token"
HOLD_PATH = "/hold"
# Long enough for all who ask to be waiting at the same time, each on a connection of its own.
_HOLD_SECONDS = 0.5


def http_answer(status: str, body: bytes) -> bytes:
    """An answer as a plain web server in front of an application writes it."""
    return (
        f"HTTP/1.1 {status}\r\n"
        "Server: nginx\r\n"
        "Date: Mon, 06 Jul 2026 08:00:00 GMT\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: keep-alive\r\n"
        "X-Request-Id: 0123456789abcdef\r\n"
        "\r\n"
    ).encode() + body


_CANNED = {
    f"{call.method} {call.path}".encode(): http_answer("200 OK", call.answer) for call in CALLS
}
_ABSENT = http_answer("404 Not Found", b'{"error":"NOT_FOUND"}')


def answer_to(target: bytes, body: bytes) -> bytes:
    """Answer one request; `target` is its method and path."""
    canned = _CANNED.get(target)
    if canned is not None:
        return canned
    if target == f"POST {TOKEN_PATH}".encode():
        return http_answer("200 OK", token_answer())
    if target == f"POST {LIST_PATH}".encode():
        return http_answer("200 OK", page_answer(body))
    return _ABSENT


class Connection(asyncio.Protocol):
    """Reads requests off one kept-alive connection, and answers each in turn."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while True:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            length = content_length(head)
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            target = head[: head.index(b" HTTP/")]
            self._write(target, answer_to(target, rest[:length]))

    def _write(self, target: bytes, answer: bytes) -> None:
        if self._transport is None:
            return
        if target.endswith(HOLD_PATH.encode()):
            asyncio.get_running_loop().call_later(_HOLD_SECONDS, self._transport.write, answer)
        else:
            self._transport.write(answer)


def content_length(head: bytes) -> int:
    """Find how long the body is that follows a head."""
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        return 0
    return int(lowered[at + 17 :].split(b"\r\n", 1)[0])


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=2048)
    ended = asyncio.Event()
    # Whoever started the server holds the other end: it never outlives them.
    loop.add_reader(sys.stdin.fileno(), ended.set)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await ended.wait()
    server.close()


@contextmanager
def served() -> Iterator[str]:
    """Run the server in a process of its own; yield its URL."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the server did not start")
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
