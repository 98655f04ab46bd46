"""Finds what is known of a payment's invoice: its order number and its total."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._escaping import get_logger
from qpaykit._invoice_record import InvoiceRecord, record_key
from qpaykit._order_record import OrderRecord, order_key, possible_order
from qpaykit.callbacks.deliveries import Finished
from qpaykit.callbacks.matching import match, merge
from qpaykit.callbacks.queries import ask_qpay
from qpaykit.models import ObjectType
from qpaykit.models.ids import is_path_id

if TYPE_CHECKING:
    from qpaykit.callbacks.parse import Callback
    from qpaykit.callbacks.queries import Queries
    from qpaykit.models import Payment, PaymentListRow
    from qpaykit.signing import SignedOrder
    from qpaykit.stores.protocol import AsyncStore

H = TypeVar("H")

_logger = get_logger("qpaykit.callbacks")


class InvoiceRecords(Generic[H]):
    """Finds the record of an invoice in the store, or at QPay.

    Args:
        store: Where invoices are remembered.
        account: Whose invoices these are, among others in the store.
        queries: Asks QPay.
        verify: Whether QPay is asked; otherwise the callback's body is trusted.
    """

    def __init__(
        self, store: AsyncStore, account: str, queries: Queries[H], *, verify: bool
    ) -> None:
        self._store = store
        self._account = account
        self._queries = queries
        self._verify = verify

    async def identify(
        self, payment: Payment, signed: SignedOrder | None, callback: Callback
    ) -> InvoiceRecord:
        """Find the invoice of a payment, and refuse one that the URL was not signed for."""
        record = await self._record(payment, callback)
        if signed is None:
            if record is None and _is_of_unnamed_invoice(payment) and self._verify:
                _logger.warning(
                    "QPay does not say which invoice payment %s paid. QPay gets 503 and may call "
                    "again.",
                    payment.payment_id,
                )
                raise Finished("unreachable")
            return record or InvoiceRecord("", "", None)
        if not self._verify:
            return merge(record or InvoiceRecord("", "", None), signed, callback.params)
        if record is None:
            if payment.object_id or payment.object_type not in {None, ObjectType.INVOICE}:
                verdict = "contradiction"
            else:
                verdict = "unknown"
        else:
            verdict = match(record, signed, callback.signature or "")
        if record is not None and verdict == "match":
            return merge(record, signed, callback.params)
        if verdict == "unknown":
            _logger.warning(
                "QPay does not say which invoice payment %s paid, so that it cannot be compared "
                "with order %s of the callback URL. QPay gets 503 and may call again.",
                payment.payment_id,
                signed.sender_invoice_no,
            )
            raise Finished("unreachable")
        _logger.warning(
            "Callback refused: payment %s paid another invoice than that of order %s, for which "
            "the callback URL was signed.",
            payment.payment_id,
            signed.sender_invoice_no,
        )
        raise Finished("mismatch")

    async def _record(self, payment: Payment, callback: Callback) -> InvoiceRecord | None:
        """Return what the store remembers of an invoice, else what QPay shows of it."""
        invoice_id = invoice_of(payment)
        record = None
        if is_path_id(invoice_id):
            record = await self.remembered(invoice_id)
            if record is None and self._verify:
                question = self._queries.invoice(invoice_id)
                record = await ask_qpay(question, f"invoice {invoice_id}")
                record = None if record is None else await self.with_order(record)
        if record is None and not self._verify and callback.payment is not None:
            number = callback.payment.sender_invoice_no or ""
            record = InvoiceRecord(number, number, None)
        return record

    async def with_order(self, record: InvoiceRecord) -> InvoiceRecord:
        """Return what QPay shows of an invoice with the number of its order.

        An order's later invoices have numbers such as "42-2". The record of order 42 tells them
        from an order that is itself called 42-2.
        """
        order_no = possible_order(record.order_no)
        if order_no is not None:
            key = order_key(self._account, order_no)
            try:
                text = await self._store.get(key)
            except Exception:
                # A delivery under the wrong number would be made again under the right one.
                _logger.exception(
                    "The store could not be asked whether %s is an invoice of order %s, so nothing "
                    "is delivered. QPay gets 503 and may call again.",
                    record.order_no,
                    order_no,
                )
                raise Finished("unreachable") from None
            order = OrderRecord.from_json(text)
            if order is not None and order.has(record.order_no):
                return replace(record, order_no=order_no)
        return record

    async def remembered(self, invoice_id: str) -> InvoiceRecord | None:
        """Return what the store remembers of an invoice."""
        try:
            text = await self._store.get(record_key(self._account, invoice_id))
        except Exception:
            _logger.exception("The store could not be read. QPay is asked for the invoice instead.")
            return None
        return InvoiceRecord.from_json(text)


def _is_of_unnamed_invoice(payment: Payment) -> bool:
    if not payment.object_id:
        return payment.object_type == ObjectType.INVOICE
    return payment.object_type in {None, ObjectType.INVOICE} and not is_path_id(payment.object_id)


def invoice_of(payment: Payment | PaymentListRow) -> str:
    """Return the id of the invoice that a payment paid; an empty text where it names none."""
    is_invoice = payment.object_type in {None, ObjectType.INVOICE}
    return (payment.object_id or "") if is_invoice else ""


def of_listed_invoice(
    payment: Payment, invoice_id: str | None, record: InvoiceRecord | None
) -> Payment:
    """Return a payment that QPay listed for an invoice, with that invoice's id.

    Raises:
        Finished: It is of another invoice.
    """
    if not invoice_id or payment.object_type not in {None, ObjectType.INVOICE}:
        return payment
    if not payment.object_id:
        return payment.model_copy(update={"object_id": invoice_id})
    if record is not None and payment.object_id != invoice_id:
        _logger.warning(
            "Payment %s is listed for invoice %s, and QPay says that it paid invoice %s. It is not "
            "delivered: check both at QPay.",
            payment.payment_id,
            invoice_id,
            payment.object_id,
        )
        raise Finished("mismatch")
    return payment
