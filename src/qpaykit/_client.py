"""The base classes of the clients of all products."""

from __future__ import annotations

import copy
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import JsonValue
from typing_extensions import Self

import qpaykit
from qpaykit._http.httpx_backend import AsyncHTTPClient, HTTPClient
from qpaykit._http.sender import RequestSender
from qpaykit._http.session import Session
from qpaykit._http.token_manager import TokenManager
from qpaykit._http.transport import AsyncTransport, SyncTransport
from qpaykit._redaction import Redactor
from qpaykit._sync import run_sync
from qpaykit.config import AccountSettings, Options
from qpaykit.resources._lazy_resource import forget_resources, lazy_resource
from qpaykit.stores.adapters import for_async, for_sync
from qpaykit.stores.memory import MemoryStore
from qpaykit.stores.protocol import AsyncStore, Store

if TYPE_CHECKING:
    from qpaykit.resources.tokens import AsyncTokens, Tokens

C = TypeVar("C", bound="AccountSettings")
X = TypeVar("X", bound="SyncTransport | AsyncTransport")
S = TypeVar("S")
H = TypeVar("H")


class Client(Generic[C, X, S, H]):
    """What the sync and the async client of a product have in common."""

    _owns_transport: bool
    _transport: X
    _store: S
    _async_store: AsyncStore
    _settings: C
    _session: Session

    def _set_parts(
        self,
        settings: C,
        options: Options,
        transport: X,
        store: S,
        async_store: AsyncStore,
        on_request: Callable[[qpaykit.RequestInfo], object] | None,
    ) -> None:
        self._owns_transport = True
        self._settings = settings
        self._transport = transport
        self._store = store
        self._async_store = async_store
        sender = RequestSender(transport, Redactor(), on_request)
        self._session = Session(sender, TokenManager(settings, sender, async_store), options)

    def _set_up(
        self,
        settings: C,
        timeout: float,
        max_retries: int,
        store: S | None,
        http_client: H | None,
        on_request: Callable[[qpaykit.RequestInfo], object] | None,
    ) -> None:
        raise NotImplementedError

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a client with other limits that shares connections, token and store.

        Args:
            timeout: Seconds that one attempt may take; this client's when left out.
            max_retries: How many attempts may follow; this client's when left out.

        Returns:
            A client that need not be closed: it lives as long as this one.

        Raises:
            ConfigurationError: A limit is invalid.
        """
        mine = self._session.options
        options = Options(
            mine.timeout if timeout is None else timeout,
            mine.max_retries if max_retries is None else max_retries,
        )
        other = copy.copy(self)
        other._owns_transport = False
        other._session = self._session.with_options(options)
        forget_resources(other)
        return other

    def _request(
        self, method: str, path: str, json: JsonValue, *, safe: bool
    ) -> Coroutine[Any, Any, JsonValue]:
        from qpaykit.resources._raw import request_operation

        return self._session.call(request_operation(method, path, json, safe=safe))

    @property
    def settings(self) -> C:
        """The client's settings; its secrets are masked in a `repr`."""
        return self._settings

    @property
    def store(self) -> S:
        """Where the token lives and deliveries are remembered."""
        return self._store

    def __repr__(self) -> str:
        settings = self._settings
        name = type(self).__name__
        return f"{name}(username={settings.username!r}, base_url={settings.base_url!r})"


class SyncClient(Client[C, SyncTransport, "Store", "HTTPClient"]):
    """The sync client of a product."""

    def _set_up(
        self,
        settings: C,
        timeout: float,
        max_retries: int,
        store: Store | None,
        http_client: HTTPClient | None,
        on_request: Callable[[qpaykit.RequestInfo], object] | None,
    ) -> None:
        options = Options(timeout, max_retries)
        store = store if store is not None else MemoryStore()
        transport = SyncTransport(settings.base_url, http_client, direct=settings.on_this_machine)
        self._set_parts(settings, options, transport, store, for_sync(store), on_request)

    @lazy_resource("qpaykit.resources.tokens")
    def tokens(self, kind: type[Tokens]) -> Tokens:
        """The bearer token: get and invalidate it."""
        return kind(self._session)

    def request(
        self, method: str, path: str, *, json: JsonValue = None, safe: bool = False
    ) -> JsonValue:
        """Send a request for which there is no method, with token, retries and errors.

        Use it for an endpoint that QPay has added and qpaykit does not have yet. Only the method
        and the path are checked.

        Args:
            method: HTTP method, such as "GET".
            path: Path below the base URL, such as "/terminal/1", with a query if any.
            json: The body; none when left out.
            safe: Whether it may be sent again when its answer was lost. A GET always may; a request
                that creates or changes something must not.

        Returns:
            The decoded answer; None for an empty one.

        Raises:
            pydantic.ValidationError: The method or the path cannot be used; nothing was sent.
            OutcomeUnknownError: The answer of a request that is not safe was lost.
            QPayError: Any other error of `errors`.
        """
        return run_sync(self._request(method, path, json, safe=safe))

    def close(self) -> None:
        """Close the connections; those of a client of `with_options` stay open."""
        if self._owns_transport:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(Client[C, AsyncTransport, "Store | AsyncStore", "AsyncHTTPClient"]):
    """The async client of a product."""

    def _set_up(
        self,
        settings: C,
        timeout: float,
        max_retries: int,
        store: Store | AsyncStore | None,
        http_client: AsyncHTTPClient | None,
        on_request: Callable[[qpaykit.RequestInfo], object] | None,
    ) -> None:
        options = Options(timeout, max_retries)
        store = store if store is not None else MemoryStore()
        transport = AsyncTransport(settings.base_url, http_client, direct=settings.on_this_machine)
        self._set_parts(settings, options, transport, store, for_async(store), on_request)

    @lazy_resource("qpaykit.resources.tokens")
    def tokens(self, kind: type[AsyncTokens]) -> AsyncTokens:
        """The bearer token: get and invalidate it."""
        return kind(self._session)

    async def request(
        self, method: str, path: str, *, json: JsonValue = None, safe: bool = False
    ) -> JsonValue:
        """Send a request for which there is no method, with token, retries and errors.

        Use it for an endpoint that QPay has added and qpaykit does not have yet. Only the method
        and the path are checked.

        Args:
            method: HTTP method, such as "GET".
            path: Path below the base URL, such as "/terminal/1", with a query if any.
            json: The body; none when left out.
            safe: Whether it may be sent again when its answer was lost. A GET always may; a request
                that creates or changes something must not.

        Returns:
            The decoded answer; None for an empty one.

        Raises:
            pydantic.ValidationError: The method or the path cannot be used; nothing was sent.
            OutcomeUnknownError: The answer of a request that is not safe was lost.
            QPayError: Any other error of `errors`.
        """
        return await self._request(method, path, json, safe=safe)

    async def aclose(self) -> None:
        """Close the connections; those of a client of `with_options` stay open."""
        if self._owns_transport:
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
