"""Delivers a PAID payment: to on_paid, on_underpaid or on_overpaid, each once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._arithmetic import EXACT, add_up
from qpaykit._escaping import get_logger
from qpaykit.callbacks.amounts import Tally
from qpaykit.callbacks.deliveries import Finished, delivery_of
from qpaykit.callbacks.handlers import UNDERPAID
from qpaykit.callbacks.keys import covers, day_before
from qpaykit.callbacks.queries import ask_qpay
from qpaykit.models import ObjectType, PaymentStatus
from qpaykit.models.payments import payment_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from qpaykit._invoice_record import InvoiceRecord
    from qpaykit.callbacks.deliveries import Deliveries
    from qpaykit.callbacks.events import Outcome, PaymentEvent
    from qpaykit.callbacks.handlers import Handlers
    from qpaykit.callbacks.keys import DeliveryKeys
    from qpaykit.callbacks.queries import Queries
    from qpaykit.models import PaymentRow
    from qpaykit.stores.delivery import Delivery

H = TypeVar("H")

_logger = get_logger("qpaykit.callbacks")

# How a payment too many is recorded: where a handler took it, and where there was none.
_OVERPAID = "OVERPAID"
_OVERPAID_IGNORED = "OVERPAID-IGNORED"
_OVERPAID_STATUSES = (_OVERPAID, _OVERPAID_IGNORED)


class PaidPayments(Generic[H]):
    """Decides which handler a PAID payment goes to, by the amount due on its invoice.

    Args:
        handlers: The handlers of the dispatcher.
        deliveries: Claims, calls the handler and records.
        keys: Names the deliveries.
        queries: Asks QPay.
        verify: Whether QPay is asked; otherwise the payment at hand is all that is known.
    """

    def __init__(
        self,
        handlers: Handlers[H],
        deliveries: Deliveries[H],
        keys: DeliveryKeys,
        queries: Queries[H],
        *,
        verify: bool,
    ) -> None:
        self._handlers = handlers
        self._deliveries = deliveries
        self._keys = keys
        self._queries = queries
        self._verify = verify

    def dry_run(self, deliveries: Deliveries[H]) -> PaidPayments[H]:
        """Return a copy that delivers nothing.

        Args:
            deliveries: The deliveries of the dry run.
        """
        return PaidPayments(
            self._handlers, deliveries, self._keys, self._queries, verify=self._verify
        )

    async def deliver(
        self, event: PaymentEvent, record: InvoiceRecord
    ) -> tuple[Outcome, Sequence[PaymentRow]]:
        """Deliver a PAID payment to on_paid, on_underpaid or on_overpaid.

        Returns:
            The outcome, and the payments that were not needed to pay what was just delivered.

        Raises:
            Finished: Nothing was delivered.
        """
        key = self._keys.of_paid(event.payment_id, event.invoice_id, record)
        earlier = await self._deliveries.find(key)
        if earlier is None and self._verify:
            earlier = await self._delivered_otherwise(event, record)
        if earlier is not None:
            return await self._paid_again(event, earlier, record), ()
        tally = await self._add_up(event, record)
        if tally is None:
            return await self._deliver_paid(key, event, record, ()), ()
        if not tally.is_enough:
            return await self._underpaid(event, tally), ()
        amount, counted, surplus = tally.needed()
        outcome = await self._deliver_paid(key, replace(event, amount=amount), record, counted)
        return outcome, surplus if outcome == "delivered" else ()

    async def _delivered_otherwise(
        self, event: PaymentEvent, record: InvoiceRecord
    ) -> Delivery | None:
        """Find a delivery under another key, made when more or less was known of the invoice.

        QPay may leave an invoice's number or total out of one answer and not of another.
        """
        if record.order_no:
            by_payment = await self._deliveries.find(
                self._keys.of_payment("PAID", event.payment_id)
            )
            if by_payment is not None or not event.invoice_id:
                return by_payment
            return await self._deliveries.find(self._keys.of_invoice(event.invoice_id))
        if event.payment.object_type not in {None, ObjectType.INVOICE}:
            return None  # it never has an order number
        paid_at = event.payment.payment_date
        found = None
        async for one in self._deliveries.since(paid_at and day_before(paid_at)):
            is_by_payment = one.key == self._keys.of_payment("PAID", one.payment_id)
            is_same = one.invoice_id == event.invoice_id != "" and not is_by_payment
            if self._keys.is_paid(one.key) and (is_same or covers(one, event.payment_id)):
                found = one
        return found

    async def _add_up(self, event: PaymentEvent, record: InvoiceRecord) -> Tally | None:
        """Add up what was paid on the invoice; None where nothing is known of it."""
        if not record.is_due_known:
            if not record.order_no or not self._verify:
                return None
            _logger.error(
                "QPay names no total of invoice %s of order %s, so it is unknown whether "
                "payment %s of %s pays it. It is not delivered: check the invoice at QPay.",
                event.invoice_id,
                record.order_no,
                event.payment_id,
                event.amount,
            )
            raise Finished("unreachable")
        tally = Tally.of_payment(event.invoice_id, event.payment, record)
        if tally.is_enough or not tally.is_comparable or not self._verify:
            return tally
        question = self._queries.tally(tally)
        return await ask_qpay(question, f"the payments of invoice {event.invoice_id}")

    async def _deliver_paid(
        self,
        key: str,
        event: PaymentEvent,
        record: InvoiceRecord,
        counted: Sequence[PaymentRow],
    ) -> Outcome:
        handler = self._handlers.find(PaymentStatus.PAID)
        if handler is None and not self._deliveries.is_dry_run:
            _logger.error(
                "Payment %s of order %s is PAID and was not delivered: there is no on_paid "
                "handler. Register one before the first callback, then call check(%r).",
                event.payment_id,
                event.order_no,
                event.invoice_id,
            )
            return "ignored"
        payments = (event.payment_id, *map(_readable_id, counted))
        delivery = delivery_of(key, event, "delivered", payments=payments)
        try:
            return await self._deliveries.deliver(handler, event, delivery, "delivered")
        except Finished as finished:
            earlier = await self._deliveries.find(key) if finished.outcome == "duplicate" else None
            if earlier is None:
                raise
            return await self._paid_again(event, earlier, record)

    async def _paid_again(
        self, event: PaymentEvent, earlier: Delivery, record: InvoiceRecord
    ) -> Outcome:
        """Tell a repeated callback of a delivered payment from a further payment."""
        if covers(earlier, event.payment_id):
            return "duplicate"
        if "" in earlier.payments and event.invoice_id == earlier.invoice_id:
            # The delivery counted payments that QPay listed without an id. This may be one.
            tally = Tally.of_payment(event.invoice_id, event.payment, record)
            question = self._queries.tally(tally, whole=True)
            tally = await ask_qpay(question, f"the payments of invoice {event.invoice_id}")
            if EXACT.subtract(tally.total, await self._reported(tally)) <= earlier.amount:
                return "duplicate"
        handler = self._handlers.find_overpaid()
        key = self._keys.of_payment(_OVERPAID, event.payment_id)
        if handler is None:
            return await self._overpaid_unhandled(event, earlier, key)
        delivery = delivery_of(key, event, "overpaid", status="OVERPAID")
        return await self._deliveries.deliver(handler, event, delivery, "overpaid")

    async def _overpaid_unhandled(
        self, event: PaymentEvent, earlier: Delivery, handled_key: str
    ) -> Outcome:
        """Record a payment too many that has no handler, and leave it to one that comes later."""
        if await self._deliveries.find(handled_key) is not None:
            return "duplicate"
        key = self._keys.of_payment(_OVERPAID_IGNORED, event.payment_id)
        delivery = delivery_of(key, event, "ignored", status="OVERPAID")
        outcome = await self._deliveries.deliver(None, event, delivery, "overpaid")
        if outcome == "overpaid" and not self._deliveries.is_dry_run:
            _logger.error(
                "Order %s was delivered before, for payment %s. Payment %s of %s is too much: "
                "refund it, and register on_overpaid to handle such payments.",
                event.order_no,
                earlier.payment_id,
                event.payment_id,
                event.amount,
            )
        return outcome

    async def _reported(self, tally: Tally) -> Decimal:
        """Add up the other payments that were recorded as too much."""
        reported = []
        for row in tally.others:
            keys = (self._keys.of_payment(status, row.payment_id) for status in _OVERPAID_STATUSES)
            if any([await self._deliveries.find(key) is not None for key in keys]):
                reported.append(row.payment_amount)
        return add_up(reported)

    async def _underpaid(self, event: PaymentEvent, tally: Tally) -> Outcome:
        about = (event.order_no, event.invoice_id, tally.total, event.due)
        is_known = tally.is_listed and tally.amount
        is_final = is_known or not tally.is_comparable or not self._verify
        if not is_final:
            _logger.warning(
                "Order %s is not delivered: of its invoice %s, %s of %s is paid, and payment/check "
                "does not list payment %s as PAID. QPay gets 503 and may call again.",
                *about,
                event.payment_id,
            )
            return "not_paid_yet"
        handler = self._handlers.find(UNDERPAID)
        _logger.warning(
            "Order %s is not delivered: of its invoice %s, %s of %s is paid.%s",
            *about,
            "" if handler else " Register on_underpaid to handle such payments.",
        )
        if handler is None:
            return "underpaid"
        event = replace(event, amount=event.amount or tally.amount)
        key = self._keys.of_payment("UNDERPAID", event.payment_id)
        delivery = delivery_of(key, event, "underpaid", status="UNDERPAID")
        return await self._deliveries.deliver(handler, event, delivery, "underpaid")


def _readable_id(row: PaymentRow) -> str:
    return row.payment_id if payment_key(row.payment_id) else ""
