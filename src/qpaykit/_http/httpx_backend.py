"""Chooses the HTTP library, httpx or httpx2, and opens its clients and connection pools."""

from __future__ import annotations

import importlib
import os
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from qpaykit._http.pools import POOL_CONNECTIONS, Pool, PoolGroup
from qpaykit.errors import ConfigurationError, TransportError, TransportTimeout

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeAlias

    import httpx

    from qpaykit._http.types import Request

    Headers: TypeAlias = httpx.Headers
    HTTPRequest: TypeAlias = httpx.Request
    HTTPResponse: TypeAlias = httpx.Response
    PlainClient: TypeAlias = httpx.Client
    AsyncPlainClient: TypeAlias = httpx.AsyncClient
    SyncPool: TypeAlias = Pool[Callable[[httpx.Request], httpx.Response], Callable[[], None]]
    AsyncPool: TypeAlias = Pool[
        Callable[[httpx.Request], Awaitable[httpx.Response]], Callable[[], Awaitable[None]]
    ]
    SyncPoolGroup: TypeAlias = PoolGroup[
        Callable[[httpx.Request], httpx.Response], Callable[[], None]
    ]
    AsyncPoolGroup: TypeAlias = PoolGroup[
        Callable[[httpx.Request], Awaitable[httpx.Response]], Callable[[], Awaitable[None]]
    ]

T = TypeVar("T")

_DEFAULT_LIBRARY = "httpx"
_LIBRARIES = ("httpx", "httpx2")
_DEADLINE_LIBRARY = "httpx"
_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


class HTTPClient(Protocol):
    """An `httpx.Client` or an `httpx2.Client`.

    It is a protocol, so that type checkers accept both where only one of them is installed. The
    class is checked at runtime.
    """

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""

    def build_request(self, method: str, url: str) -> object:
        """Make a request of the library's own class."""

    def close(self) -> None:
        """Close its connections."""


class AsyncHTTPClient(Protocol):
    """An `httpx.AsyncClient` or an `httpx2.AsyncClient`; see `HTTPClient`."""

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""

    def build_request(self, method: str, url: str) -> object:
        """Make a request of the library's own class."""

    async def aclose(self) -> None:
        """Close its connections."""


class Backend:
    """What qpaykit uses of httpx, or of a library with the same interface."""

    def __init__(self, name: str) -> None:
        self.name = name
        module = importlib.import_module(name)
        if not hasattr(module, "AsyncClient"):
            version = getattr(module, "__version__", "of an unknown version")
            raise ConfigurationError(
                f"{name} {version} is not supported: it has no AsyncClient. "
                'Install another one: pip install "httpx>=0.28,<1"'
            )
        self.client: type[httpx.Client] = module.Client
        self.async_client: type[httpx.AsyncClient] = module.AsyncClient
        self.transport: type[httpx.HTTPTransport] = module.HTTPTransport
        self.async_transport: type[httpx.AsyncHTTPTransport] = module.AsyncHTTPTransport
        # By default a pool keeps fewer connections than it opens, so the others are opened anew
        # for each request.
        self.limits: httpx.Limits = module.Limits(
            max_connections=POOL_CONNECTIONS, max_keepalive_connections=POOL_CONNECTIONS
        )
        self.ssl_context: Callable[[], ssl.SSLContext] = module.create_ssl_context
        self.request: type[httpx.Request] = module.Request
        self.headers: type[httpx.Headers] = module.Headers
        self.stream: type[httpx.ByteStream] = module.ByteStream
        # Parsing a URL takes longer than anything else in a request.
        self.url = lru_cache(maxsize=256)(cast("type[httpx.URL]", module.URL))
        self.errors: tuple[type[Exception], ...] = (
            module.HTTPError,
            module.StreamError,
            module.InvalidURL,
        )
        self.timeout_error: type[Exception] = module.TimeoutException
        # Its message quotes the refused header, which may hold the token.
        self.header_error: type[Exception] = module.LocalProtocolError
        self.not_sent_errors: tuple[type[Exception], ...] = (
            module.ConnectError,
            module.ConnectTimeout,
            module.PoolTimeout,
            module.ProxyError,
            module.UnsupportedProtocol,
            # Raised before anything is written, such as for a header that cannot be encoded.
            module.LocalProtocolError,
            module.InvalidURL,
        )

    def deadline_transport(self, context: ssl.SSLContext) -> httpx.BaseTransport:
        """Make a transport that keeps an attempt's deadline, as httpx's own does not."""
        # OpenTelemetry makes its spans by wrapping httpx's own transport.
        is_instrumented = hasattr(self.transport.handle_request, "__wrapped__")
        if is_instrumented or self.name != _DEADLINE_LIBRARY:
            return self.transport(verify=context, limits=self.limits)
        from qpaykit._http.deadline_transport import DeadlineTransport

        return DeadlineTransport(context, self.limits)

    def transport_error(self, request: Request, problem: Exception) -> TransportError:
        """Return the `TransportError` for one of the library's exceptions."""
        kind = TransportTimeout if isinstance(problem, self.timeout_error) else TransportError
        reason = type(problem).__name__
        if not isinstance(problem, self.header_error):
            reason = f"{reason}: {_error_text(problem)}".rstrip(": ")
        return kind(
            method=request.method,
            path=request.path,
            sent=not isinstance(problem, self.not_sent_errors),
            reason=reason,
        )


_get_backend = cache(Backend)


