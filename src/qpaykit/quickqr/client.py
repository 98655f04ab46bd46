"""The clients of Quick QR, sync and async."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import SecretStr

from qpaykit._client import AsyncClient, Client, H, S, SyncClient, X
from qpaykit._http.httpx_backend import AsyncHTTPClient, HTTPClient
from qpaykit._http.transport import AsyncTransport, SyncTransport
from qpaykit.config import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT_SECONDS,
    Secrets,
    load_account,
    wrap_secret,
    wrap_secrets,
)
from qpaykit.hooks import RequestInfo
from qpaykit.quickqr._settings import QUICKQR, QuickQRSettings
from qpaykit.resources._lazy_resource import lazy_resource
from qpaykit.stores.memory import MemoryStore
from qpaykit.stores.protocol import AsyncStore, Store

if TYPE_CHECKING:
    from qpaykit.quickqr._lookup import Lookup
    from qpaykit.quickqr.invoices import AsyncQuickInvoices, QuickInvoices
    from qpaykit.quickqr.merchants import AsyncMerchants, Merchants
    from qpaykit.quickqr.payments import AsyncQuickPayments, QuickPayments
    from qpaykit.quickqr.places import AsyncPlaces, Places


class _QuickQR(Client[QuickQRSettings, X, S, H]):
    def __init__(
        self,
        *,
        username: str | None = None,
        password: str | SecretStr | None = None,
        terminal_id: str | None = None,
        callback_url: str | None = None,
        base_url: str | None = None,
        callback_secret: Secrets | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        max_retries: int = DEFAULT_MAX_RETRIES,
        store: S | None = None,
        http_client: H | None = None,
        on_request: Callable[[RequestInfo], object] | None = None,
    ) -> None:
        password, callback_secret = wrap_secret(password), wrap_secrets(callback_secret)
        account = load_account(
            QUICKQR,
            username=username,
            password=password,
            callback_url=callback_url,
            base_url=base_url,
            callback_secret=callback_secret,
        )
        terminal_id = QUICKQR.required_text("terminal_id", terminal_id)
        settings = QuickQRSettings(**account, terminal_id=terminal_id)
        self._set_up(settings, timeout, max_retries, store, http_client, on_request)

    @property
    def _is_store_persistent(self) -> bool:
        """Whether the store keeps its data when this process ends."""
        return not isinstance(self._store, MemoryStore)


class QuickQRClient(_QuickQR[SyncTransport, Store, HTTPClient], SyncClient[QuickQRSettings]):
    """Talks to Quick QR in a platform's name; safe to share between threads.

    Nothing is sent before the first call. Close it, or use it in a `with` block.

    Args:
        username: The partner login (`QPAY_QUICKQR_USERNAME`).
        password: Its password (`QPAY_QUICKQR_PASSWORD`).
        terminal_id: The terminal that QPay gave with it (`QPAY_QUICKQR_TERMINAL_ID`).
        callback_url: The URL for invoices that name none (`QPAY_QUICKQR_CALLBACK_URL`).
        base_url: `QUICKQR_PRODUCTION_URL` (the default) or `QUICKQR_SANDBOX_URL`
            (`QPAY_QUICKQR_BASE_URL`).
        callback_secret: What callback URLs are signed with; several while one is rotated
            out, the first signs (`QPAY_QUICKQR_CALLBACK_SECRET`). Without it no callback can be
            matched with its invoice.
        timeout: Seconds that one attempt may take.
        max_retries: How many attempts may follow a failed one, where that is safe.
        store: Where the token is kept, and invoices and deliveries are remembered. By default
            that is this process's memory, and after a restart callbacks of earlier invoices cannot
            be matched.
        http_client: An `httpx.Client`, or an `httpx2.Client`, to use for its connections; it is
            not closed.
        on_request: Called with a `RequestInfo` after each attempt at a request, for metrics. It
            must not block; what it raises is logged.

    Raises:
        ConfigurationError: A setting is missing or invalid; the message names it.
    """

    @lazy_resource("qpaykit.quickqr.merchants")
    def merchants(self, kind: type[Merchants]) -> Merchants:
        """Sub-merchants: register, change, get, list and delete them."""
        return kind(self._session)

    @lazy_resource("qpaykit.quickqr.places")
    def places(self, kind: type[Places]) -> Places:
        """Cities and districts, with their codes."""
        return kind(self._session)

    @lazy_resource("qpaykit.quickqr.invoices")
    def invoices(self, kind: type[QuickInvoices]) -> QuickInvoices:
        """Invoices of sub-merchants: make, get and cancel them."""
        return kind(
            self._session,
            self._settings,
            self._async_store,
            is_store_persistent=self._is_store_persistent,
        )

    @lazy_resource("qpaykit.quickqr.payments")
    def payments(self, kind: type[QuickPayments]) -> QuickPayments:
        """Payments: check them, and wait for them."""
        return kind(self._session)

    @lazy_resource("qpaykit.quickqr._lookup")
    def _lookup(self, kind: type[Lookup]) -> Lookup:
        """The requests that a dispatcher makes."""
        return kind(self.invoices)


class AsyncQuickQRClient(
    _QuickQR[AsyncTransport, Store | AsyncStore, AsyncHTTPClient],
    AsyncClient[QuickQRSettings],
):
    """Talks to Quick QR in a platform's name, on asyncio or trio; many tasks may share it.

    The arguments are those of `QuickQRClient`; `http_client` is an `httpx.AsyncClient` or an
    `httpx2.AsyncClient`, and a `store` may be one whose methods are awaited.
    """

    @lazy_resource("qpaykit.quickqr.merchants")
    def merchants(self, kind: type[AsyncMerchants]) -> AsyncMerchants:
        """Sub-merchants: register, change, get, list and delete them."""
        return kind(self._session)

    @lazy_resource("qpaykit.quickqr.places")
    def places(self, kind: type[AsyncPlaces]) -> AsyncPlaces:
        """Cities and districts, with their codes."""
        return kind(self._session)

    @lazy_resource("qpaykit.quickqr.invoices")
    def invoices(self, kind: type[AsyncQuickInvoices]) -> AsyncQuickInvoices:
        """Invoices of sub-merchants: make, get and cancel them."""
        return kind(
            self._session,
            self._settings,
            self._async_store,
            is_store_persistent=self._is_store_persistent,
        )

    @lazy_resource("qpaykit.quickqr.payments")
    def payments(self, kind: type[AsyncQuickPayments]) -> AsyncQuickPayments:
        """Payments: check them, and wait for them."""
        return kind(self._session)

    @lazy_resource("qpaykit.quickqr._lookup")
    def _lookup(self, kind: type[Lookup]) -> Lookup:
        """The requests that a dispatcher makes."""
        return kind(self.invoices)
