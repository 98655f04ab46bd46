"""The two drivers: they send and sleep."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import TYPE_CHECKING, cast

from qpaykit._fork import reset_after_fork
from qpaykit._http.body import MAX_BODY_BYTES, Body, BodyError, LateError
from qpaykit._http.deadline import Deadline
from qpaykit._http.httpx_backend import (
    async_pool_of,
    backend_of,
    open_async_pools,
    open_pools,
    pool_of,
    usable_url,
)
from qpaykit._http.pools import PoolGroup
from qpaykit._http.types import Response
from qpaykit._loops import PerLoop, asyncio_loop
from qpaykit._version import __version__
from qpaykit.errors import ConfigurationError, TransportError, TransportTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from pydantic import SecretStr

    from qpaykit._http.httpx_backend import (
        AsyncHTTPClient,
        AsyncPlainClient,
        AsyncPool,
        AsyncPoolGroup,
        Backend,
        Headers,
        HTTPClient,
        HTTPRequest,
        HTTPResponse,
        PlainClient,
        SyncPoolGroup,
    )
    from qpaykit._http.types import Request

_ABORT_MARGIN_SECONDS = 0.5
_FIRST_ERROR_STATUS = 300
_MAX_CACHED_HEADERS = 256
# What has arrived is handed out before the network is waited for. More than this is no buffer.
_MAX_BUFFERED_CHUNKS = 100_000
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "user-agent": f"qpaykit/{__version__}",
}


class _Base:
    def __init__(self, base_url: str, library: Backend, own_headers: Headers | None) -> None:
        self._base_url = base_url
        self._library = library
        # Cookies are left out on purpose: QPay's session cookie of one merchant must not
        # travel with the requests of another that shares the connection pool.
        self._headers = library.headers({**(own_headers or {}), **_HEADERS})
        self._headers.setdefault("host", usable_url(library, base_url).netloc.decode())
        self._header_cache: dict[tuple[SecretStr, int | None], Headers] = {}

    def _request(self, message: Request, deadline: Deadline) -> HTTPRequest:
        body = message.body
        length = len(body) if body is not None else 0 if message.method == "POST" else None
        headers = self._headers_for(message, length)
        request = self._library.request(
            message.method,
            self._library.url(self._base_url + message.path),
            headers=headers,
            stream=self._library.stream(body or b""),
            extensions={"timeout": deadline},
        )
        request.headers.encoding = self._headers.encoding  # httpx would detect it each time
        request.read()  # for event hooks that look at the content
        return request

    def _headers_for(self, message: Request, length: int | None) -> Headers:
        # The same few sets are sent with thousands of requests. Copying ready headers is ten
        # times faster than building them.
        authorization = message.authorization
        ready = self._header_cache.get((authorization, length))
        if ready is None:
            # The exception of a header that cannot be encoded would hold its value, the token.
            if not authorization.get_secret_value().isascii():
                raise TransportError(
                    method=message.method,
                    path=message.path,
                    sent=False,
                    reason="the authorization is not ASCII",
                )
            ready = self._headers.copy()
            ready["authorization"] = authorization.get_secret_value()
            if length is not None:
                ready["content-length"] = str(length)
            if length:
                ready["content-type"] = "application/json"
            if len(self._header_cache) >= _MAX_CACHED_HEADERS:
                self._header_cache.clear()
            self._header_cache[authorization, length] = ready
        return ready


class SyncTransport(_Base):
    """Sends with a sync client and sleeps with `time.sleep`; suspends nowhere."""

    def __init__(self, base_url: str, client: HTTPClient | None, *, direct: bool = False) -> None:
        library = backend_of(client, sync=True)
        given = cast("PlainClient | None", client)  # httpx2's has the same face
        super().__init__(base_url, library, given.headers if given else None)
        self._given = PoolGroup(pool_of(given)) if given else None
        self._client = client
        self._direct = direct
        self._own: SyncPoolGroup | None = None
        self._pid = 0
        self._closed = False
        self._unlock()
        reset_after_fork(self, SyncTransport._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()

    async def send(self, message: Request, timeout: float) -> Response:
        """Make one attempt; see `Transport.send`."""
        pools = self._pools()
        pool = pools.acquire()
        deadline = Deadline(timeout)
        try:
            response = pool.send(self._request(message, deadline))
            with closing(response):
                body = _collect(response, deadline)
            return _reply(response, body)
        except self._library.problems as problem:
            failure = self._library.failure(message, problem)
        except LateError:
            failure = _late(message)
        except BodyError as problem:
            failure = _lost(message, str(problem))
        finally:
            pools.release(pool)
        # Outside the block, so that the error's traceback has no frame that holds the token.
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        time.sleep(seconds)  # noqa: ASYNC251

    def close(self) -> None:
        """Close the connections that this transport opened itself."""
        self._closed = True
        own, self._own = self._own, None
        if own is not None and self._pid == os.getpid():
            for pool in own.opened:
                pool.close()

    def _pools(self) -> SyncPoolGroup:
        if self._closed or (self._client is not None and self._client.is_closed):
            raise _closed(self._client)
        if self._given is not None:
            return self._given
        own = self._own
        if own is not None and self._pid == os.getpid():
            return own
        with self._lock:
            if self._own is None or self._pid != os.getpid():
                # After a fork, parent and child would read each other's answers.
                self._own = open_pools(self._library, direct=self._direct)
                self._pid = os.getpid()
            return self._own


class AsyncTransport(_Base):
    """Sends with an async client and sleeps with anyio, on asyncio and trio."""

    def __init__(
        self, base_url: str, client: AsyncHTTPClient | None, *, direct: bool = False
    ) -> None:
        library = backend_of(client, sync=False)
        given = cast("AsyncPlainClient | None", client)  # httpx2's has the same face
        super().__init__(base_url, library, given.headers if given else None)
        self._given = PoolGroup(async_pool_of(given)) if given else None
        self._client = client
        # Connections belong to the event loop that opened them, and to the process.
        self._own: PerLoop[AsyncPoolGroup] = PerLoop(
            partial(open_async_pools, library, direct=direct), _close_pools
        )
        self._closed = False

    async def send(self, message: Request, timeout: float) -> Response:
        """Make one attempt; see `Transport.send`."""
        pools = await self._pools()
        pool = pools.acquire()
        deadline = Deadline(timeout)
        try:
            # The phases end by themselves; this ends an answer whose headers trickle in.
            async with _stop_after(timeout + _ABORT_MARGIN_SECONDS):
                response = await pool.send(self._request(message, deadline))
                try:
                    body = await _acollect(response, deadline)
                finally:
                    await response.aclose()
            return _reply(response, body)
        except self._library.problems as problem:
            failure = self._library.failure(message, problem)
        except LateError:
            failure = _late(message)
        except BodyError as problem:
            failure = _lost(message, str(problem))
        except TimeoutError:
            pools.discard(pool)
            failure = _late(message)
        except BaseException:
            # A cancellation can make httpcore lose a connection, and with it a place in its pool.
            pools.discard(pool)
            raise
        finally:
            if pools.release(pool):
                await _close_shielded(pool)
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        import anyio

        await anyio.sleep(seconds)

    async def aclose(self) -> None:
        """Close the connections that this transport opened itself on this event loop."""
        self._closed = True
        await self._own.aclose()

    async def _pools(self) -> AsyncPoolGroup:
        if self._closed or (self._client is not None and self._client.is_closed):
            raise _closed(self._client)
        if self._given is not None:
            return self._given
        return await self._own.get()


async def _close_pools(pools: AsyncPoolGroup) -> None:
    for pool in pools.opened:
        await pool.close()


async def _close_shielded(pool: AsyncPool) -> None:
    import anyio

    with anyio.CancelScope(shield=True):
        await pool.close()


def _stop_after(seconds: float) -> AbstractAsyncContextManager[object]:
    if sys.version_info >= (3, 11) and asyncio_loop() is not None:
        import asyncio

        # anyio's costs three times as much, a tenth of a whole call.
        return asyncio.timeout(seconds)
    return _stop_after_anywhere(seconds)


@asynccontextmanager
async def _stop_after_anywhere(seconds: float) -> AsyncIterator[None]:
    import anyio

    with anyio.fail_after(seconds):
        yield


def _collect(response: HTTPResponse, deadline: Deadline) -> bytes:
    if response.is_stream_consumed:
        return _read_by_hook(response)
    body = Body(response.headers.get("content-encoding", ""), deadline.seconds)
    for chunk in response.iter_raw():
        body.add(chunk)
    return body.content()


async def _acollect(response: HTTPResponse, deadline: Deadline) -> bytes:
    if response.is_stream_consumed:
        return _read_by_hook(response)
    body = Body(response.headers.get("content-encoding", ""), deadline.seconds)
    chunks = response.aiter_raw()
    try:
        async for chunk in chunks:
            body.add(chunk)
    except (BodyError, LateError):
        await _abandon(chunks)
        raise
    return body.content()


async def _abandon(chunks: AsyncIterator[bytes]) -> None:
    """End an iteration over a body where it waits for the network.

    Left as it is, the generators below it would be ended by the garbage collector, which trio
    warns of.
    """
    import anyio

    with anyio.CancelScope() as scope:
        scope.cancel()
        for _ in range(_MAX_BUFFERED_CHUNKS):
            if await anext(chunks, None) is None:
                break


def _read_by_hook(response: HTTPResponse) -> bytes:
    # An event hook of a client that was handed in has read and decoded it already.
    if len(response.content) > MAX_BODY_BYTES:
        raise BodyError(f"the answer is larger than {MAX_BODY_BYTES} bytes")
    return response.content


def _reply(response: HTTPResponse, body: bytes) -> Response:
    status = response.status_code
    # Reading a header takes as long as all the rest here, and only errors have this one.
    return Response(
        status, body, response.headers.get("retry-after") if status >= _FIRST_ERROR_STATUS else None
    )


def _late(message: Request) -> TransportError:
    return TransportTimeout(
        method=message.method, path=message.path, sent=True, reason="the answer did not end in time"
    )


def _lost(message: Request, reason: str) -> TransportError:
    return TransportError(method=message.method, path=message.path, sent=True, reason=reason)


def _closed(client: HTTPClient | AsyncHTTPClient | None) -> ConfigurationError:
    if client is not None and client.is_closed:
        return ConfigurationError("the http_client is closed: close it after this client")
    return ConfigurationError("this client is closed: make a new one")
