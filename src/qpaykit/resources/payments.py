"""The endpoints of payments: get, check, wait, list, cancel and refund."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeVar

from pydantic import JsonValue
from typing_extensions import TypedDict

from qpaykit import models
from qpaykit._http.session import Session
from qpaykit.config import Settings
from qpaykit.errors import ConfigurationError, WaitTimeoutError
from qpaykit.models import (
    CancelRequest,
    CheckRequest,
    MoneyInput,
    ObjectType,
    Payment,
    PaymentCheck,
    PaymentStatus,
)
from qpaykit.models.arguments import seconds
from qpaykit.models.callback_urls import public_callback_url
from qpaykit.models.ids import path_id
from qpaykit.models.money import parse_money
from qpaykit.models.times import period
from qpaykit.operation import Operation, Poll, RequestOutcome, StatusCheck
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint, paginated
from qpaykit.resources._paginator import Pages
from qpaykit.resources._parsing import no_content, parser

K = TypeVar("K", bound=PaymentCheck)

_parse_payment = parser(Payment)
_parse_check = parser(PaymentCheck)


class _Filters(TypedDict, total=False):
    """Which payments are listed; see `Payments.list`."""

    start_date: datetime | date | str | None
    end_date: datetime | date | str | None
    object_type: ObjectType | str
    object_id: str | None
    merchant_branch_code: str | None
    merchant_terminal_code: str | None
    merchant_staff_code: str | None


class _PaymentEndpoints(Resource):
    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__(session)
        self._settings = settings

    @endpoint
    def get(self, payment_id: str) -> Operation[Payment]:
        """Fetch a payment; its `object_id` is the invoice that it paid.

        Args:
            payment_id: The id as text: a P2P payment's may begin with a zero.

        Returns:
            The payment as QPay has it.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            NotFoundError: QPay has no such payment.

        QPay: `GET /v2/payment/{id}`.
        """
        return payment_operation(payment_id)

    @endpoint
    def check(
        self,
        invoice_id: str,
        *,
        object_type: ObjectType | str = "INVOICE",
        page_number: int = 1,
        page_limit: int = 100,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> Operation[PaymentCheck]:
        """Ask what was paid on an invoice; `is_paid(amount)` of the answer decides.

        QPay forbids polling it by a timer: ask when the callback has come, or use `wait`.

        Args:
            invoice_id: The invoice's id (not a payment's), or a QR text for "QR".
            object_type: "INVOICE", "QR" or "ITEM".
            page_number: Which page of the payments, from 1.
            page_limit: Payments in a page, 1 to 100.
            extra: Further fields of the request, for what QPay adds.

        Returns:
            The payments, whatever their status, and their sum.

        QPay: `POST /v2/payment/check`.
        """
        return check_operation(
            invoice_id, object_type, page_number=page_number, page_limit=page_limit, extra=extra
        )

    @endpoint
    def wait(
        self,
        invoice_id: str,
        *,
        amount: MoneyInput | None = None,
        timeout: float = 180,
        interval: float = 3,
    ) -> Poll[PaymentCheck]:
        """Wait until an invoice is paid: for scripts and tills; a web shop uses the callback.

        A passing fault of QPay's does not end the waiting.

        Args:
            invoice_id: The invoice's id.
            amount: What must have been paid in MNT; any payment will do when left out.
            timeout: Seconds to wait at most; the last check falls on their end, and has one
                more for its answer.
            interval: Seconds between two checks at the least; it grows to five times that.

        Returns:
            The check that found it paid.

        Raises:
            WaitTimeoutError: It was not paid in time; `last` holds the last answer.
            pydantic.ValidationError: `timeout` or `interval` is not above 0, or `amount` is wrong.

        QPay: `POST /v2/payment/check`.
        """
        operation = check_operation(invoice_id)
        return paid_poll(operation, invoice_id, amount, timeout, interval)

    @endpoint
    def list(
        self,
        *,
        start_date: datetime | date | str | None = None,
        end_date: datetime | date | str | None = None,
        object_type: ObjectType | str = "INVOICE",
        object_id: str | None = None,
        page_number: int = 1,
        page_limit: int = 100,
        merchant_branch_code: str | None = None,
        merchant_terminal_code: str | None = None,
        merchant_staff_code: str | None = None,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> Operation[models.PaymentPage]:
        """Fetch one page of the payments of a time.

        Args:
            start_date: The first moment; without a zone it is Ulaanbaatar time. Both dates, or
                neither.
            end_date: The last moment; a date alone means its end.
            object_type: "INVOICE", "MERCHANT" or "QR".
            object_id: For "INVOICE" an invoice code (not an invoice's id), the client's own
                by default; for "MERCHANT" QPay's id of the merchant.
            page_number: Which page, from 1.
            page_limit: Payments in a page, 1 to 1000; QPay's document says 100, and its sandbox
                fails above 694.
            merchant_branch_code: Only payments of this branch.
            merchant_terminal_code: Only payments of this terminal.
            merchant_staff_code: Only payments of this member of staff.
            extra: Further fields of the request, for what QPay adds.

        Returns:
            The page's payments and the count of all.

        Raises:
            pydantic.ValidationError: `end_date` is before `start_date`, or another argument is
                not what QPay accepts; nothing was sent.
            ConfigurationError: There is no invoice code; nothing was sent.

        QPay: `POST /v2/payment/list`.
        """
        filters: _Filters = {
            "start_date": start_date,
            "end_date": end_date,
            "object_type": object_type,
            "object_id": object_id,
            "merchant_branch_code": merchant_branch_code,
            "merchant_terminal_code": merchant_terminal_code,
            "merchant_staff_code": merchant_staff_code,
        }
        return _list_operation(self._settings, filters, page_number, page_limit, extra)

    @endpoint
    def cancel(
        self,
        payment_id: str,
        *,
        note: str,
        callback_url: str | None = None,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> Operation[None]:
        """Cancel a card payment.

        When the answer is lost, the payment's status is fetched, and it is cancelled once more only
        if it is still PAID.

        Args:
            payment_id: The payment's id.
            note: Why, at most 255 characters.
            callback_url: What QPay calls when it is done, at most 255 characters.
            extra: Further fields of the request, for what QPay adds.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            ConflictError: It was not paid by card (`PAYMENT_SETTLED`), or is cancelled already.
            OutcomeUnknownError: The answer was lost, and its state at QPay did not tell.

        QPay: `DELETE /v2/payment/cancel/{id}`.
        """
        url = public_callback_url(callback_url, public=self._settings.is_production)
        return _reversal("cancel", payment_id, note, url, extra)

    @endpoint
    def refund(
        self,
        payment_id: str,
        *,
        note: str,
        callback_url: str | None = None,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> Operation[None]:
        """Refund a card payment in full; QPay knows no partial refund.

        When the answer is lost, the payment's status is fetched, and it is refunded once more only
        if it is still PAID.

        Args:
            payment_id: The payment's id.
            note: Why, at most 255 characters.
            callback_url: What QPay calls when it is done, at most 255 characters.
            extra: Further fields of the request, for what QPay adds.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            ConflictError: It was not paid by card (`PAYMENT_SETTLED`), or is refunded already.
            OutcomeUnknownError: The answer was lost, and its state at QPay did not tell.

        QPay: `DELETE /v2/payment/refund/{id}`.
        """
        url = public_callback_url(callback_url, public=self._settings.is_production)
        return _reversal("refund", payment_id, note, url, extra)

    @paginated
    def iterate(
        self,
        *,
        start_date: datetime | date | str | None = None,
        end_date: datetime | date | str | None = None,
        object_type: ObjectType | str = "INVOICE",
        object_id: str | None = None,
        page_limit: int = 100,
        merchant_branch_code: str | None = None,
        merchant_terminal_code: str | None = None,
        merchant_staff_code: str | None = None,
        extra: Mapping[str, JsonValue] | None = None,
    ) -> Pages[models.PaymentListRow]:
        """Go through all payments of a time, one page in memory.

        Args:
            start_date: The first moment; without a zone it is Ulaanbaatar time. Both dates, or
                neither.
            end_date: The last moment; one that is past keeps the pages still.
            object_type: "INVOICE", "MERCHANT" or "QR".
            object_id: See `list`.
            page_limit: Payments in a page, 1 to 1000.
            merchant_branch_code: Only payments of this branch.
            merchant_terminal_code: Only payments of this terminal.
            merchant_staff_code: Only payments of this member of staff.
            extra: Further fields of the request, for what QPay adds.

        Returns:
            An iterator over the payments of all pages; it ends where a page brings nothing new.

        Raises:
            ConfigurationError, pydantic.ValidationError: See `list`; at the first step.
            QPayError: A page could not be fetched; what came before it was given out.

        QPay: `POST /v2/payment/list`, page by page.
        """
        filters: _Filters = {
            "start_date": start_date,
            "end_date": end_date,
            "object_type": object_type,
            "object_id": object_id,
            "merchant_branch_code": merchant_branch_code,
            "merchant_terminal_code": merchant_terminal_code,
            "merchant_staff_code": merchant_staff_code,
        }
        return payment_pages(self._settings, filters, page_limit, extra)


class Payments(_PaymentEndpoints, SyncResource):
    """The payments of a `QPayClient`."""


class AsyncPayments(_PaymentEndpoints, AsyncResource):
    """The payments of an `AsyncQPayClient`."""


def payment_operation(payment_id: str) -> Operation[Payment]:
    """Build `GET /payment/{id}`."""
    return Operation(
        name="payments.get",
        method="GET",
        path=f"/payment/{path_id(payment_id, 'payment_id')}",
        parse=_parse_payment,
    )


def check_operation(
    object_id: str,
    object_type: ObjectType | str = ObjectType.INVOICE,
    *,
    page_number: int = 1,
    page_limit: int = 100,
    extra: Mapping[str, JsonValue] | None = None,
) -> Operation[PaymentCheck]:
    """Build `POST /payment/check`; see `Payments.check`."""
    request = CheckRequest.model_validate(
        {
            "object_type": object_type,
            "object_id": object_id,
            "offset": {"page_number": page_number, "page_limit": page_limit},
        }
    )
    return Operation(
        name="payments.check",
        method="POST",
        path="/payment/check",
        body=request.to_json(extra),
        parse=_parse_check,
    )


def payment_pages(
    settings: Settings,
    filters: _Filters,
    page_limit: int = 100,
    extra: Mapping[str, JsonValue] | None = None,
) -> Pages[models.PaymentListRow]:
    """Build the pages of `POST /payment/list`; see `Payments.iterate`."""
    return Pages(
        lambda number: _list_operation(settings, filters, number, page_limit, extra), page_limit
    )


def _list_operation(
    settings: Settings,
    filters: _Filters,
    page_number: int,
    page_limit: int,
    extra: Mapping[str, JsonValue] | None,
) -> Operation[models.PaymentPage]:
    object_id = filters.get("object_id")
    if object_id is None and filters.get("object_type") == ObjectType.INVOICE:
        object_id = settings.invoice_code
        if object_id is None:
            raise ConfigurationError(
                "invoice_code is missing: pass object_id=… to the call or invoice_code=… to "
                "the client, or set QPAY_INVOICE_CODE"
            )
    first, last = period(filters.get("start_date"), filters.get("end_date"))
    request = models.ListRequest.model_validate(
        {
            **filters,
            "object_id": object_id,
            "start_date": first,
            "end_date": last,
            "offset": {"page_number": page_number, "page_limit": page_limit},
        }
    )
    return Operation(
        name="payments.list",
        method="POST",
        path="/payment/list",
        body=request.to_json(extra),
        parse=parser(models.PaymentPage),
    )


def paid_poll(
    operation: Operation[K],
    invoice_id: str,
    amount: MoneyInput | None,
    timeout: float,
    interval: float,
) -> Poll[K]:
    """Build what asks about an invoice until it is paid; see `Payments.wait`."""
    due = None if amount is None else parse_money(amount)
    return Poll(
        operation=operation,
        until=lambda check: check.is_paid(due),
        timeout=seconds(timeout, "timeout"),
        interval=seconds(interval, "interval"),
        on_timeout=lambda last: WaitTimeoutError(invoice_id=invoice_id, timeout=timeout, last=last),
    )


def _reversal(
    verb: str,
    payment_id: str,
    note: str,
    callback_url: str | None,
    extra: Mapping[str, JsonValue] | None,
) -> Operation[None]:
    identifier = path_id(payment_id, "payment_id")
    request = CancelRequest(note=note, callback_url=callback_url)
    return Operation(
        name=f"payments.{verb}",
        method="DELETE",
        path=f"/payment/{verb}/{identifier}",
        body=request.to_json(extra),
        parse=no_content,
        retryable=False,
        status_check=StatusCheck(
            operation=Operation(
                name="payments.get", method="GET", path=f"/payment/{identifier}", parse=_is_reversed
            ),
            result=None,
        ),
        subject={"payment_id": payment_id},
    )


def _is_reversed(body: bytes) -> RequestOutcome:
    status = _parse_payment(body).payment_status
    # QPay does not document the status of a cancelled payment; both spellings are in use.
    if status in {PaymentStatus.REFUNDED, "REFUND", "CANCELED", "CANCELLED"}:
        return RequestOutcome.DONE
    return RequestOutcome.NOT_DONE if status == PaymentStatus.PAID else RequestOutcome.UNCLEAR
