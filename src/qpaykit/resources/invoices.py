"""Invoices: made, looked at, cancelled."""

from __future__ import annotations

import logging
from collections.abc import (
    Coroutine,
    Mapping,
)
from typing import Any, overload

from pydantic import JsonValue
from typing_extensions import Unpack

from qpaykit._http.session import Session
from qpaykit._invoice_record import InvoiceRecord, record_key
from qpaykit._sync import run_sync
from qpaykit.config import Settings
from qpaykit.errors import ConfigurationError
from qpaykit.models import Invoice, InvoiceDetail, InvoiceFields, InvoiceRequest, InvoiceStatus
from qpaykit.models.values import callback_url, path_id
from qpaykit.operation import Operation, RequestOutcome, StatusCheck
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint
from qpaykit.resources._parsing import lenient_parser, nothing, parser
from qpaykit.signing import sign_callback_url
from qpaykit.stores.protocol import AsyncStore

_logger = logging.getLogger("qpaykit")


class _InvoiceEndpoints(Resource):
    def __init__(self, session: Session, settings: Settings, store: AsyncStore) -> None:
        super().__init__(session)
        self._settings = settings
        self._store = store
        self._account = settings.account

    async def _create(
        self,
        request: InvoiceRequest | None,
        fields: dict[str, Any],
        extra: Mapping[str, JsonValue] | None,
    ) -> Invoice:
        request = complete(self._settings, request, fields)
        invoice = await self._session.call(create_operation(request, extra))
        record = InvoiceRecord.of_request(request)
        try:
            await self._store.set(record_key(self._account, invoice.invoice_id), record.to_json())
        except Exception:
            # The invoice exists, and the dispatcher can ask QPay for what is not remembered.
            _logger.exception(
                "Invoice %s of order %s was made, but the store could not remember it. Its "
                "callback costs one more request to QPay.",
                invoice.invoice_id,
                record.order_no,
            )
        return invoice.model_copy(update={"callback_url": request.callback_url or ""})

    @endpoint
    def get(self, invoice_id: str) -> Operation[InvoiceDetail]:
        """Fetch an invoice as QPay has it; whether it is paid is `payments.check`'s to say.

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
            parse=parser(InvoiceDetail),
        )

    @endpoint
    def cancel(self, invoice_id: str) -> Operation[None]:
        """Cancel an invoice, so that it can no longer be paid.

        When the answer is lost, the invoice is looked at, and cancelled once more only if
        it is still open.

        Args:
            invoice_id: The id that `create` returned.

        Raises:
            pydantic.ValidationError: An argument is not what QPay accepts; nothing was sent.
            ConflictError: It is cancelled or paid already.
            NotFoundError: QPay has no such invoice.
            OutcomeUnknownError: The answer was lost, and looking did not tell.

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


def complete(
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
        name: _needed(name, default)
        for name, default in defaults.items()
        if not getattr(request, name)
    }
    url = update.get("callback_url") or request.callback_url or ""
    callback_url(url, public=settings.is_production)
    if settings.callback_secrets:
        update["callback_url"] = sign_callback_url(
            url,
            secret=settings.callback_secrets,
            sender_invoice_no=request.sender_invoice_no,
            amount=request.total,
        )
    # A copy costs a fifteenth of a whole call.
    return request.model_copy(update=update) if update else request


def create_operation(
    request: InvoiceRequest, extra: Mapping[str, JsonValue] | None = None
) -> Operation[Invoice]:
    """Build `POST /invoice` of a complete request."""
    return Operation(
        name="invoices.create",
        method="POST",
        path="/invoice",
        body=request.to_json(extra),
        parse=_created,
        retryable=False,
        subject={"sender_invoice_no": request.sender_invoice_no},
    )


def cancel_operation(
    invoice_id: str, *, done_codes: frozenset[str] = frozenset()
) -> Operation[None]:
    """Build `DELETE /invoice/{id}`.

    Args:
        invoice_id: The invoice.
        done_codes: The codes with which QPay, asked for the invoice, says that it is cancelled.
    """
    path = invoice_path(invoice_id)
    return Operation(
        name="invoices.cancel",
        method="DELETE",
        path=path,
        parse=nothing,
        retryable=False,
        status_check=StatusCheck(
            operation=Operation(name="invoices.get", method="GET", path=path, parse=_cancelled),
            result=None,
            done_codes=done_codes,
        ),
        subject={"invoice_id": invoice_id},
    )


def _needed(name: str, default: str | None) -> str:
    if default is None:
        msg = (
            f"{name} is missing: pass {name}=… to the call or to the client, "
            f"or set QPAY_{name.upper()}"
        )
        raise ConfigurationError(msg)
    return default


def invoice_path(invoice_id: str) -> str:
    """Return the path of an invoice.

    Raises:
        pydantic.ValidationError: It is no id.
    """
    return f"/invoice/{path_id(invoice_id, 'invoice_id')}"


_parse_invoice = lenient_parser(Invoice)
_parse_detail = parser(InvoiceDetail)


def _created(body: bytes) -> Invoice:
    invoice = _parse_invoice(body)
    if not invoice.invoice_id:
        raise ValueError("it names no invoice_id")
    return invoice


def _cancelled(body: bytes) -> RequestOutcome:
    status = _parse_detail(body).invoice_status
    if status == InvoiceStatus.CANCELED:
        return RequestOutcome.DONE
    return RequestOutcome.NOT_DONE if status == InvoiceStatus.OPEN else RequestOutcome.UNCLEAR
