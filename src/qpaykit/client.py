"""The clients: settings in, resources out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qpaykit._http.session import Exchange, Session
from qpaykit._http.tokens import TokenManager
from qpaykit._http.transport import AsyncTransport, SyncTransport
from qpaykit._redaction import Redactor
from qpaykit.config import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    Options,
    Settings,
    is_loopback,
    load_settings,
)
from qpaykit.resources.ebarimt import AsyncEbarimt, Ebarimt
from qpaykit.resources.invoices import AsyncInvoices, Invoices
from qpaykit.resources.payments import AsyncPayments, Payments
from qpaykit.resources.subscriptions import AsyncSubscriptions, Subscriptions
from qpaykit.resources.tokens import AsyncTokens, Tokens
from qpaykit.stores.adapters import for_async, for_sync
from qpaykit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from types import TracebackType

    from pydantic import SecretStr
    from typing_extensions import Self

    from qpaykit._http.library import AsyncHTTPClient, HTTPClient
    from qpaykit.config import Secrets
    from qpaykit.stores.protocol import AsyncStore, Store


class QPayClient:
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
    ) -> None:
        settings = load_settings(
            username=username,
            password=password,
            invoice_code=invoice_code,
            callback_url=callback_url,
            base_url=base_url,
            callback_secret=callback_secret,
        )
        self._owns_transport = True
        self._transport = SyncTransport(
            settings.base_url, http_client, direct=_on_this_machine(settings)
        )
        self._user_store: Store = store if store is not None else MemoryStore()
        self._store = for_sync(self._user_store)
        options = Options(timeout, max_retries)
        exchange = Exchange(self._transport, options, Redactor())
        self._furnish(settings, exchange, TokenManager(settings, exchange, self._store))

    def _furnish(self, settings: Settings, exchange: Exchange, tokens: TokenManager) -> None:
        self._settings = settings
        self._options = exchange.options
        self._session = Session(exchange, tokens)
        self.invoices: Invoices = Invoices(self._session, settings, self._store)
        self.payments: Payments = Payments(self._session, settings)
        self.ebarimt: Ebarimt = Ebarimt(self._session, settings)
        self.subscriptions: Subscriptions = Subscriptions(self._session, settings)
        self.tokens: Tokens = Tokens(tokens)

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a client with other limits that shares connections, token and store.

        Args:
            timeout: Seconds that one attempt may take; this client's when left out.
            max_retries: How many attempts may follow; this client's when left out.

        Returns:
            A client that need not be closed: it lives as long as this one.
        """
        other = type(self).__new__(type(self))
        other._owns_transport = False
        other._transport = self._transport
        other._user_store = self._user_store
        other._store = self._store
        options = _changed(self._options, timeout, max_retries)
        redactor = self._session.exchange.redactor
        exchange = Exchange(self._transport, options, redactor)
        other._furnish(self._settings, exchange, self._session.tokens.within(exchange))
        return other

    @property
    def settings(self) -> Settings:
        """What the client was set up with; the secrets in it are masked when shown."""
        return self._settings

    @property
    def store(self) -> Store:
        """Where the token lives and deliveries are remembered."""
        return self._user_store

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

    def __repr__(self) -> str:
        return _repr(self, self._settings)


class AsyncQPayClient:
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
    ) -> None:
        settings = load_settings(
            username=username,
            password=password,
            invoice_code=invoice_code,
            callback_url=callback_url,
            base_url=base_url,
            callback_secret=callback_secret,
        )
        self._owns_transport = True
        self._transport = AsyncTransport(
            settings.base_url, http_client, direct=_on_this_machine(settings)
        )
        self._user_store: Store | AsyncStore = store if store is not None else MemoryStore()
        self._store = for_async(self._user_store)
        options = Options(timeout, max_retries)
        exchange = Exchange(self._transport, options, Redactor())
        self._furnish(settings, exchange, TokenManager(settings, exchange, self._store))

    def _furnish(self, settings: Settings, exchange: Exchange, tokens: TokenManager) -> None:
        self._settings = settings
        self._options = exchange.options
        self._session = Session(exchange, tokens)
        self.invoices: AsyncInvoices = AsyncInvoices(self._session, settings, self._store)
        self.payments: AsyncPayments = AsyncPayments(self._session, settings)
        self.ebarimt: AsyncEbarimt = AsyncEbarimt(self._session, settings)
        self.subscriptions: AsyncSubscriptions = AsyncSubscriptions(self._session, settings)
        self.tokens: AsyncTokens = AsyncTokens(tokens)

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        other = type(self).__new__(type(self))
        other._owns_transport = False
        other._transport = self._transport
        other._user_store = self._user_store
        other._store = self._store
        options = _changed(self._options, timeout, max_retries)
        redactor = self._session.exchange.redactor
        exchange = Exchange(self._transport, options, redactor)
        other._furnish(self._settings, exchange, self._session.tokens.within(exchange))
        return other

    with_options.__doc__ = QPayClient.with_options.__doc__

    @property
    def settings(self) -> Settings:
        """What the client was set up with; the secrets in it are masked when shown."""
        return self._settings

    @property
    def store(self) -> Store | AsyncStore:
        """Where the token lives and deliveries are remembered."""
        return self._user_store

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

    def __repr__(self) -> str:
        return _repr(self, self._settings)


def _on_this_machine(settings: Settings) -> bool:
    return is_loopback(urlsplit(settings.base_url).hostname or "")


def _changed(options: Options, timeout: float | None, max_retries: int | None) -> Options:
    return Options(
        options.timeout if timeout is None else timeout,
        options.max_retries if max_retries is None else max_retries,
    )


def _repr(client: QPayClient | AsyncQPayClient, settings: Settings) -> str:
    return (
        f"{type(client).__name__}(username={settings.username!r}, base_url={settings.base_url!r})"
    )
