"""Invoices of sub-merchants: made, fetched, cancelled."""

from __future__ import annotations

from pydantic import ValidationError
from typing_extensions import Unpack

from qpaykit._escaping import get_logger
from qpaykit._http.session import Session
from qpaykit._invoice_record import InvoiceRecord, reference_key
from qpaykit.models.base import Extra
from qpaykit.operation import Operation
from qpaykit.quickqr._settings import QuickQRSettings
from qpaykit.quickqr.models import (
    QuickInvoice,
    QuickInvoiceFields,
    QuickInvoiceRequest,
    Reference,
)
from qpaykit.resources._endpoint import AsyncResource, SyncResource, endpoint
from qpaykit.resources._parsing import created_parser, lenient_parser, parser
from qpaykit.resources.invoices import (
    InvoiceMaker,
    cancel_operation,
    create_operation,
    invoice_path,
    signed_url,
)
from qpaykit.stores.protocol import AsyncStore

_logger = get_logger("qpaykit.quickqr")

_UNSIGNED = (
    "Callbacks of this invoice cannot be matched with it: Quick QR names only the payment, and "
    "callback_url is not signed. Set callback_secret, or QPAY_QUICKQR_CALLBACK_SECRET, or call the "
    "dispatcher's check(invoice_id)."
)
_IN_MEMORY = (
    "After a restart, callbacks of this invoice cannot be matched with it: it is remembered in "
    "this process's memory alone. Give the client a store that lasts, such as SQLiteStore."
)

_parse_invoice = parser(QuickInvoice)
_parse_created = created_parser(lenient_parser(QuickInvoice), "invoice_id")


class _QuickInvoiceEndpoints(InvoiceMaker[QuickQRSettings]):
    _if_not_remembered = (
        "Its callback cannot be matched: call the dispatcher's check(invoice_id) when the buyer is "
        "back."
    )

    def __init__(
        self,
        session: Session,
        settings: QuickQRSettings,
        store: AsyncStore,
        *,
        is_store_persistent: bool,
    ) -> None:
        super().__init__(session, settings, store)
        unmatched = "" if is_store_persistent else _IN_MEMORY
        self._unmatched = unmatched if settings.callback_secrets else _UNSIGNED

    @endpoint
    async def create(
        self, *, extra: Extra | None = None, **fields: Unpack[QuickInvoiceFields]
    ) -> QuickInvoice:
        """Make an invoice of a sub-merchant and get its QR code and bank links.

        It is sent once. QPay keeps no order number: the store remembers it, and the signed
        callback URL leads back to it. Where that cannot work, a warning is logged.

        Args:
            extra: Further fields of the request, for what QPay adds.
            fields: `merchant_id` (the sub-merchant), `amount` in MNT with at most two decimals,
                `order` (your order number, 45 characters), `description` (255 characters),
                `bank_accounts` (`BankAccount`s of the sub-merchant, exactly one the default), and
                what else `QuickInvoiceRequest` has. `callback_url` comes from the client where it
                is left out.

        Returns:
            The invoice; `qr_text`, `qr_png()` and `urls` are what the buyer pays with.

        Raises:
            pydantic.ValidationError: A field is not what QPay accepts; nothing was sent.
            ConfigurationError: There is no callback URL; nothing was sent.
            OutcomeUnknownError: The answer was lost; the invoice may exist.
            NotFoundError: The sub-merchant is not registered under this login.

        QPay: `POST /v2/invoice`.
        """
        return await self._create(QuickInvoiceRequest.model_validate(fields), extra)

    async def _create(
        self, request: QuickInvoiceRequest, extra: Extra | None = None
    ) -> QuickInvoice:
        request = self._prepared(request)
        if self._unmatched:
            _logger.warning(self._unmatched)
            self._unmatched = ""
        subject = {"order": request.sender_invoice_no}
        operation = create_operation(request, extra, parse=_parse_created, subject=subject)
        return await self._make_remembered(operation, InvoiceRecord.of_request(request))

    def _prepared(self, request: QuickInvoiceRequest) -> QuickInvoiceRequest:
        """Fill in the callback URL from the settings, and sign it."""
        url = request.callback_url or self._settings.callback_url
        if not url:
            raise self._settings.product.missing_in_call("callback_url")
        reference = Reference(request.sender_invoice_no, request.merchant_id)
        try:
            signed = signed_url(self._settings, url, reference.to_text(), request.amount)
        except ValidationError:
            # With the sub-merchant the URL may be too long. The store keeps the sub-merchant too.
            reference = reference._replace(merchant_id="")
            signed = signed_url(self._settings, url, reference.to_text(), request.amount)
        return request.model_copy(update={"callback_url": signed})

    async def _remember(self, invoice_id: str, record: InvoiceRecord) -> None:
        await super()._remember(invoice_id, record)
        await self._store.set(reference_key(self._account, record.sender_invoice_no), invoice_id)

    @endpoint
    def get(self, invoice_id: str) -> Operation[QuickInvoice]:
        """Fetch an invoice as QPay has it; only `payments.check` shows whether it is paid.

        Args:
            invoice_id: The id that `create` returned.

        Returns:
            The invoice, without the bank links.

        Raises:
            pydantic.ValidationError: It is not an id; nothing was sent.
            NotFoundError: QPay has no such invoice under this login.

        QPay: `GET /v2/invoice/{id}`.
        """
        return invoice_operation(invoice_id)

    @endpoint
    def cancel(self, invoice_id: str) -> Operation[None]:
        """Cancel an invoice, so that it can no longer be paid.

        When the answer is lost, the invoice is fetched, and cancelled once more only if it is
        still open.

        Args:
            invoice_id: The id that `create` returned.

        Raises:
            pydantic.ValidationError: It is not an id; nothing was sent.
            ConflictError: It is cancelled or paid already.
            NotFoundError: QPay has no such invoice under this login.
            OutcomeUnknownError: The answer was lost, and QPay does not show whether the invoice
                was cancelled.

        QPay: `DELETE /v2/invoice/{id}`.
        """
        return cancel_operation(invoice_id, done_codes=frozenset({"INVOICE_NOTFOUND"}))


class QuickInvoices(_QuickInvoiceEndpoints, SyncResource):
    """The invoices of a `QuickQRClient`."""


class AsyncQuickInvoices(_QuickInvoiceEndpoints, AsyncResource):
    """The invoices of an `AsyncQuickQRClient`."""


def invoice_operation(invoice_id: str) -> Operation[QuickInvoice]:
    """Build `GET /invoice/{id}`."""
    return Operation(
        name="invoices.get", method="GET", path=invoice_path(invoice_id), parse=_parse_invoice
    )