def _error_text(problem: BaseException) -> str:
    from ssl import SSLError

    inner: BaseException | None = problem
    # On trio the certificate's error is three contexts down. The contexts below that may be
    # exceptions that the caller was handling.
    while inner is not None and not isinstance(inner, SSLError):
        inner = inner.__context__
    return str(problem) or str(inner or "")


def default_backend() -> Backend:
    """Return the default HTTP library, for requests that are not calls of QPay's API."""
    return _get_backend(_DEFAULT_LIBRARY)


def backend_of(client: HTTPClient | AsyncHTTPClient | None, *, sync: bool) -> Backend:
    """Return the library of a client; the default one for None.

    Args:
        client: What was passed as `http_client`.
        sync: Whether a sync client is needed.

    Raises:
        ConfigurationError: It is not a client of httpx or httpx2, or is async where a sync one is
            needed, or the reverse.
    """
    if client is None:
        return default_backend()
    roots = {kind.__module__.partition(".")[0] for kind in type(client).__mro__}
    name = next((name for name in _LIBRARIES if name in roots), None)
    if name is None:
        msg = f"http_client must be a client of httpx or httpx2, not {type(client).__qualname__}"
        raise ConfigurationError(msg)
    backend = _get_backend(name)
    if not isinstance(client, backend.client if sync else backend.async_client):
        raise ConfigurationError(
            f"http_client must be {name}.Client for QPayClient, "
            f"and {name}.AsyncClient for AsyncQPayClient"
        )
    return backend


def pool_of(client: PlainClient) -> SyncPool:
    """Return a pool that sends through a client, with its event hooks and proxies."""
    send = partial(client.send, auth=None, follow_redirects=False, stream=True)
    return Pool(send, client.close)


def open_pools(backend: Backend, *, direct: bool) -> SyncPoolGroup:
    """Open pools of connections; with `direct` they ignore the environment's proxies."""
    context = _make_or_explain(backend.ssl_context, _CERTIFICATE_VARIABLES)

    def open_pool() -> SyncPool:
        if not direct and _proxies():
            _make_or_explain(_check_proxies, _PROXY_VARIABLES)
            make = partial(backend.client, verify=context, limits=backend.limits)
            return pool_of(_make_or_explain(make, _PROXY_VARIABLES))
        # What a client does beyond its transport, such as cookies, is not wanted here.
        transport = backend.deadline_transport(context)
        return Pool(transport.handle_request, transport.close)

    return PoolGroup(open_pool(), open_pool)


def async_pool_of(client: AsyncPlainClient) -> AsyncPool:
    """Return a pool that sends through a client, with its event hooks and proxies."""
    send = partial(client.send, auth=None, follow_redirects=False, stream=True)
    return Pool(send, client.aclose)


def open_async_pools(backend: Backend, *, direct: bool) -> AsyncPoolGroup:
    """Open pools of connections; with `direct` they ignore the environment's proxies."""
    context = _make_or_explain(backend.ssl_context, _CERTIFICATE_VARIABLES)

    def open_pool() -> AsyncPool:
        if not direct and _proxies():
            _make_or_explain(_check_proxies, _PROXY_VARIABLES)
            make = partial(backend.async_client, verify=context, limits=backend.limits)
            return async_pool_of(_make_or_explain(make, _PROXY_VARIABLES))
        transport = backend.async_transport(verify=context, limits=backend.limits)
        return Pool(transport.handle_async_request, transport.aclose)

    return PoolGroup(open_pool(), open_pool)


def plain_client(backend: Backend, timeout: float) -> httpx.Client:
    """Make a client for a request that is not a call of QPay's API.

    Raises:
        ConfigurationError: It cannot be made; the message names the variables to check.
    """
    variables = _CERTIFICATE_VARIABLES + _PROXY_VARIABLES
    return _make_or_explain(partial(backend.client, timeout=timeout), variables)


def parse_base_url(backend: Backend, base_url: str) -> httpx.URL:
    """Parse a base URL.

    Raises:
        ConfigurationError: Its host cannot be encoded in a request.
    """
    try:
        return backend.url(base_url)
    except Exception as error:  # noqa: BLE001 (IDNA errors are of several kinds)
        name = type(error).__name__
    raise ConfigurationError(
        "base_url (QPAY_BASE_URL, for Quick QR QPAY_QUICKQR_BASE_URL) has a host that cannot be "
        f"used ({name})"
    )


def _make_or_explain(make: Callable[[], T], variables: Sequence[str]) -> T:
    """Make a part of the HTTP client, whose settings come from the environment.

    Raises:
        ConfigurationError: It cannot be made; the message names the variables, and none of their
            values, which may hold a proxy's password.
    """
    try:
        return make()
    except Exception as error:  # noqa: BLE001 (each variable fails in its own way)
        reason = _reason(error)
    found = [name for name in variables if os.environ.get(name) or os.environ.get(name.lower())]
    raise ConfigurationError(
        f"the HTTP client cannot be made: {reason}. Check {' and '.join(found or variables)}"
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        name = error.name or "socksio"
        return f"the package {name} is missing, which this kind of proxy needs"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return type(error).__name__


def _proxies() -> list[str]:
    from urllib.request import getproxies

    return [url for name, url in getproxies().items() if name in {"http", "https", "all"}]


def _check_proxies() -> None:
    """Raise for a proxy whose host or port cannot be looked up, as the first request would."""
    for url in _proxies():
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host = parts.hostname or ""
        if host.isascii():
            host.encode("idna")
        _ = parts.port  # raises for one above 65535, which HTTP libraries let pass
