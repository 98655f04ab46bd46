"""The sync and the async transport: they send requests and sleep."""

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
    parse_base_url,
    pool_of,
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
# An iteration yields buffered chunks before it waits for the network. No buffer has more than this.
_MAX_BUFFERED_CHUNKS = 100_000
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "user-agent": f"qpaykit/{__version__}",
}


class _BaseTransport:
    def __init__(self, base_url: str, backend: Backend, own_headers: Headers | None) -> None:
        self._base_url = base_url
        self._backend = backend
        # Cookies are left out on purpose: QPay's session cookie of one merchant must not
        # travel with the requests of another that shares the connection pool.
        self._headers = backend.headers({**(own_headers or {}), **_HEADERS})
        self._headers.setdefault("host", parse_base_url(backend, base_url).netloc.decode())
        self._header_cache: dict[tuple[SecretStr, int | None], Headers] = {}

    def _request(self, request: Request, deadline: Deadline) -> HTTPRequest:
        body = request.body
        length = len(body) if body is not None else 0 if request.method == "POST" else None
        headers = self._headers_for(request, length)
        built = self._backend.request(
            request.method,
            self._backend.url(self._base_url + request.path),
            headers=headers,
            stream=self._backend.stream(body or b""),
            extensions={"timeout": deadline},
        )
        built.headers.encoding = self._headers.encoding  # httpx would detect it each time
        built.read()  # for event hooks that read the content
        return built

    def _headers_for(self, request: Request, length: int | None) -> Headers:
        # Thousands of requests share a few sets of headers. Copying a set is ten times faster than
        # building it.
        authorization = request.authorization
        ready = self._header_cache.get((authorization, length))
        if ready is None:
            # The exception of a header that cannot be encoded would hold its value, the token.
            if not authorization.get_secret_value().isascii():
                raise TransportError(
                    method=request.method,
                    path=request.path,
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


class SyncTransport(_BaseTransport):
    """Sends with a sync client and sleeps with `time.sleep`; its coroutines never suspend."""

    def __init__(self, base_url: str, client: HTTPClient | None, *, direct: bool = False) -> None:
        backend = backend_of(client, sync=True)
        given = cast("PlainClient | None", client)  # httpx2's has the same face
        super().__init__(base_url, backend, given.headers if given else None)
        self._given = PoolGroup(pool_of(given)) if given else None
        self._client = client
        self._direct = direct
        self._own: SyncPoolGroup | None = None
        self._pid = 0
        self._closed = False
        self._new_lock()
        reset_after_fork(self, SyncTransport._new_lock)

    def _new_lock(self) -> None:
        self._lock = threading.Lock()

    async def send(self, request: Request, timeout: float) -> Response:
        """Make one attempt; see `Transport.send`."""
        pools = self._pools()
        pool = pools.acquire()
        deadline = Deadline(timeout)
        try:
            response = pool.send(self._request(request, deadline))
            with closing(response):
                body = _read_body(response, deadline)
            return _to_response(response, body)
        except self._backend.errors as problem:
            failure = self._backend.transport_error(request, problem)
        except LateError:
            failure = _timed_out(request)
        except BodyError as problem:
            failure = _answer_lost(request, str(problem))
        finally:
            pools.release(pool)
        # Outside the block, so that the error's traceback has no frame that holds the token.
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Sleep; see `Transport.sleep`."""
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
            raise _closed_error(self._client)
        if self._given is not None:
            return self._given
        own = self._own
        if own is not None and self._pid == os.getpid():
            return own
        with self._lock:
            if self._own is None or self._pid != os.getpid():
                # After a fork, parent and child would read each other's answers.
                self._own = open_pools(self._backend, direct=self._direct)
                self._pid = os.getpid()
            return self._own


class AsyncTransport(_BaseTransport):
    """Sends with an async client and sleeps with anyio, on asyncio and trio."""

    def __init__(
        self, base_url: str, client: AsyncHTTPClient | None, *, direct: bool = False
    ) -> None:
        backend = backend_of(client, sync=False)
        given = cast("AsyncPlainClient | None", client)  # httpx2's has the same face
        super().__init__(base_url, backend, given.headers if given else None)
        self._given = PoolGroup(async_pool_of(given)) if given else None
        self._client = client
        # Connections belong to the event loop that opened them, and to the process.
        self._own: PerLoop[AsyncPoolGroup] = PerLoop(
            partial(open_async_pools, backend, direct=direct), _close_pools
        )
        self._closed = False

    async def send(self, request: Request, timeout: float) -> Response:
        """Make one attempt; see `Transport.send`."""
        pools = await self._pools()
        pool = pools.acquire()
        deadline = Deadline(timeout)
        try:
            # Connect, write and read have their own timeouts. This one also ends an answer whose
            # headers arrive byte by byte.
            async with _time_limit(timeout + _ABORT_MARGIN_SECONDS):
                response = await pool.send(self._request(request, deadline))
                try:
                    body = await _aread_body(response, deadline)
                finally:
                    await response.aclose()
            return _to_response(response, body)
        except self._backend.errors as problem:
            failure = self._backend.transport_error(request, problem)
        except LateError:
            failure = _timed_out(request)
        except BodyError as problem:
            failure = _answer_lost(request, str(problem))
        except TimeoutError:
            pools.discard(pool)
            failure = _timed_out(request)
        except BaseException:
            # A cancellation can leak a connection of httpcore, which then counts in its pool.
            pools.discard(pool)
            raise
        finally:
            if pools.release(pool):
                await _close_shielded(pool)
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Sleep; see `Transport.sleep`."""
        import anyio

        await anyio.sleep(seconds)

    async def aclose(self) -> None:
        """Close the connections that this transport opened itself on this event loop."""
        self._closed = True
        await self._own.aclose()

    async def _pools(self) -> AsyncPoolGroup:
        if self._closed or (self._client is not None and self._client.is_closed):
            raise _closed_error(self._client)
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


def _time_limit(seconds: float) -> AbstractAsyncContextManager[object]:
    if sys.version_info >= (3, 11) and asyncio_loop() is not None:
        import asyncio

        # anyio's costs three times as much, a tenth of a whole call.
        return asyncio.timeout(seconds)
    return _anyio_time_limit(seconds)


@asynccontextmanager
async def _anyio_time_limit(seconds: float) -> AsyncIterator[None]:
    import anyio

    with anyio.fail_after(seconds):
        yield


def _read_body(response: HTTPResponse, deadline: Deadline) -> bytes:
    if response.is_stream_consumed:
        return _read_by_hook(response)
    body = Body(response.headers.get("content-encoding", ""), deadline.seconds)
    for chunk in response.iter_raw():
        body.add(chunk)
    return body.content()


async def _aread_body(response: HTTPResponse, deadline: Deadline) -> bytes:
    if response.is_stream_consumed:
        return _read_by_hook(response)
    body = Body(response.headers.get("content-encoding", ""), deadline.seconds)
    chunks = response.aiter_raw()
    try:
        async for chunk in chunks:
            body.add(chunk)
    except (BodyError, LateError):
        await _drain_cancelled(chunks)
        raise
    return body.content()


async def _drain_cancelled(chunks: AsyncIterator[bytes]) -> None:
    """Finish an iteration over a body without waiting for the network.

    Otherwise the garbage collector would close the generators below it, and trio warns of that.
    """
    import anyio

    with anyio.CancelScope() as scope:
        scope.cancel()
        for _ in range(_MAX_BUFFERED_CHUNKS):
            if await anext(chunks, None) is None:
                break


def _read_by_hook(response: HTTPResponse) -> bytes:
    # An event hook of the caller's http_client has read and decoded it already.
    if len(response.content) > MAX_BODY_BYTES:
        raise BodyError(f"the answer is larger than {MAX_BODY_BYTES} bytes")
    return response.content


def _to_response(response: HTTPResponse, body: bytes) -> Response:
    status = response.status_code
    # Reading a header takes as long as the rest of this function, and only errors have this one.
    return Response(
        status, body, response.headers.get("retry-after") if status >= _FIRST_ERROR_STATUS else None
    )


def _timed_out(request: Request) -> TransportError:
    return TransportTimeout(
        method=request.method, path=request.path, sent=True, reason="the answer did not end in time"
    )


def _answer_lost(request: Request, reason: str) -> TransportError:
    return TransportError(method=request.method, path=request.path, sent=True, reason=reason)


def _closed_error(client: HTTPClient | AsyncHTTPClient | None) -> ConfigurationError:
    if client is not None and client.is_closed:
        return ConfigurationError("the http_client is closed: close it after this client")
    return ConfigurationError("this client is closed: make a new one")
