"""The requests that dispatchers and orders make of Quick QR, which has no request for a payment."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

from qpaykit._arithmetic import ZERO
from qpaykit._callback_url import order_of
from qpaykit._invoice_record import Draft, InvoiceRecord, reference_key
from qpaykit.errors import CallbackSignatureError, ConfigurationError
from qpaykit.models import (
    Invoice,
    MoneyInput,
    Payment,
    PaymentCheck,
    PaymentListRow,
    TimeInput,
)
from qpaykit.models.payments import distinct_payments, payment_key
from qpaykit.quickqr.invoices import _QuickInvoiceEndpoints, invoice_operation
from qpaykit.quickqr.models import QuickInvoiceRequest, QuickPayment, Reference
from qpaykit.quickqr.payments import check_operation
from qpaykit.resources._endpoint import Resource
from qpaykit.resources._lookup import own
from qpaykit.signing import verify_signature


class Lookup(Resource):
    """The requests that a dispatcher makes of Quick QR."""

    by_invoice: bool = True

    def __init__(self, invoices: _QuickInvoiceEndpoints) -> None:
        super().__init__(invoices._session)
        self._invoices = invoices

    def draft(
        self, number: str, description: str, amount: MoneyInput | None, fields: Mapping[str, object]
    ) -> Draft:
        """Return the request of an order's invoice."""
        named = {"order": number, "description": description, "amount": amount}
        return QuickInvoiceRequest.model_validate({**named, **fields})

    def prepare(self, request: Draft) -> None:
        """Refuse a request of an invoice that could not be made."""
        self._invoices._prepared(own(request, QuickInvoiceRequest))

    async def create(self, request: Draft) -> Invoice:
        """Make an invoice; see `QuickInvoices.create`."""
        made = await self._invoices._create(own(request, QuickInvoiceRequest))
        # An order shows what every product's invoice has.
        return Invoice.model_validate(made.model_dump(include=set(Invoice.model_fields)))

    async def payment(self, payment_id: str, invoice_id: str) -> Payment | None:
        """Find a payment among those of its invoice."""
        check = await self._session.call(check_operation(invoice_id))
        for row in distinct_payments(check.rows):
            is_asked_for = row.payment_id and payment_key(row.payment_id) == payment_key(payment_id)
            if is_asked_for and isinstance(row, QuickPayment):
                return row.model_copy(update={"object_id": invoice_id})
        return None

    async def invoice(self, invoice_id: str) -> InvoiceRecord:
        """Fetch an invoice; its signed callback URL names the order and the sub-merchant."""
        found = await self._session.call(invoice_operation(invoice_id))
        record = InvoiceRecord("", "", found.amount or None, callback_url=found.callback_url)
        secrets = self._invoices._settings.callback_secrets
        if not secrets or record.signature is None:
            return record
        try:
            signed = verify_signature(record.signature, record.params, secret=secrets)
        except CallbackSignatureError:
            return record
        reference = Reference.from_text(signed.sender_invoice_no)
        return replace(
            record,
            order_no=order_of(reference.order_no, record.params),
            sender_invoice_no=signed.sender_invoice_no,
            # QPay may leave the sum out.
            total=max(record.total or ZERO, signed.amount or ZERO) or None,
            merchant_id=reference.merchant_id or None,
        )

    def iterate_payments(
        self,
        start: TimeInput,  # noqa: ARG002
        end: TimeInput,  # noqa: ARG002
        invoice_code: str | None,  # noqa: ARG002
    ) -> AsyncGenerator[PaymentListRow, None]:
        """Refuse: Quick QR has no list of payments."""
        raise ConfigurationError(
            "Quick QR has no list of payments to sweep: call check(invoice_id) for each order "
            "that is not paid"
        )

    async def invoice_of(self, reference: str) -> str | None:
        """Return the invoice that a callback URL was signed for, as `create` remembered it."""
        return await self._invoices._store.get(reference_key(self._invoices._account, reference))

    async def check(self, invoice_id: str, page_number: int) -> PaymentCheck:  # noqa: ARG002
        """Fetch what was paid on an invoice; there is one page."""
        return await self._session.call(check_operation(invoice_id))
