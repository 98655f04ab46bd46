"""A transport of httpx with one deadline for an attempt, shared by connect, write and read.

httpx gives each read the whole read timeout, and each address of a host the whole connect
timeout. This transport gives them the seconds that are left of the attempt. It uses httpcore's
public network backend, and the public interface of httpx for transports.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import httpcore
import httpx

from qpaykit._http.deadline import MIN_TIMEOUT_SECONDS, Seconds

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator
    from typing import Any

_HTTPCORE_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


def _remaining(timeout: float | None) -> float | None:
    if isinstance(timeout, Seconds):
        return max(timeout.deadline - time.monotonic(), MIN_TIMEOUT_SECONDS)
    return timeout


class _Stream(httpcore.NetworkStream):
    """A connection whose reads and writes end at the attempt's deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if isinstance(timeout, Seconds) and timeout.deadline <= time.monotonic():
            raise httpcore.ReadTimeout("the answer did not end in time")
        return self._stream.read(max_bytes, _remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _remaining(timeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 (as httpcore types it)
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects to the addresses of a host one after another, until the attempt's deadline."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as problem:
            raise httpcore.ConnectError(str(problem)) from problem
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        for number, address in enumerate(addresses, 1):
            try:
                stream = self._backend.connect_tcp(
                    address,
                    port,
                    _share_of_remaining(timeout, len(addresses) - number + 1),
                    local_address,
                    socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):  # noqa: PERF203
                if number == len(addresses):
                    raise
            else:
                return _Stream(stream)
        raise httpcore.ConnectError("the host has no address")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _share_of_remaining(timeout: float | None, addresses: int) -> float | None:
    """Divide the remaining seconds among the remaining addresses, so that none takes all."""
    left = _remaining(timeout)
    return None if left is None else left / addresses


class _Body(httpx.SyncByteStream):
    """The body of a response; it raises httpx's exceptions in place of httpcore's."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._response.iter_stream()
        except _HTTPCORE_ERRORS as problem:
            failure = _to_httpx(problem)
        else:
            return
        raise failure

    def close(self) -> None:
        self._response.close()


def _to_httpx(problem: Exception) -> Exception:
    # Both libraries give their exceptions the same names.
    kind: type[Exception] = getattr(httpx, type(problem).__name__)
    return kind(str(problem))


class DeadlineTransport(httpx.BaseTransport):
    """Sends requests over connections that end at the attempt's deadline.

    Args:
        context: The TLS context.
        limits: How many connections are opened and kept.
    """

    def __init__(self, context: ssl.SSLContext, limits: httpx.Limits) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; see `httpx.BaseTransport`."""
        url = request.url
        try:
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except _HTTPCORE_ERRORS as problem:
            failure = _to_httpx(problem)
        else:
            return httpx.Response(response.status, headers=response.headers, stream=_Body(response))
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
