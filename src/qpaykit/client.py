"""The clients: settings in, resources out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, TypeVar

from pydantic import JsonValue, SecretStr
from typing_extensions import Self

from qpaykit._http.httpx_backend import AsyncHTTPClient, HTTPClient
from qpaykit._http.sender import RequestSender
from qpaykit._http.session import Session
from qpaykit._http.token_manager import TokenManager
from qpaykit._http.transport import AsyncTransport, SyncTransport
from qpaykit._redaction import Redactor
from qpaykit._sync import run_sync
from qpaykit.config import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    Options,
    Secrets,
    Settings,
    load_settings,
    wrap_secret,
    wrap_secrets,
)
from qpaykit.hooks import RequestInfo
from qpaykit.resources._raw import request_operation
from qpaykit.resources.ebarimt import AsyncEbarimt, Ebarimt
from qpaykit.resources.invoices import AsyncInvoices, Invoices
from qpaykit.resources.payments import AsyncPayments, Payments
from qpaykit.resources.subscriptions import AsyncSubscriptions, Subscriptions
from qpaykit.resources.tokens import AsyncTokens, Tokens
from qpaykit.stores.adapters import for_async, for_sync
from qpaykit.stores.memory import MemoryStore
from qpaykit.stores.protocol import AsyncStore, Store

X = TypeVar("X", bound="SyncTransport | AsyncTransport")
S = TypeVar("S")


class _Client(Generic[X, S]):
    """What both clients have in common: all but how they are made and closed."""

    _owns_transport: bool
    _transport: X
    _store: S
    _awaited_store: AsyncStore
    _settings: Settings
    _session: Session

    def _open(
        self,
        settings: Settings,
        options: Options,
        transport: X,
        store: S,
        awaited: AsyncStore,
        on_request: Callable[[RequestInfo], object] | None,
    ) -> None:
        self._owns_transport = True
        self._settings = settings
        self._transport = transport
        self._store = store
        self._awaited_store = awaited
        sender = RequestSender(transport, Redactor(), on_request)
        self._session = Session(sender, TokenManager(settings, sender, awaited), options)
        self._furnish(self._session)

    def _furnish(self, session: Session) -> None:
        raise NotImplementedError

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a client with other limits that shares connections, token and store.

        Args:
            timeout: Seconds that one attempt may take; this client's when left out.
            max_retries: How many attempts may follow; this client's when left out.

        Returns:
            A client that need not be closed: it lives as long as this one.

        Raises:
            ConfigurationError: A limit cannot be right.
        """
        mine = self._session.options
        options = Options(
            mine.timeout if timeout is None else timeout,
            mine.max_retries if max_retries is None else max_retries,
        )
        other = copy.copy(self)
        other._owns_transport = False
        other._session = self._session.with_options(options)
        other._furnish(other._session)
        return other

    def _request(
        self, method: str, path: str, json: JsonValue, *, safe: bool
    ) -> Coroutine[Any, Any, JsonValue]:
        return self._session.call(request_operation(method, path, json, safe=safe))

    @property
    def settings(self) -> Settings:
        """What the client was set up with; the secrets in it are masked when shown."""
        return self._settings

    @property
    def store(self) -> S:
        """Where the token lives and deliveries are remembered."""
        return self._store

    def __repr__(self) -> str:
        settings = self._settings
        name = type(self).__name__
        return f"{name}(username={settings.username!r}, base_url={settings.base_url!r})"


