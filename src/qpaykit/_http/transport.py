"""The two drivers: they send and sleep. The one module that names the HTTP library."""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import closing
from functools import lru_cache
from typing import TYPE_CHECKING

import httpx

from qpaykit._http.wire import Reply
from qpaykit._version import __version__
from qpaykit.errors import ConfigurationError, TransportError, TransportTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from qpaykit._http.wire import Message

_MAX_BODY = 32 * 1024 * 1024
_GRACE = 0.5
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "user-agent": f"qpaykit/{__version__}",
}
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class _Remaining(dict[str, float]):
    """The `timeout` extension of one attempt: each phase gets what the attempt has left.

    With fixed numbers a connect, a write and a read of fourteen seconds each would all
    keep a limit of fifteen, and the attempt would take three quarters of a minute.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(dict.fromkeys(("connect", "read", "write", "pool"), timeout))
        self.ends = time.monotonic() + timeout

    @property
    def left(self) -> float:
        return self.ends - time.monotonic()

    def get(self, key: str, default: object = None, /) -> float:
        del key, default
        return max(self.left, 0.001)


class _Base:
    def __init__(self, own_headers: httpx.Headers | None) -> None:
        # Cookies are left out on purpose: QPay's session cookie of one merchant must not
        # travel with the requests of another that shares the connection pool.
        self._headers = [
            (name.encode(), value.encode())
            for name, value in {**(own_headers or {}), **_HEADERS}.items()
        ]

    def _request(self, message: Message, remaining: _Remaining) -> httpx.Request:
        authorization = message.authorization.get_secret_value().encode()
        headers = [*self._headers, (b"authorization", authorization)]
        if message.body is not None:
            headers.append((b"content-type", b"application/json"))
        return httpx.Request(
            message.method,
            _url(message.url),
            headers=headers,
            content=message.body,
            extensions={"timeout": remaining},
        )


# Reading a URL takes httpx longer than anything else in a request.
_url = lru_cache(maxsize=256)(httpx.URL)


class SyncTransport(_Base):
    """Sends with `httpx.Client` and sleeps with `time.sleep`; suspends nowhere."""

    def __init__(self, client: httpx.Client | None) -> None:
        super().__init__(client.headers if client is not None else None)
        self._given = client
        self._own: httpx.Client | None = None
        self._pid = 0
        self._closed = False
        self._lock = threading.Lock()

    async def send(self, message: Message, timeout: float) -> Reply:
        """Make one attempt; see `Transport.send`."""
        client = self._client()
        remaining = _Remaining(timeout)
        try:
            response = client.send(
                self._request(message, remaining), auth=None, follow_redirects=False, stream=True
            )
            with closing(response):
                body = _collect(response.iter_bytes(), remaining)
            return _reply(response, body)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as problem:
            failure = _failure(message, problem)
        except _TooMuchError as problem:
            failure = _lost(message, str(problem))
        # Outside the block, so that the error drags no frame along that holds the token.
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        time.sleep(seconds)  # noqa: ASYNC251

    def close(self) -> None:
        """Close the connections that this transport opened itself."""
        self._closed = True
        own, self._own = self._own, None
        if own is not None and self._pid == os.getpid():
            own.close()

    def _client(self) -> httpx.Client:
        if self._closed:
            raise _closed()
        if self._given is not None:
            return self._given
        own = self._own
        if own is not None and self._pid == os.getpid():
            return own
        with self._lock:
            if self._own is None or self._pid != os.getpid():
                # After a fork, parent and child would read each other's answers.
                self._own = httpx.Client()
                self._pid = os.getpid()
            return self._own


class AsyncTransport(_Base):
    """Sends with `httpx.AsyncClient` and sleeps with anyio, on asyncio and trio."""

    def __init__(self, client: httpx.AsyncClient | None) -> None:
        super().__init__(client.headers if client is not None else None)
        self._given = client
        # Connections belong to the event loop that opened them, and to the process.
        self._own: weakref.WeakKeyDictionary[object, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )
        self._pid = os.getpid()
        self._closed = False

    async def send(self, message: Message, timeout: float) -> Reply:
        """Make one attempt; see `Transport.send`."""
        import anyio

        client = self._client()
        remaining = _Remaining(timeout)
        try:
            # The phases end by themselves; this ends an answer whose headers trickle in.
            with anyio.fail_after(timeout + _GRACE):
                response = await client.send(
                    self._request(message, remaining),
                    auth=None,
                    follow_redirects=False,
                    stream=True,
                )
                try:
                    body = await _acollect(response.aiter_bytes(), remaining)
                finally:
                    await response.aclose()
            return _reply(response, body)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as problem:
            failure = _failure(message, problem)
        except TimeoutError:
            failure = _late(message)
        except _TooMuchError as problem:
            failure = _lost(message, str(problem))
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        import anyio

        await anyio.sleep(seconds)

    async def aclose(self) -> None:
        """Close the connections that this transport opened itself on this event loop."""
        self._closed = True
        own = self._own.pop(_running_loop(), None)
        self._own.clear()
        if own is not None and self._pid == os.getpid():
            await own.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._closed:
            raise _closed()
        if self._given is not None:
            return self._given
        if self._pid != os.getpid():
            self._own = weakref.WeakKeyDictionary()
            self._pid = os.getpid()
        loop = _running_loop()
        client = self._own.get(loop)
        if client is None:
            client = self._own[loop] = httpx.AsyncClient()
        return client


def _running_loop() -> object:
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        from trio.lowlevel import current_trio_token

        return current_trio_token()


class _TooMuchError(Exception):
    """The body is larger than any answer of QPay's, or did not end in time."""


def _collect(chunks: Iterator[bytes], remaining: _Remaining) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        _check(body, remaining)
    return bytes(body)


async def _acollect(chunks: AsyncIterator[bytes], remaining: _Remaining) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        _check(body, remaining)
    return bytes(body)


def _check(body: bytearray, remaining: _Remaining) -> None:
    if len(body) > _MAX_BODY:
        msg = f"the answer is larger than {_MAX_BODY} bytes"
        raise _TooMuchError(msg)
    if remaining.left <= 0:
        raise httpx.ReadTimeout("the answer did not end in time")


def _reply(response: httpx.Response, body: bytes) -> Reply:
    return Reply(response.status_code, body, response.headers.get("retry-after"))


def _failure(message: Message, problem: Exception) -> TransportError:
    kind = TransportTimeout if isinstance(problem, httpx.TimeoutException) else TransportError
    sent = not isinstance(problem, _NOT_SENT)
    if isinstance(problem, httpx.LocalProtocolError):
        # Its text repeats the header that it objects to, which may be the token's.
        reason = type(problem).__name__
    else:
        reason = f"{type(problem).__name__}: {problem}".rstrip(": ")
    return kind(method=message.method, path=message.path, sent=sent, reason=reason)


def _late(message: Message) -> TransportError:
    return TransportTimeout(
        method=message.method, path=message.path, sent=True, reason="no answer in time"
    )


def _lost(message: Message, reason: str) -> TransportError:
    return TransportError(method=message.method, path=message.path, sent=True, reason=reason)


def _closed() -> ConfigurationError:
    return ConfigurationError("this client is closed: make a new one")
