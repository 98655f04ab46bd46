"""Invoices of sub-merchants: made, looked at, cancelled."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping

from pydantic import JsonValue
from typing_extensions import Unpack

from qpaykit._http.session import Session
from qpaykit._invoice_record import InvoiceRecord, record_key, reference_key
from qpaykit.errors import ConfigurationError
from qpaykit.models.values import callback_url
from qpaykit.operation import Operation
from qpaykit.quickqr._settings import QuickQRSettings
from qpaykit.quickqr.models import QuickInvoice, QuickInvoiceFields, QuickInvoiceRequest
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint
from qpaykit.resources._parsing import lenient_parser, parser
from qpaykit.resources.invoices import cancel_operation, invoice_path
from qpaykit.signing import sign_callback_url
from qpaykit.stores.protocol import AsyncStore

_logger = logging.getLogger("qpaykit.quickqr")

_UNSIGNED = (
    "Callbacks of this invoice cannot be matched with it: Quick QR names only the payment, and "
    "callback_url is not signed. Set callback_secret, or QPAY_QUICKQR_CALLBACK_SECRET, or call the "
    "dispatcher's check(invoice_id)."
)
_IN_MEMORY = (
    "After a restart, callbacks of this invoice cannot be matched with it: it is remembered in "
    "this process's memory alone. Give the client a store that lasts, such as SQLiteStore."
)
_REFERENCE_BYTES = 6
_SEPARATOR = "~"

_parse_invoice = parser(QuickInvoice)
_parse_new = lenient_parser(QuickInvoice)


class _QuickInvoiceEndpoints(Resource):
    def __init__(
        self, session: Session, settings: QuickQRSettings, store: AsyncStore, *, outlives: bool
    ) -> None:
        super().__init__(session)
        self._settings = settings
        self._store = store
        unmatched = "" if outlives else _IN_MEMORY
        self._unmatched = unmatched if settings.callback_secrets else _UNSIGNED

    @endpoint
    async def create(
        self,
        *,
        extra: Mapping[str, JsonValue] | None = None,
        **fields: Unpack[QuickInvoiceFields],
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
        return await self._make(QuickInvoiceRequest.model_validate(fields), extra)

    def _prepared(self, request: QuickInvoiceRequest) -> QuickInvoiceRequest:
        """Fill in the callback URL from the settings, and sign it."""
        url = request.callback_url or self._settings.callback_url
        if not url:
            raise ConfigurationError(
                "callback_url is missing: pass callback_url=… to the call or to the client, or set "
                "QPAY_QUICKQR_CALLBACK_URL"
            )
        url = callback_url(url, public=self._settings.is_production)
        if self._settings.callback_secrets:
            # An order may have several invoices: the callback of each must lead to that one.
            suffix = _SEPARATOR + secrets.token_urlsafe(_REFERENCE_BYTES)
            url = sign_callback_url(
                url,
                secret=self._settings.callback_secrets,
                sender_invoice_no=request.sender_invoice_no + suffix,
                amount=request.amount,
            )
        return request.model_copy(update={"callback_url": url})

    async def _make(
        self, request: QuickInvoiceRequest, extra: Mapping[str, JsonValue] | None = None
    ) -> QuickInvoice:
        request = self._prepared(request)
        if self._unmatched:
            _logger.warning(self._unmatched)
            self._unmatched = ""
        invoice = await self._session.call(
            Operation(
                name="invoices.create",
                method="POST",
                path="/invoice",
                body=request.to_json(extra),
                parse=_created,
                retryable=False,
                subject={"order": request.sender_invoice_no},
            )
        )
        await self._remember(invoice.invoice_id, InvoiceRecord.of_request(request))
        return invoice.model_copy(update={"callback_url": request.callback_url})

    async def _remember(self, invoice_id: str, record: InvoiceRecord) -> None:
        account = self._settings.account
        try:
            await self._store.set(record_key(account, invoice_id), record.to_json())
            await self._store.set(reference_key(account, record.sender_invoice_no), invoice_id)
        except Exception:
            _logger.exception(
                "Invoice %s of order %s was made, but the store could not remember it. Its "
                "callback cannot be matched: call the dispatcher's check(%r) when the buyer is "
                "back.",
                invoice_id,
                record.order_no,
                invoice_id,
            )

    @endpoint
    def get(self, invoice_id: str) -> Operation[QuickInvoice]:
        """Fetch an invoice as QPay has it; whether it is paid is `payments.check`'s to say.

        Args:
            invoice_id: The id that `create` returned.

        Returns:
            The invoice, without the bank links.

        Raises:
            pydantic.ValidationError: It is no id; nothing was sent.
            NotFoundError: QPay has no such invoice under this login.

        QPay: `GET /v2/invoice/{id}`.
        """
        return invoice_operation(invoice_id)

    @endpoint
    def cancel(self, invoice_id: str) -> Operation[None]:
        """Cancel an invoice, so that it can no longer be paid.

        When the answer is lost, the invoice is looked at, and cancelled once more only if
        it is still open.

        Args:
            invoice_id: The id that `create` returned.

        Raises:
            pydantic.ValidationError: It is no id; nothing was sent.
            ConflictError: It is cancelled or paid already.
            NotFoundError: QPay has no such invoice under this login.
            OutcomeUnknownError: The answer was lost, and looking did not tell.

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


def order_of(reference: str) -> str:
    """Return the order number in what a callback URL was signed for."""
    return reference.rpartition(_SEPARATOR)[0]


def _created(body: bytes) -> QuickInvoice:
    invoice = _parse_new(body)
    if not invoice.invoice_id:
        raise ValueError("it names no id")
    return invoice
