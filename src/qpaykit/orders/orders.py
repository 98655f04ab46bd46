"""`Orders` and `AsyncOrders`: open an order, ask for its status, close it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from typing_extensions import Unpack

from qpaykit._sync import run_sync
from qpaykit.callbacks._io import AsyncHandler, Handler
from qpaykit.callbacks.dispatcher import (
    AsyncCallbackDispatcher,
    CallbackDispatcher,
    _Dispatcher,
)
from qpaykit.errors import ConfigurationError
from qpaykit.models import MoneyInput
from qpaykit.models.arguments import refused, seconds
from qpaykit.models.invoices import InvoiceOptions
from qpaykit.models.strings import OrderNumber
from qpaykit.orders.flow import OrderFlow, OrderRequest
from qpaykit.orders.order import Order, OrderStatus
from qpaykit.quickqr import BankAccount

H = TypeVar("H")


class OrderFields(InvoiceOptions, total=False):
    """The fields of an order's invoice that may be left out, for type checkers.

    For Quick QR `merchant_id` and `bank_accounts` are given.
    """

    merchant_id: str
    bank_accounts: Sequence[BankAccount]
    mcc_code: str | None
    branch_code: str | None
    customer_name: str | None
    customer_logo: str | None


# QPay takes 45, of which a later invoice's "-999" needs four.
MAX_ORDER_NUMBER_CHARACTERS = 41
MAX_EXPIRY_SECONDS = 3650 * 86_400

_ORDER_NUMBER: TypeAdapter[str] = TypeAdapter(OrderNumber)


class _Orders(Generic[H]):
    def __init__(self, dispatcher: _Dispatcher[H]) -> None:
        settings = dispatcher._settings
        if settings is None:
            raise ConfigurationError(
                "orders need a dispatcher that asks QPay: give it a client, without verify=False"
            )
        self._io = dispatcher._io
        self._flow = OrderFlow(dispatcher._pipeline, dispatcher._io, dispatcher._store, settings)

    def _order_request(
        self,
        order_no: str | int,
        amount: MoneyInput | None,
        description: str,
        expires_in: float | None,
        fields: OrderFields,
    ) -> OrderRequest:
        number = _order_number(order_no)
        request = self._io.draft(number, description, amount, fields)
        total = request.total
        if total is None:
            raise refused("amount", "must be given, or lines that make it up: an order has a price")
        if expires_in is not None and seconds(expires_in, "expires_in") > MAX_EXPIRY_SECONDS:
            raise refused("expires_in", f"must be at most {MAX_EXPIRY_SECONDS} seconds")
        return OrderRequest(order_no=number, request=request, total=total, expires_in=expires_in)


class Orders(_Orders[Handler]):
    """Keeps one open invoice for each order, over a dispatcher and its store.

    The store remembers an order as long as it keeps deliveries. Share one between all processes.

    Args:
        dispatcher: Delivers what is paid; the handlers stay its own.

    Raises:
        ConfigurationError: It cannot ask QPay, or is an `AsyncCallbackDispatcher`.
    """

    def __init__(self, dispatcher: CallbackDispatcher) -> None:
        if not isinstance(dispatcher, CallbackDispatcher):
            raise ConfigurationError(
                "Orders needs a CallbackDispatcher; AsyncOrders takes an AsyncCallbackDispatcher"
            )
        super().__init__(dispatcher)

    def open(
        self,
        order_no: str | int,
        *,
        amount: MoneyInput | None = None,
        description: str,
        expires_in: float | None = None,
        **fields: Unpack[OrderFields],
    ) -> Order:
        """Return the order's open invoice; make one where there is none.

        It gives the same invoice however often and however concurrently it is called, over all
        processes that share the store. A new one is made when the last one has expired, was
        cancelled, or costs another amount. QPay is asked about that one first: it is delivered if
        it was paid, and cancelled otherwise. Nothing is made for an order that was paid.

        The first invoice carries the order's number, a later one "42-2" and so on; `event.order_no`
        is "42" for all of them. An invoice whose answer was lost is left alone, for nobody has
        seen its QR code, and another is made.

        Args:
            order_no: The order's number, 1 to 41 characters.
            amount: What it costs in MNT, above 0, at most two decimals; left out, the `lines` make
                it up.
            description: What the buyer reads, 1 to 255 characters.
            expires_in: Seconds after which `status`, `close` or the next `open` cancels the
                invoice, counted from when it is made. Left out, it does not expire, and an `open`
                after 30 days replaces it.
            fields: Other fields of `InvoiceRequest`, such as `lines` and `invoice_code`; with a
                client of Quick QR, `merchant_id`, `bank_accounts` and others of
                `QuickInvoiceRequest`.

        Returns:
            The order with its invoice; `status` is "open", "paid" or "underpaid".

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            ConfigurationError: There is no invoice code or callback URL; nothing was sent.
            OutcomeUnknownError: The answers about two invoices in a row were lost; call it again.
            TransportTimeout: Another process did not end its work on the order in time.
            QPayError: QPay could not be asked, or refused the invoice.
            Exception: The store's own error, when it cannot be read or written.

        QPay: `POST /v2/invoice`, and before it `POST /v2/payment/check` and
        `DELETE /v2/invoice/{id}` where an older invoice is open.
        """
        order_request = self._order_request(order_no, amount, description, expires_in, fields)
        return run_sync(self._flow.open(order_request))

    def status(self, order_no: str | int) -> OrderStatus:
        """Return the status of an order; a page may ask as often as it likes.

        It answers from the store, and asks QPay about an open order at most once in ten seconds,
        over all processes and callers. What it finds paid is delivered; an order whose time
        has ended is cancelled. Where QPay cannot be asked, the store's answer stands.

        Args:
            order_no: The order's number.

        Returns:
            "open", "paid" (and delivered to `on_paid`; it stays so), "underpaid", "expired" or
            "cancelled". A late payment turns an expired or cancelled order into a paid one.

        Raises:
            LookupError: The store knows no such order.
            pydantic.ValidationError: It is not an order number.
            Exception: The store's own error, when it cannot be read or written.

        QPay: `POST /v2/payment/check`.
        """
        return run_sync(self._flow.status(_order_number(order_no)))

    def close(self, order_no: str | int) -> OrderStatus:
        """Ask QPay a last time about an order: deliver it if it was paid, else cancel its invoice.

        A payment that lands during the cancellation is delivered. Call it when an order ends: at
        its expiry, or when the buyer gives it up.

        Args:
            order_no: The order's number.

        Returns:
            "paid", "underpaid" (which is not cancelled), "cancelled", or "expired" where its time
            had ended. "open" where money has come that could not be delivered yet.

        Raises:
            LookupError: The store knows no such order.
            pydantic.ValidationError: It is not an order number.
            TransportTimeout: Another process did not end its work on the order in time.
            QPayError: QPay could not be asked, or did not cancel; call it again.
            Exception: The store's own error, when it cannot be read or written.

        QPay: `POST /v2/payment/check`, `DELETE /v2/invoice/{id}`.
        """
        return run_sync(self._flow.close(_order_number(order_no)))


class AsyncOrders(_Orders[AsyncHandler]):
    """`Orders` whose methods are awaited, over an `AsyncCallbackDispatcher`."""

    def __init__(self, dispatcher: AsyncCallbackDispatcher) -> None:
        if not isinstance(dispatcher, AsyncCallbackDispatcher):
            raise ConfigurationError(
                "AsyncOrders needs an AsyncCallbackDispatcher; Orders takes a CallbackDispatcher"
            )
        super().__init__(dispatcher)

    async def open(
        self,
        order_no: str | int,
        *,
        amount: MoneyInput | None = None,
        description: str,
        expires_in: float | None = None,
        **fields: Unpack[OrderFields],
    ) -> Order:
        """Return the order's open invoice; make one where there is none.

        It gives the same invoice however often and however concurrently it is called, over all
        processes that share the store. A new one is made when the last one has expired, was
        cancelled, or costs another amount. QPay is asked about that one first: it is delivered if
        it was paid, and cancelled otherwise. Nothing is made for an order that was paid.

        The first invoice carries the order's number, a later one "42-2" and so on; `event.order_no`
        is "42" for all of them. An invoice whose answer was lost is left alone, for nobody has
        seen its QR code, and another is made.

        Args:
            order_no: The order's number, 1 to 41 characters.
            amount: What it costs in MNT, above 0, at most two decimals; left out, the `lines` make
                it up.
            description: What the buyer reads, 1 to 255 characters.
            expires_in: Seconds after which `status`, `close` or the next `open` cancels the
                invoice, counted from when it is made. Left out, it does not expire, and an `open`
                after 30 days replaces it.
            fields: Other fields of `InvoiceRequest`, such as `lines` and `invoice_code`; with a
                client of Quick QR, `merchant_id`, `bank_accounts` and others of
                `QuickInvoiceRequest`.

        Returns:
            The order with its invoice; `status` is "open", "paid" or "underpaid".

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            ConfigurationError: There is no invoice code or callback URL; nothing was sent.
            OutcomeUnknownError: The answers about two invoices in a row were lost; call it again.
            TransportTimeout: Another process did not end its work on the order in time.
            QPayError: QPay could not be asked, or refused the invoice.
            Exception: The store's own error, when it cannot be read or written.

        QPay: `POST /v2/invoice`, and before it `POST /v2/payment/check` and
        `DELETE /v2/invoice/{id}` where an older invoice is open.
        """
        return await self._flow.open(
            self._order_request(order_no, amount, description, expires_in, fields)
        )

    async def status(self, order_no: str | int) -> OrderStatus:
        """Return the status of an order; a page may ask as often as it likes.

        It answers from the store, and asks QPay about an open order at most once in ten seconds,
        over all processes and callers. What it finds paid is delivered; an order whose time
        has ended is cancelled. Where QPay cannot be asked, the store's answer stands.

        Args:
            order_no: The order's number.

        Returns:
            "open", "paid" (and delivered to `on_paid`; it stays so), "underpaid", "expired" or
            "cancelled". A late payment turns an expired or cancelled order into a paid one.

        Raises:
            LookupError: The store knows no such order.
            pydantic.ValidationError: It is not an order number.
            Exception: The store's own error, when it cannot be read or written.

        QPay: `POST /v2/payment/check`.
        """
        return await self._flow.status(_order_number(order_no))

    async def close(self, order_no: str | int) -> OrderStatus:
        """Ask QPay a last time about an order: deliver it if it was paid, else cancel its invoice.

        A payment that lands during the cancellation is delivered. Call it when an order ends: at
        its expiry, or when the buyer gives it up.

        Args:
            order_no: The order's number.

        Returns:
            "paid", "underpaid" (which is not cancelled), "cancelled", or "expired" where its time
            had ended. "open" where money has come that could not be delivered yet.

        Raises:
            LookupError: The store knows no such order.
            pydantic.ValidationError: It is not an order number.
            TransportTimeout: Another process did not end its work on the order in time.
            QPayError: QPay could not be asked, or did not cancel; call it again.
            Exception: The store's own error, when it cannot be read or written.

        QPay: `POST /v2/payment/check`, `DELETE /v2/invoice/{id}`.
        """
        return await self._flow.close(_order_number(order_no))


def _order_number(order_no: str | int) -> str:
    try:
        number = _ORDER_NUMBER.validate_python(order_no)
    except ValidationError:
        number = ""
    if not 0 < len(number) <= MAX_ORDER_NUMBER_CHARACTERS:
        raise refused(
            "order_no",
            f"must be a text of 1 to {MAX_ORDER_NUMBER_CHARACTERS} characters, or an int",
        )
    return number
