"""The I/O of the pipeline, sync and async: requests to QPay, sleeping, and calling handlers."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from qpaykit.errors import ConfigurationError
from qpaykit.stores.cancellation import run_to_completion

if TYPE_CHECKING:
    from qpaykit._invoice_record import Draft, InvoiceRecord
    from qpaykit.callbacks.events import PaymentEvent
    from qpaykit.client import AsyncQPayClient, QPayClient
    from qpaykit.models import (
        Invoice,
        MoneyInput,
        Payment,
        PaymentCheck,
        PaymentListRow,
    )
    from qpaykit.models.times import TimeInput
    from qpaykit.quickqr import AsyncQuickQRClient, QuickQRClient

H_contra = TypeVar("H_contra", contravariant=True)
C = TypeVar("C", bound="QPayClient | AsyncQPayClient | QuickQRClient | AsyncQuickQRClient")
T = TypeVar("T")

# A handler returns nothing: what it returned would be lost, and `object` would let a type checker
# take a coroutine that nobody awaits. Which session an event has depends on the store, which a type
# checker cannot see: the handler says what it expects.
Handler = Callable[["PaymentEvent[Any]"], None]
AsyncHandler = Callable[["PaymentEvent[Any]"], Awaitable[None]]


class IO(Protocol[H_contra]):
    """Everything in the pipeline that differs between sync and async."""

    @property
    def by_invoice(self) -> bool:
        """Whether a payment is found only among those of its invoice."""

    async def payment(self, payment_id: str, invoice_id: str) -> Payment | None:
        """Fetch a payment; None where its invoice does not list it."""

    async def invoice(self, invoice_id: str) -> InvoiceRecord:
        """Fetch what QPay knows of an invoice."""

    async def invoice_of(self, reference: str) -> str | None:
        """Return the id of the invoice that a callback URL was signed for; None if unknown."""

    async def check(self, invoice_id: str, page_number: int) -> PaymentCheck:
        """Fetch a page of what was paid on an invoice."""

    def iterate_payments(
        self, start: TimeInput, end: TimeInput, invoice_code: str | None
    ) -> AsyncGenerator[PaymentListRow, None]:
        """Iterate over the payments of a time.

        Raises:
            ConfigurationError: The product has no list of payments.
        """

    def draft(
        self, number: str, description: str, amount: MoneyInput | None, fields: Mapping[str, object]
    ) -> Draft:
        """Return the request of an order's invoice."""

    def prepare(self, request: Draft) -> None:
        """Refuse a request of an invoice that could not be made."""

    async def create(self, request: Draft) -> Invoice:
        """Make an invoice."""

    async def cancel(self, invoice_id: str) -> None:
        """Cancel an invoice."""

    async def uninterrupted(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await what `work` returns to its end; a cancellation comes after it."""

    async def sleep(self, seconds: float) -> None:
        """Sleep."""

    async def call(self, handler: H_contra, event: PaymentEvent) -> None:
        """Hand an event to a handler."""


class _LookupIO(Generic[C]):
    """The requests to QPay, by the coroutines of the client's lookup, for both clients."""

    def __init__(self, client: C | None) -> None:
        self._optional_client = client

    @property
    def _client(self) -> C:
        if self._optional_client is None:
            raise _no_client()
        return self._optional_client

    @property
    def by_invoice(self) -> bool:
        return self._client._lookup.by_invoice

    async def payment(self, payment_id: str, invoice_id: str) -> Payment | None:
        return await self._client._lookup.payment(payment_id, invoice_id)

    async def invoice(self, invoice_id: str) -> InvoiceRecord:
        return await self._client._lookup.invoice(invoice_id)

    async def invoice_of(self, reference: str) -> str | None:
        return await self._client._lookup.invoice_of(reference)

    async def check(self, invoice_id: str, page_number: int) -> PaymentCheck:
        return await self._client._lookup.check(invoice_id, page_number)

    def iterate_payments(
        self, start: TimeInput, end: TimeInput, invoice_code: str | None
    ) -> AsyncGenerator[PaymentListRow, None]:
        return self._client._lookup.iterate_payments(start, end, invoice_code)

    def draft(
        self, number: str, description: str, amount: MoneyInput | None, fields: Mapping[str, object]
    ) -> Draft:
        return self._client._lookup.draft(number, description, amount, fields)

    def prepare(self, request: Draft) -> None:
        self._client._lookup.prepare(request)

    async def create(self, request: Draft) -> Invoice:
        return await self._client._lookup.create(request)


class SyncIO(_LookupIO["QPayClient | QuickQRClient"]):
    """Uses a `QPayClient`; nothing in it suspends."""

    def __init__(self, client: QPayClient | QuickQRClient | None) -> None:
        if client is not None and _is_awaited(client):
            raise ConfigurationError(
                "CallbackDispatcher needs a QPayClient; "
                "an AsyncQPayClient goes with AsyncCallbackDispatcher"
            )
        super().__init__(client)

    async def cancel(self, invoice_id: str) -> None:
        self._client.invoices.cancel(invoice_id)

    async def uninterrupted(self, work: Callable[[], Awaitable[T]]) -> T:
        return await work()

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251

    async def call(self, handler: Callable[[PaymentEvent], object], event: PaymentEvent) -> None:
        result = handler(event)
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            raise _not_awaited(handler)


class AsyncIO(_LookupIO["AsyncQPayClient | AsyncQuickQRClient"]):
    """Awaits an `AsyncQPayClient`."""

    def __init__(self, client: AsyncQPayClient | AsyncQuickQRClient | None) -> None:
        if client is not None and not _is_awaited(client):
            raise ConfigurationError(
                "AsyncCallbackDispatcher needs an AsyncQPayClient; "
                "a QPayClient goes with CallbackDispatcher"
            )
        super().__init__(client)

    async def cancel(self, invoice_id: str) -> None:
        await self._client.invoices.cancel(invoice_id)

    async def uninterrupted(self, work: Callable[[], Awaitable[T]]) -> T:
        return await run_to_completion(work)

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)

    async def call(self, handler: AsyncHandler, event: PaymentEvent) -> None:
        await handler(event)


def is_async(handler: Callable[..., object]) -> bool:
    """Return whether calling a handler gives something to await."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004
    )


def _is_awaited(client: object) -> bool:
    # Duck typing, because tests pass stand-ins.
    check = getattr(getattr(client, "payments", None), "check", None)
    if not callable(check):
        msg = f"a dispatcher needs a client to ask QPay with, not {type(client).__name__}"
        raise ConfigurationError(msg)
    return is_async(check)


def _not_awaited(handler: object) -> ConfigurationError:
    return ConfigurationError(
        f"the handler {handler!r} returned something to await, which nothing has awaited: "
        "give it to an AsyncCallbackDispatcher"
    )


def _no_client() -> ConfigurationError:
    return ConfigurationError("this dispatcher has no client to ask QPay with: give it one")
