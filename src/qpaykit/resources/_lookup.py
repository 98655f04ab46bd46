"""The requests that dispatchers and orders make of the merchant product.

They are coroutines in both clients, because dispatchers and orders are coroutines, which the sync
classes run with `run_sync`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TypeVar

from qpaykit._invoice_record import Draft, InvoiceRecord
from qpaykit.models import (
    Invoice,
    InvoiceDetail,
    InvoiceRequest,
    MoneyInput,
    ObjectType,
    Payment,
    PaymentCheck,
    PaymentListRow,
    TimeInput,
)
from qpaykit.operation import Operation
from qpaykit.resources._endpoint import Resource
from qpaykit.resources._parsing import parser
from qpaykit.resources.invoices import _InvoiceEndpoints, invoice_path, with_defaults
from qpaykit.resources.payments import check_operation, payment_operation, payment_pages

D = TypeVar("D")

_parse_detail = parser(InvoiceDetail)


class Lookup(Resource):
    """The requests that a dispatcher makes of the merchant product."""

    by_invoice: bool = False
    """Whether a payment is found only among those of its invoice."""

    def __init__(self, invoices: _InvoiceEndpoints) -> None:
        super().__init__(invoices._session)
        self._invoices = invoices

    def draft(
        self, number: str, description: str, amount: MoneyInput | None, fields: Mapping[str, object]
    ) -> Draft:
        """Return the request of an order's invoice."""
        named = {"sender_invoice_no": number, "invoice_description": description}
        return InvoiceRequest.model_validate({**named, "amount": amount, **fields})

    def prepare(self, request: Draft) -> None:
        """Refuse a request of an invoice that could not be made."""
        with_defaults(self._invoices._settings, own(request, InvoiceRequest), {})

    async def create(self, request: Draft) -> Invoice:
        """Make an invoice of an order, which remembers it; see `Invoices.create`."""
        whole = with_defaults(self._invoices._settings, own(request, InvoiceRequest), {})
        return await self._invoices._make(self._invoices._creation(whole), whole.callback_url)

    async def payment(self, payment_id: str, invoice_id: str) -> Payment | None:  # noqa: ARG002
        """Fetch a payment; None where its invoice does not list it.

        QPay: `GET /v2/payment/{id}`.
        """
        return await self._session.call(payment_operation(payment_id))

    async def invoice(self, invoice_id: str) -> InvoiceRecord:
        """Fetch what QPay knows of an invoice.

        QPay: `GET /v2/invoice/{id}`.
        """
        operation = Operation(
            name="invoices.get", method="GET", path=invoice_path(invoice_id), parse=_parse_record
        )
        return await self._session.call(operation)

    async def invoice_of(self, reference: str) -> str | None:  # noqa: ARG002
        """Return None: QPay is asked for a payment, and the payment names its invoice."""
        return None

    async def check(self, invoice_id: str, page_number: int) -> PaymentCheck:
        """Fetch a page of what was paid on an invoice.

        QPay: `POST /v2/payment/check`.
        """
        return await self._session.call(check_operation(invoice_id, page_number=page_number))

    def iterate_payments(
        self, start: TimeInput, end: TimeInput, invoice_code: str | None
    ) -> AsyncGenerator[PaymentListRow, None]:
        """Iterate over the payments of a time, of one invoice code.

        QPay: `POST /v2/payment/list`, page by page.
        """
        pages = payment_pages(
            self._invoices._settings,
            {
                "start_date": start,
                "end_date": end,
                "object_type": ObjectType.INVOICE,
                "object_id": invoice_code,
            },
        )
        return pages.rows(self._session)


def own(request: Draft, kind: type[D]) -> D:
    """Return a request of this product.

    Raises:
        TypeError: It is another product's.
    """
    if not isinstance(request, kind):
        raise TypeError("this is another product's request")
    return request


def _parse_record(body: bytes) -> InvoiceRecord:
    return InvoiceRecord.of_detail(_parse_detail(body))
