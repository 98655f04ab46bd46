"""The endpoints of invoices: create, get and cancel."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from decimal import Decimal
from typing import Any, Generic, TypeVar, overload

from pydantic import JsonValue
from typing_extensions import Unpack

from qpaykit import models
from qpaykit._escaping import get_logger
from qpaykit._http.session import Session
from qpaykit._invoice_record import InvoiceRecord, record_key
from qpaykit._sync import run_sync
from qpaykit.config import AccountSettings, Settings
from qpaykit.models import Invoice, InvoiceFields, InvoiceRequest, InvoiceStatus
from qpaykit.models.base import RequestModel
from qpaykit.models.callback_urls import callback_url
from qpaykit.models.ids import path_id
from qpaykit.operation import Operation, RequestOutcome, StatusCheck
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint
from qpaykit.resources._parsing import created_parser, lenient_parser, no_content, parser
from qpaykit.stores.protocol import AsyncStore

C = TypeVar("C", bound=AccountSettings)
I = TypeVar("I", bound=Invoice)  # noqa: E741

_logger = get_logger("qpaykit")


class InvoiceMaker(Resource, Generic[C]):
    """Makes the invoices of a product, and remembers them for their callbacks."""

    _if_not_remembered: str

    def __init__(self, session: Session, settings: C, store: AsyncStore) -> None:
        super().__init__(session)
        self._settings = settings
        self._store = store
        self._account = settings.account

    async def _make(self, operation: Operation[I], url: str | None) -> I:
        """Make an invoice; nothing is remembered of it."""
        invoice = await self._session.call(operation)
        return invoice.model_copy(update={"callback_url": url or ""})

    async def _make_remembered(self, operation: Operation[I], record: InvoiceRecord) -> I:
        """Make an invoice, and remember it; where the store fails, log what that means."""
        invoice = await self._make(operation, record.callback_url)
        try:
            await self._remember(invoice.invoice_id, record)
        except Exception:
            # The invoice exists: its buyer can pay it.
            _logger.exception(
                "Invoice %s of order %s was made, but the store could not remember it. %s",
                invoice.invoice_id,
                record.order_no,
                self._if_not_remembered,
            )
        return invoice

    async def _remember(self, invoice_id: str, record: InvoiceRecord) -> None:
        await self._store.set(record_key(self._account, invoice_id), record.to_json())


class _InvoiceEndpoints(InvoiceMaker[Settings]):
    _if_not_remembered = "Its callback costs one more request to QPay."

    async def _create(
        self,
        request: InvoiceRequest | None,
        fields: dict[str, Any],
        extra: Mapping[str, JsonValue] | None,
    ) -> Invoice:
        request = with_defaults(self._settings, request, fields)
        operation = self._creation(request, extra)
        return await self._make_remembered(operation, InvoiceRecord.of_request(request))

    def _creation(
        self, request: InvoiceRequest, extra: Mapping[str, JsonValue] | None = None
    ) -> Operation[Invoice]:
        """Build `POST /invoice` of a complete request."""
        subject = {"sender_invoice_no": request.sender_invoice_no}
        return create_operation(request, extra, parse=_parse_created, subject=subject)

    @endpoint
    def get(self, invoice_id: str) -> Operation[models.InvoiceDetail]:
        """Fetch an invoice as QPay has it; `payments.check` tells whether it is paid.

        Args:
            invoice_id: The id that `create` returned.

        Returns:
            The invoice with its status, amounts and lines.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            NotFoundError: QPay has no such invoice.

        QPay: `GET /v2/invoice/{id}`.
        """
        return Operation(
            name="invoices.get",
            method="GET",
            path=invoice_path(invoice_id),
            parse=parser(models.InvoiceDetail),
        )

    @endpoint
    def cancel(self, invoice_id: str) -> Operation[None]:
        """Cancel an invoice, so that it can no longer be paid.

        When the answer is lost, QPay is asked for the invoice, and it is cancelled once more only
        if it is still open.

        Args:
            invoice_id: The id that `create` returned.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            ConflictError: It is cancelled or paid already.
            NotFoundError: QPay has no such invoice.
            OutcomeUnknownError: The answer was lost, and the invoice's state did not tell.

        QPay: `DELETE /v2/invoice/{id}`.
        """
        return cancel_operation(invoice_id)


class Invoices(_InvoiceEndpoints, SyncResource):
    """The invoices of a `QPayClient`."""

    @overload
    def create(
        self, request: InvoiceRequest, /, *, extra: Mapping[str, JsonValue] | None = None
    ) -> Invoice: ...
    @overload
    def create(
        self,
        request: None = None,
        /,
        *,
        extra: Mapping[str, JsonValue] | None = None,
        **fields: Unpack[InvoiceFields],
    ) -> Invoice: ...
    def create(
        self,
        request: InvoiceRequest | None = None,
        /,
        *,
        extra: Mapping[str, JsonValue] | None = None,
        **fields: Any,
    ) -> Invoice:
        """Make an invoice and get its QR code and bank links.

        It is sent once. What is left out of `invoice_code` and `callback_url` comes from the
        client; `invoice_receiver_code` is then "terminal".

        Args:
            request: The whole request, or
            fields: The fields of `InvoiceRequest` by name: `amount` in MNT with at most two
                decimals, `sender_invoice_no` (45 characters, your order number),
                `invoice_description` (255 characters), and so on.
            extra: Further fields of the request, for what QPay adds.

        Returns:
            The invoice; `qr_text`, `qr_png()` and `urls` are what the buyer pays with.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            ConfigurationError: There is no invoice code or callback URL; nothing was sent.
            OutcomeUnknownError: The answer was lost; the invoice may exist.
            InvalidRequestError: QPay refused it.

        QPay: `POST /v2/invoice`.
        """
        return run_sync(self._create(request, fields, extra))


class AsyncInvoices(_InvoiceEndpoints, AsyncResource):
    """The invoices of an `AsyncQPayClient`."""

    @overload
    def create(
        self, request: InvoiceRequest, /, *, extra: Mapping[str, JsonValue] | None = None
    ) -> Coroutine[Any, Any, Invoice]: ...
    @overload
    def create(
        self,
        request: None = None,
        /,
        *,
        extra: Mapping[str, JsonValue] | None = None,
        **fields: Unpack[InvoiceFields],
    ) -> Coroutine[Any, Any, Invoice]: ...
    async def create(
        self,
        request: InvoiceRequest | None = None,
        /,
        *,
        extra: Mapping[str, JsonValue] | None = None,
        **fields: Any,
    ) -> Invoice:
        """Make an invoice and get its QR code and bank links.

        It is sent once. What is left out of `invoice_code` and `callback_url` comes from the
        client; `invoice_receiver_code` is then "terminal".

        Args:
            request: The whole request, or
            fields: The fields of `InvoiceRequest` by name: `amount` in MNT with at most two
                decimals, `sender_invoice_no` (45 characters, your order number),
                `invoice_description` (255 characters), and so on.
            extra: Further fields of the request, for what QPay adds.

        Returns:
            The invoice; `qr_text`, `qr_png()` and `urls` are what the buyer pays with.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            ConfigurationError: There is no invoice code or callback URL; nothing was sent.
            OutcomeUnknownError: The answer was lost; the invoice may exist.
            InvalidRequestError: QPay refused it.

        QPay: `POST /v2/invoice`.
        """
        return await self._create(request, fields, extra)


def with_defaults(
    settings: Settings, request: InvoiceRequest | None, fields: dict[str, Any]
) -> InvoiceRequest:
    """Fill in from the settings what a request leaves out, and sign its callback URL."""
    defaults = {
        "invoice_code": settings.invoice_code,
        "callback_url": settings.callback_url,
        "invoice_receiver_code": "terminal",
    }
    if request is None:
        request = InvoiceRequest(**{**defaults, **fields})
    elif fields:
        raise TypeError("pass an InvoiceRequest or its fields, not both")
    elif not isinstance(request, InvoiceRequest):
        raise TypeError("pass an InvoiceRequest, or its fields by name: create(**fields)")
    update = {
        name: _needed(settings, name, default)
        for name, default in defaults.items()
        if not getattr(request, name)
    }
    url = update.get("callback_url") or request.callback_url or ""
    signed = signed_url(settings, url, request.sender_invoice_no, request.total)
    if signed != url:
        update["callback_url"] = signed
    # A copy costs a fifteenth of a whole call.
    return request.model_copy(update=update) if update else request


def signed_url(settings: AccountSettings, url: str, number: str, total: Decimal | None) -> str:
    """Check an invoice's callback URL, and sign it where there is a secret.

    Args:
        settings: The client's.
        url: The callback URL.
        number: What it is signed for: the invoice's number.
        total: What the buyer has to pay; None for an open sum.

    Raises:
        pydantic.ValidationError: QPay cannot call it, or it is too long.
    """
    url = callback_url(url, public=settings.is_production)
    secret = settings.callback_secrets
    if not secret:
        return url
    from qpaykit.signing import sign_callback_url

    return sign_callback_url(url, secret=secret, sender_invoice_no=number, amount=total)


def create_operation(
    request: RequestModel,
    extra: Mapping[str, JsonValue] | None,
    *,
    parse: Callable[[bytes], I],
    subject: Mapping[str, str],
) -> Operation[I]:
    """Build `POST /invoice` of a complete request."""
    return Operation(
        name="invoices.create",
        method="POST",
        path="/invoice",
        body=request.to_json(extra),
        parse=parse,
        retryable=False,
        subject=subject,
    )


def cancel_operation(
    invoice_id: str, *, done_codes: frozenset[str] = frozenset()
) -> Operation[None]:
    """Build `DELETE /invoice/{id}`.

    Args:
        invoice_id: The invoice.
        done_codes: The codes with which QPay, asked for the invoice, says that it is cancelled.
    """
    return delete_operation(
        "invoices.cancel",
        invoice_path(invoice_id),
        _cancelled,
        done_codes=done_codes,
        subject={"invoice_id": invoice_id},
    )


def delete_operation(
    name: str,
    path: str,
    is_deleted: Callable[[bytes], RequestOutcome],
    *,
    done_codes: frozenset[str],
    subject: Mapping[str, str],
) -> Operation[None]:
    """Build a `DELETE` of which a `GET` of the same path tells whether it was carried out.

    Args:
        name: What users call it, such as "invoices.cancel".
        path: The path of what is deleted.
        is_deleted: Reads the answer of the `GET`.
        done_codes: The codes with which QPay, asked for it, says that it is deleted.
        subject: What it is about, for `OutcomeUnknownError`.
    """
    group = name.partition(".")[0]
    return Operation(
        name=name,
        method="DELETE",
        path=path,
        parse=no_content,
        retryable=False,
        status_check=StatusCheck(
            operation=Operation(name=f"{group}.get", method="GET", path=path, parse=is_deleted),
            result=None,
            done_codes=done_codes,
        ),
        subject=subject,
    )


def _needed(settings: AccountSettings, name: str, default: str | None) -> str:
    if default is None:
        raise settings.product.missing_in_call(name)
    return default


def invoice_path(invoice_id: str) -> str:
    """Return the path of an invoice.

    Raises:
        pydantic.ValidationError: It is not an id.
    """
    return f"/invoice/{path_id(invoice_id, 'invoice_id')}"


_parse_created = created_parser(lenient_parser(Invoice), "invoice_id")


def _cancelled(body: bytes) -> RequestOutcome:
    status = parser(models.InvoiceDetail)(body).invoice_status
    if status == InvoiceStatus.CANCELED:
        return RequestOutcome.DONE
    return RequestOutcome.NOT_DONE if status == InvoiceStatus.OPEN else RequestOutcome.UNCLEAR