class QPayClient(_Client[SyncTransport, "Store"]):
    """Talks to QPay in one merchant's name; safe to share between threads.

    Nothing is sent before the first call. Close it, or use it in a `with` block.

    Args:
        username: QPay's client id (`QPAY_USERNAME`).
        password: QPay's client secret (`QPAY_PASSWORD`).
        invoice_code: The code for invoices that name none (`QPAY_INVOICE_CODE`).
        callback_url: The URL for invoices that name none (`QPAY_CALLBACK_URL`).
        base_url: `PRODUCTION_URL` (the default) or `SANDBOX_URL` (`QPAY_BASE_URL`).
        callback_secret: What callback URLs are signed with; several while one is rotated
            out, the first signs (`QPAY_CALLBACK_SECRET`).
        timeout: Seconds that one attempt may take.
        max_retries: How many attempts may follow a failed one, where that is safe.
        store: Where the token lives and deliveries are remembered; this process's memory
            by default.
        http_client: An `httpx.Client`, or an `httpx2.Client`, to use for its connections; it is
            not closed.
        on_request: Called with a `RequestInfo` after each attempt at a request, for metrics. It
            must not block; what it raises is logged.

    Raises:
        ConfigurationError: A setting is missing or cannot be right; the message names it.
    """

    def __init__(
        self,
        *,
        username: str | None = None,
        password: str | SecretStr | None = None,
        invoice_code: str | None = None,
        callback_url: str | None = None,
        base_url: str | None = None,
        callback_secret: Secrets | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        store: Store | None = None,
        http_client: HTTPClient | None = None,
        on_request: Callable[[RequestInfo], object] | None = None,
    ) -> None:
        password, callback_secret = wrap_secret(password), wrap_secrets(callback_secret)
        settings = load_settings(
            username=username,
            password=password,
            invoice_code=invoice_code,
            callback_url=callback_url,
            base_url=base_url,
            callback_secret=callback_secret,
        )
        options = Options(timeout, max_retries)
        store = store if store is not None else MemoryStore()
        transport = SyncTransport(settings.base_url, http_client, direct=settings.on_this_machine)
        self._open(settings, options, transport, store, for_sync(store), on_request)

    def _furnish(self, session: Session) -> None:
        settings = self._settings
        self.invoices: Invoices = Invoices(session, settings, self._awaited_store)
        self.payments: Payments = Payments(session, settings)
        self.ebarimt: Ebarimt = Ebarimt(session, settings)
        self.subscriptions: Subscriptions = Subscriptions(session, settings)
        self.tokens: Tokens = Tokens(session)

    def request(
        self, method: str, path: str, *, json: JsonValue = None, safe: bool = False
    ) -> JsonValue:
        """Send a request that the other methods do not know, with token, retries and errors.

        For what QPay adds before qpaykit does. Nothing of it is checked but the path.

        Args:
            method: HTTP method, such as "GET".
            path: Path below the base URL, such as "/terminal/1", with a query if any.
            json: The body; none when left out.
            safe: Whether it may be sent again when its answer was lost. A GET always may; anything
                that makes or moves something must not.

        Returns:
            The decoded answer; None for an empty one.

        Raises:
            pydantic.ValidationError: The method or the path cannot be used; nothing was sent.
            OutcomeUnknownError: The answer of a request that is not safe was lost.
            QPayError: Whatever else `errors` lists.
        """
        return run_sync(self._request(method, path, json, safe=safe))

    def close(self) -> None:
        """Close the connections, unless they are another client's."""
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


class AsyncQPayClient(_Client[AsyncTransport, "Store | AsyncStore"]):
    """Talks to QPay in one merchant's name, on asyncio or trio; many tasks may share it.

    The arguments are those of `QPayClient`; `http_client` is an `httpx.AsyncClient` or an
    `httpx2.AsyncClient`, and a `store` may be one whose methods are awaited. A store that
    blocks is used in threads.
    """

    def __init__(
        self,
        *,
        username: str | None = None,
        password: str | SecretStr | None = None,
        invoice_code: str | None = None,
        callback_url: str | None = None,
        base_url: str | None = None,
        callback_secret: Secrets | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        store: Store | AsyncStore | None = None,
        http_client: AsyncHTTPClient | None = None,
        on_request: Callable[[RequestInfo], object] | None = None,
    ) -> None:
        password, callback_secret = wrap_secret(password), wrap_secrets(callback_secret)
        settings = load_settings(
            username=username,
            password=password,
            invoice_code=invoice_code,
            callback_url=callback_url,
            base_url=base_url,
            callback_secret=callback_secret,
        )
        options = Options(timeout, max_retries)
        store = store if store is not None else MemoryStore()
        transport = AsyncTransport(settings.base_url, http_client, direct=settings.on_this_machine)
        self._open(settings, options, transport, store, for_async(store), on_request)

    def _furnish(self, session: Session) -> None:
        settings = self._settings
        self.invoices: AsyncInvoices = AsyncInvoices(session, settings, self._awaited_store)
        self.payments: AsyncPayments = AsyncPayments(session, settings)
        self.ebarimt: AsyncEbarimt = AsyncEbarimt(session, settings)
        self.subscriptions: AsyncSubscriptions = AsyncSubscriptions(session, settings)
        self.tokens: AsyncTokens = AsyncTokens(session)

    async def request(
        self, method: str, path: str, *, json: JsonValue = None, safe: bool = False
    ) -> JsonValue:
        """Send a request that the other methods do not know, with token, retries and errors.

        For what QPay adds before qpaykit does. Nothing of it is checked but the path.

        Args:
            method: HTTP method, such as "GET".
            path: Path below the base URL, such as "/terminal/1", with a query if any.
            json: The body; none when left out.
            safe: Whether it may be sent again when its answer was lost. A GET always may; anything
                that makes or moves something must not.

        Returns:
            The decoded answer; None for an empty one.

        Raises:
            pydantic.ValidationError: The method or the path cannot be used; nothing was sent.
            OutcomeUnknownError: The answer of a request that is not safe was lost.
            QPayError: Whatever else `errors` lists.
        """
        return await self._request(method, path, json, safe=safe)

    async def aclose(self) -> None:
        """Close the connections, unless they are another client's."""
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
