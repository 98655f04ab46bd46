"""The I/O of the pipeline, sync and async: QPay, sleeping, and calling a handler."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from qpaykit.errors import ConfigurationError

if TYPE_CHECKING:
    from qpaykit.callbacks.events import PaymentEvent
    from qpaykit.client import AsyncQPayClient, QPayClient
    from qpaykit.models import (
        Invoice,
        InvoiceDetail,
        InvoiceRequest,
        Payment,
        PaymentCheck,
        PaymentListRow,
    )
    from qpaykit.models.values import TimeInput

H_contra = TypeVar("H_contra", contravariant=True)

# A handler returns nothing: what it returned would be lost, and `object` would let a type checker
# take a coroutine that nobody awaits.
Handler = Callable[["PaymentEvent"], None]
AsyncHandler = Callable[["PaymentEvent"], Awaitable[None]]


class IO(Protocol[H_contra]):
    """Everything in the pipeline that differs between sync and async."""

    async def payment(self, payment_id: str) -> Payment:
        """Fetch a payment."""

    async def invoice(self, invoice_id: str) -> InvoiceDetail:
        """Fetch an invoice."""

    async def check(self, invoice_id: str, page_number: int) -> PaymentCheck:
        """Fetch a page of what was paid on an invoice."""

    def listed(
        self, start: TimeInput, end: TimeInput, invoice_code: str | None
    ) -> AsyncIterator[PaymentListRow]:
        """Iterate over the payments of a time."""

    async def create(self, request: InvoiceRequest) -> Invoice:
        """Make an invoice."""

    async def cancel(self, invoice_id: str) -> None:
        """Cancel an invoice."""

    async def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""

    async def call(self, handler: H_contra, event: PaymentEvent) -> None:
        """Hand an event to a handler."""


class SyncIO:
    """Uses a `QPayClient`; nothing in it suspends."""

    def __init__(self, client: QPayClient | None) -> None:
        if client is not None and _is_awaited(client):
            raise ConfigurationError(
                "CallbackDispatcher needs a QPayClient; "
                "an AsyncQPayClient goes with AsyncCallbackDispatcher"
            )
        self._optional_client = client

    @property
    def _client(self) -> QPayClient:
        if self._optional_client is None:
            raise _no_client()
        return self._optional_client

    async def payment(self, payment_id: str) -> Payment:
        return self._client.payments.get(payment_id)

    async def invoice(self, invoice_id: str) -> InvoiceDetail:
        return self._client.invoices.get(invoice_id)

    async def check(self, invoice_id: str, page_number: int) -> PaymentCheck:
        return self._client.payments.check(invoice_id, page_number=page_number)

    async def listed(
        self, start: TimeInput, end: TimeInput, invoice_code: str | None
    ) -> AsyncIterator[PaymentListRow]:
        for row in self._client.payments.iterate(
            start_date=start, end_date=end, object_id=invoice_code
        ):
            yield row

    async def create(self, request: InvoiceRequest) -> Invoice:
        return self._client.invoices.create(request)

    async def cancel(self, invoice_id: str) -> None:
        self._client.invoices.cancel(invoice_id)

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251

    async def call(self, handler: Callable[[PaymentEvent], object], event: PaymentEvent) -> None:
        result = handler(event)
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            raise _not_awaited(handler)


class AsyncIO:
    """Awaits an `AsyncQPayClient`."""

    def __init__(self, client: AsyncQPayClient | None) -> None:
        if client is not None and not _is_awaited(client):
            raise ConfigurationError(
                "AsyncCallbackDispatcher needs an AsyncQPayClient; "
                "a QPayClient goes with CallbackDispatcher"
            )
        self._optional_client = client

    @property
    def _client(self) -> AsyncQPayClient:
        if self._optional_client is None:
            raise _no_client()
        return self._optional_client

    async def payment(self, payment_id: str) -> Payment:
        return await self._client.payments.get(payment_id)

    async def invoice(self, invoice_id: str) -> InvoiceDetail:
        return await self._client.invoices.get(invoice_id)

    async def check(self, invoice_id: str, page_number: int) -> PaymentCheck:
        return await self._client.payments.check(invoice_id, page_number=page_number)

    async def listed(
        self, start: TimeInput, end: TimeInput, invoice_code: str | None
    ) -> AsyncIterator[PaymentListRow]:
        async for row in self._client.payments.iterate(
            start_date=start, end_date=end, object_id=invoice_code
        ):
            yield row

    async def create(self, request: InvoiceRequest) -> Invoice:
        return await self._client.invoices.create(request)

    async def cancel(self, invoice_id: str) -> None:
        await self._client.invoices.cancel(invoice_id)

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)

    async def call(self, handler: AsyncHandler, event: PaymentEvent) -> None:
        await handler(event)


def is_async(handler: Callable[..., object]) -> bool:
    """Say whether calling a handler gives something to await."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004
    )


def _is_awaited(client: object) -> bool:
    # Looked at by what it does: tests hand in stand-ins of their own.
    get = getattr(getattr(client, "payments", None), "get", None)
    if not callable(get):
        msg = f"a dispatcher needs a client to ask QPay with, not {type(client).__name__}"
        raise ConfigurationError(msg)
    return is_async(get)


def _not_awaited(handler: object) -> ConfigurationError:
    return ConfigurationError(
        f"the handler {handler!r} returned something to await, which nothing has awaited: "
        "give it to an AsyncCallbackDispatcher"
    )


def _no_client() -> ConfigurationError:
    return ConfigurationError("this dispatcher has no client to ask QPay with: give it one")
