"""Other implementations of a call: hand-written httpx, http.client, and a plain socket."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.samples import TOKEN
from benchmarks.server import content_length

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from benchmarks.samples import Call

_BEARER = {"Authorization": f"Bearer {TOKEN}"}


def by_httpx(client: httpx.Client, call: Call) -> object:
    """Do what a good integration with httpx does, the token being there."""
    if call.body is None:
        response = client.get(call.path, headers=_BEARER)
    else:
        response = client.post(call.path, json=call.body, headers=_BEARER)
    response.raise_for_status()
    content: object = response.json()
    return content


async def by_async_httpx(client: httpx.AsyncClient, call: Call) -> object:
    """Do the same, awaited."""
    if call.body is None:
        response = await client.get(call.path, headers=_BEARER)
    else:
        response = await client.post(call.path, json=call.body, headers=_BEARER)
    response.raise_for_status()
    content: object = response.json()
    return content


def by_http_client(connection: http.client.HTTPConnection, call: Call) -> object:
    """Do it with the standard library."""
    if call.body is None:
        connection.request(call.method, call.path, headers=_BEARER)
    else:
        body = json.dumps(call.body).encode()
        headers = {**_BEARER, "Content-Type": "application/json"}
        connection.request(call.method, call.path, body=body, headers=headers)
    response = connection.getresponse()
    content = response.read()
    if response.status != http.client.OK:
        raise RuntimeError(f"the server answered {response.status}")
    answer: object = json.loads(content)
    return answer


def http_connection(url: str) -> http.client.HTTPConnection:
    """Open what `by_http_client` needs."""
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port)


def _request(call: Call, host: str) -> bytes:
    body = b"" if call.body is None else json.dumps(call.body).encode()
    kind = "Content-Type: application/json\r\n" if body else ""
    return (
        f"{call.method} {call.path} HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {TOKEN}\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def by_socket(url: str, call: Call) -> tuple[Callable[[], object], Callable[[], None]]:
    """Do it on a bare socket, which is the limit for any client.

    Returns:
        What makes the exchange, and what closes the socket.
    """
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange() -> object:
        connection.sendall(_request(call, parts.netloc))
        head, end, body = connection.recv(65_536).partition(b"\r\n\r\n")
        while not end:
            head, end, body = (head + connection.recv(65_536)).partition(b"\r\n\r\n")
        length = content_length(head)
        while len(body) < length:
            body += connection.recv(65_536)
        answer: object = json.loads(body)
        return answer

    return exchange, connection.close


class Streams:
    """asyncio's own streams, one for each task: the limit for an async client."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def exchange(self, call: Call) -> object:
        """Make one exchange."""
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        writer.write(_request(call, self._parts.netloc))
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(content_length(head))
        self._idle.append((reader, writer))
        answer: object = json.loads(body)
        return answer

    async def aclose(self) -> None:
        """Close every connection."""
        for _, writer in self._idle:
            writer.close()
            await writer.wait_closed()
