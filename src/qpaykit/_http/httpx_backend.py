"""The one module that names the HTTP library: what is used of it, and how it is opened."""

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

_DEFAULT = "httpx"
_LIBRARIES = ("httpx", "httpx2")
_DEADLINE_LIBRARY = "httpx"
_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


class HTTPClient(Protocol):
    """An `httpx.Client` or an `httpx2.Client`.

    A type checker must know the face of both where only one of them is installed, and the
    class itself is looked at when it is handed in.
    """

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""

    def build_request(self, method: str, url: str) -> object:
        """Make one of the library's own requests."""

    def close(self) -> None:
        """Close its connections."""


class AsyncHTTPClient(Protocol):
    """An `httpx.AsyncClient` or an `httpx2.AsyncClient`; see `HTTPClient`."""

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""

    def build_request(self, method: str, url: str) -> object:
        """Make one of the library's own requests."""

    async def aclose(self) -> None:
        """Close its connections."""


class Backend:
    """What is used of httpx, or of a library that has httpx's face."""

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
        # By default a pool keeps fewer connections than it opens, and opens new ones each time.
        self.limits: httpx.Limits = module.Limits(
            max_connections=POOL_CONNECTIONS, max_keepalive_connections=POOL_CONNECTIONS
        )
        self.ssl_context: Callable[[], ssl.SSLContext] = module.create_ssl_context
        self.request: type[httpx.Request] = module.Request
        self.headers: type[httpx.Headers] = module.Headers
        self.stream: type[httpx.ByteStream] = module.ByteStream
        # Parsing a URL takes longer than anything else in a request.
        self.url = lru_cache(maxsize=256)(cast("type[httpx.URL]", module.URL))
        self.problems: tuple[type[Exception], ...] = (
            module.HTTPError,
            module.StreamError,
            module.InvalidURL,
        )
        self.timeout: type[Exception] = module.TimeoutException
        # Its message quotes the refused header, which may hold the token.
        self.header_problem: type[Exception] = module.LocalProtocolError
        self.not_sent: tuple[type[Exception], ...] = (
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

    def failure(self, message: Request, problem: Exception) -> TransportError:
        """Turn the library's exception into ours."""
        kind = TransportTimeout if isinstance(problem, self.timeout) else TransportError
        reason = type(problem).__name__
        if not isinstance(problem, self.header_problem):
            reason = f"{reason}: {_said(problem)}".rstrip(": ")
        return kind(
            method=message.method,
            path=message.path,
            sent=not isinstance(problem, self.not_sent),
            reason=reason,
        )


_library = cache(Backend)


def _said(problem: BaseException) -> str:
    from ssl import SSLError

    inner: BaseException | None = problem
    # On trio a refused certificate is named three exceptions below; further down may stand what
    # the caller was handling when it called.
    while inner is not None and not isinstance(inner, SSLError):
        inner = inner.__context__
    return str(problem) or str(inner or "")


def default_backend() -> Backend:
    """Return the HTTP library, for the few requests that are no calls to QPay."""
    return _library(_DEFAULT)


def backend_of(client: HTTPClient | AsyncHTTPClient | None, *, sync: bool) -> Backend:
    """Return the library whose client this is.

    Raises:
        ConfigurationError: It is a client of neither, or of the other face.
    """
    if client is None:
        return default_backend()
    roots = {kind.__module__.partition(".")[0] for kind in type(client).__mro__}
    name = next((name for name in _LIBRARIES if name in roots), None)
    if name is None:
        msg = f"http_client must be a client of httpx or httpx2, not {type(client).__qualname__}"
        raise ConfigurationError(msg)
    library = _library(name)
    if not isinstance(client, library.client if sync else library.async_client):
        raise ConfigurationError(
            f"http_client must be {name}.Client for QPayClient, "
            f"and {name}.AsyncClient for AsyncQPayClient"
        )
    return library


def pool_of(client: PlainClient) -> SyncPool:
    """Send through a client, with its event hooks and proxies."""
    send = partial(client.send, auth=None, follow_redirects=False, stream=True)
    return Pool(send, client.close)


def open_pools(library: Backend, *, direct: bool) -> SyncPoolGroup:
    """Open connections of our own, past the environment's proxies where `direct`."""
    context = _usable(library.ssl_context, _CERTIFICATE_VARIABLES)

    def another() -> SyncPool:
        if not direct and _proxies():
            _usable(_check_proxies, _PROXY_VARIABLES)
            make = partial(library.client, verify=context, limits=library.limits)
            return pool_of(_usable(make, _PROXY_VARIABLES))
        # What a client does beyond its transport, such as cookies, is not wanted here.
        transport = library.deadline_transport(context)
        return Pool(transport.handle_request, transport.close)

    return PoolGroup(another(), another)


def async_pool_of(client: AsyncPlainClient) -> AsyncPool:
    """Send through a client, with its event hooks and proxies."""
    send = partial(client.send, auth=None, follow_redirects=False, stream=True)
    return Pool(send, client.aclose)


def open_async_pools(library: Backend, *, direct: bool) -> AsyncPoolGroup:
    """Open connections of our own, past the environment's proxies where `direct`."""
    context = _usable(library.ssl_context, _CERTIFICATE_VARIABLES)

    def another() -> AsyncPool:
        if not direct and _proxies():
            _usable(_check_proxies, _PROXY_VARIABLES)
            make = partial(library.async_client, verify=context, limits=library.limits)
            return async_pool_of(_usable(make, _PROXY_VARIABLES))
        transport = library.async_transport(verify=context, limits=library.limits)
        return Pool(transport.handle_async_request, transport.aclose)

    return PoolGroup(another(), another)


def plain_client(library: Backend, timeout: float) -> httpx.Client:
    """Make a client for a request that is no call to QPay's API.

    Raises:
        ConfigurationError: It cannot be made; the message names the variables to look at.
    """
    variables = _CERTIFICATE_VARIABLES + _PROXY_VARIABLES
    return _usable(partial(library.client, timeout=timeout), variables)


def usable_url(library: Backend, base_url: str) -> httpx.URL:
    """Return a base URL as the HTTP library reads it.

    Raises:
        ConfigurationError: Its host cannot be written in a request.
    """
    try:
        return library.url(base_url)
    except Exception as error:  # noqa: BLE001 (IDNA errors are of several kinds)
        name = type(error).__name__
    raise ConfigurationError(
        "base_url (QPAY_BASE_URL, for Quick QR QPAY_QUICKQR_BASE_URL) has a host that cannot be "
        f"used ({name})"
    )


def _usable(make: Callable[[], T], variables: Sequence[str]) -> T:
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
        f"the HTTP client cannot be made: {reason}. Look at {' and '.join(found or variables)}"
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
    """Raise for a proxy whose host cannot be looked up, as the first request would."""
    for url in _proxies():
        host = urlsplit(url).hostname or ""
        if host.isascii():
            host.encode("idna")
