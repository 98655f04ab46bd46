"""The clients of the merchant product, sync and async."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import SecretStr

import qpaykit
from qpaykit._client import AsyncClient, SyncClient
from qpaykit._http.httpx_backend import AsyncHTTPClient, HTTPClient
from qpaykit.config import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT_SECONDS,
    Secrets,
    Settings,
    load_settings,
    wrap_secret,
    wrap_secrets,
)
from qpaykit.resources._lazy_resource import lazy_resource
from qpaykit.stores.protocol import AsyncStore, Store

if TYPE_CHECKING:
    from qpaykit.resources._lookup import Lookup
    from qpaykit.resources.ebarimt import AsyncEbarimt, Ebarimt
    from qpaykit.resources.invoices import AsyncInvoices, Invoices
    from qpaykit.resources.payments import AsyncPayments, Payments
    from qpaykit.resources.subscriptions import AsyncSubscriptions, Subscriptions


class QPayClient(SyncClient[Settings]):
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
        ConfigurationError: A setting is missing or invalid; the message names it.
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
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        max_retries: int = DEFAULT_MAX_RETRIES,
        store: Store | None = None,
        http_client: HTTPClient | None = None,
        on_request: Callable[[qpaykit.RequestInfo], object] | None = None,
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
        self._set_up(settings, timeout, max_retries, store, http_client, on_request)

    @lazy_resource("qpaykit.resources.invoices")
    def invoices(self, kind: type[Invoices]) -> Invoices:
        """Invoices: make, get and cancel them."""
        return kind(self._session, self._settings, self._async_store)

    @lazy_resource("qpaykit.resources.payments")
    def payments(self, kind: type[Payments]) -> Payments:
        """Payments: get, check, list, wait for, cancel and refund them."""
        return kind(self._session, self._settings)

    @lazy_resource("qpaykit.resources.ebarimt")
    def ebarimt(self, kind: type[Ebarimt]) -> Ebarimt:
        """Receipts for the tax authority: make, get and cancel them."""
        return kind(self._session, self._settings)

    @lazy_resource("qpaykit.resources.subscriptions")
    def subscriptions(self, kind: type[Subscriptions]) -> Subscriptions:
        """Subscriptions: get and cancel them."""
        return kind(self._session)

    @lazy_resource("qpaykit.resources._lookup")
    def _lookup(self, kind: type[Lookup]) -> Lookup:
        """The requests that a dispatcher makes."""
        return kind(self.invoices)


class AsyncQPayClient(AsyncClient[Settings]):
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
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        max_retries: int = DEFAULT_MAX_RETRIES,
        store: Store | AsyncStore | None = None,
        http_client: AsyncHTTPClient | None = None,
        on_request: Callable[[qpaykit.RequestInfo], object] | None = None,
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
        self._set_up(settings, timeout, max_retries, store, http_client, on_request)

    @lazy_resource("qpaykit.resources.invoices")
    def invoices(self, kind: type[AsyncInvoices]) -> AsyncInvoices:
        """Invoices: make, get and cancel them."""
        return kind(self._session, self._settings, self._async_store)

    @lazy_resource("qpaykit.resources.payments")
    def payments(self, kind: type[AsyncPayments]) -> AsyncPayments:
        """Payments: get, check, list, wait for, cancel and refund them."""
        return kind(self._session, self._settings)

    @lazy_resource("qpaykit.resources.ebarimt")
    def ebarimt(self, kind: type[AsyncEbarimt]) -> AsyncEbarimt:
        """Receipts for the tax authority: make, get and cancel them."""
        return kind(self._session, self._settings)

    @lazy_resource("qpaykit.resources.subscriptions")
    def subscriptions(self, kind: type[AsyncSubscriptions]) -> AsyncSubscriptions:
        """Subscriptions: get and cancel them."""
        return kind(self._session)

    @lazy_resource("qpaykit.resources._lookup")
    def _lookup(self, kind: type[Lookup]) -> Lookup:
        """The requests that a dispatcher makes."""
        return kind(self.invoices)
