"""Takes a callback to its handler: parse, verify, confirm, identify, add up, deliver."""

from __future__ import annotations

import copy
import logging
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._arithmetic import add_up
from qpaykit._callback_url import NUMBER_PARAM
from qpaykit._escaping import get_logger
from qpaykit._invoice_record import InvoiceRecord
from qpaykit.callbacks.deliveries import Deliveries, DryRun, Finished, delivery_of
from qpaykit.callbacks.events import CallbackReply, Outcome, PaymentEvent, Subject, reply_for
from qpaykit.callbacks.handlers import Handlers
from qpaykit.callbacks.keys import DeliveryKeys, covers, day_before
from qpaykit.callbacks.paid import PaidPayments
from qpaykit.callbacks.parse import Body, Callback, Query, parse_callback
from qpaykit.callbacks.queries import Queries, ask_qpay
from qpaykit.callbacks.records import InvoiceRecords, invoice_of, of_listed_invoice
from qpaykit.callbacks.sweep import delivered_since, state_of
from qpaykit.callbacks.verify import verify_callback
from qpaykit.errors import CallbackError, CallbackSignatureError, ConfigurationError
from qpaykit.hooks import call_hook
from qpaykit.models import Payment, PaymentStatus
from qpaykit.models.ids import is_path_id
from qpaykit.models.payments import PENDING_STATUSES, distinct_payments, payment_key
from qpaykit.models.times import format_time, period

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from pydantic import SecretStr
    from typing_extensions import Self

    from qpaykit.callbacks._io import IO
    from qpaykit.models import PaymentListRow, PaymentRow
    from qpaykit.models.times import TimeInput
    from qpaykit.signing import SignedOrder
    from qpaykit.stores.protocol import AsyncStore

H = TypeVar("H")

_logger = get_logger("qpaykit.callbacks")

_UNPAID = (PaymentStatus.NEW, PaymentStatus.FAILED, PaymentStatus.REFUNDED)


class Pipeline(Generic[H]):
    """Handles callbacks; written once, for both dispatchers.

    Args:
        io: How QPay is asked and how a handler is called.
        store: Where invoices are remembered and deliveries are claimed.
        secrets: What callback URLs are signed with; none means that they are not signed.
        account: Whose deliveries these are, among others in the store.
        verify: Whether QPay is asked; otherwise the callback's body is trusted.
        patience: Seconds for which QPay is asked again about a payment that it does not
            know yet, and for which another delivery of the same payment is waited for.
        lease: Seconds that a handler may take before another process may deliver its payment.
        transactional: Whether the store's `complete` commits the handler's work.
        session_of: Returns the session of the delivery that an owner has claimed; None for a
            store without sessions.
        on_outcome: Called with each reply.
    """

    def __init__(
        self,
        io: IO[H],
        store: AsyncStore,
        *,
        secrets: Sequence[SecretStr],
        account: str,
        verify: bool,
        patience: float,
        lease: float,
        transactional: bool,
        session_of: Callable[[str], object] | None = None,
        on_outcome: Callable[[CallbackReply], object] | None = None,
    ) -> None:
        self._io = io
        self._on_outcome = on_outcome
        self._queries = Queries(io, patience)
        self._store = store
        self._deliveries = Deliveries(
            io,
            store,
            patience=patience,
            lease=lease,
            transactional=transactional,
            session_of=session_of,
        )
        self._secrets = secrets
        self._verify_at_qpay = verify
        self.handlers: Handlers[H] = Handlers()
        self._keys = DeliveryKeys(account)
        self._records = InvoiceRecords(store, account, self._queries, verify=verify)
        self._paid = PaidPayments(
            self.handlers, self._deliveries, self._keys, self._queries, verify=verify
        )

    async def handle(self, query: Query, body: Body) -> CallbackReply:
        """Take a callback from the request to the reply."""
        self.handlers.close()
        if not query and not body:
            return self._reply("ignored")  # a probe of the URL
        try:
            callback = parse_callback(query=query, body=body)
        except CallbackError as error:
            _logger.warning("Callback refused: %s.", error)
            return self._reply("unreadable")
        await self._deliveries.record_pending()
        if callback.payment_id is not None or callback.invoice_id is None:
            return await self._handle_payment(
                callback, Subject(payment_id=callback.payment_id or "")
            )
        subject = Subject(invoice_id=callback.invoice_id)
        if not self._verify_at_qpay:
            return self._reply("unreadable", subject)
        about = f"invoice {callback.invoice_id}"
        try:
            self._verify(callback)
            replies = await ask_qpay(self.check(callback.invoice_id), about)
        except CallbackSignatureError as error:
            _logger.warning("Callback refused: %s.", error)
            return self._reply("forged", subject)
        except Finished as finished:
            return self._reply(finished.outcome, subject)
        return max(
            replies,
            key=lambda one: one.status_code,
            default=reply_for("not_paid_yet", subject),
        )

    async def check(self, invoice_id: str) -> list[CallbackReply]:
        """Deliver what was paid on an invoice and not yet delivered."""
        rows = await self.check_rows(invoice_id)
        if rows is None:
            return [self._reply("mismatch", Subject(invoice_id=invoice_id))]
        return [reply for _, reply in rows]

    async def check_rows(self, invoice_id: str) -> list[tuple[PaymentRow, CallbackReply]] | None:
        """Do as `check`, and return each reply with its payment; None for an unknown invoice."""
        self._start_check("check")
        await self._deliveries.record_pending()
        record = await self._records.remembered(invoice_id)
        if record is None:
            record = await self._queries.invoice(invoice_id)
            if record is None:
                _logger.warning("QPay knows no invoice %s.", invoice_id)
                return None
            record = await self._records.with_order(record)
        return [
            (row, await self._handle_row(row, invoice_id, record))
            # An invoice that was paid must not seem unpaid to one who is about to cancel it.
            for row in await self._queries.payments(invoice_id, refuse_unlisted=True)
            if row.payment_status != PaymentStatus.NEW
        ]

    async def is_delivered(self, order_no: str) -> bool:
        """Return whether an order was paid and delivered. The store's errors pass."""
        return await self._deliveries.read(self._keys.of_order(order_no)) is not None

    def sweep(
        self, start: TimeInput, end: TimeInput, *, invoice_code: str | None, dry_run: bool
    ) -> AsyncGenerator[CallbackReply, None]:
        """Deliver what was paid in a time and not yet delivered."""
        self._start_check("sweep")
        rows = self._io.iterate_payments(start, end, invoice_code)
        period(start, end)
        since = day_before(datetime.fromisoformat(format_time(start, "start_date")))
        run = self._dry_run() if dry_run else self
        return run._sweep(rows, since)

    async def _sweep(
        self, rows: AsyncGenerator[PaymentListRow, None], since: datetime
    ) -> AsyncGenerator[CallbackReply, None]:
        await self._deliveries.record_pending()
        delivered = await delivered_since(
            self._store,
            self._keys,
            since,
            # A payment that was recorded without a handler goes to the handler that exists now.
            handles_overpaid=self.handlers.find_overpaid() is not None,
        )
        seen: set[tuple[str, str]] = set()
        async with aclosing(rows):
            async for row in rows:
                state = state_of(str(row.payment_status or PaymentStatus.PAID), row.payment_id)
                # A payment that is made meanwhile shifts the pages, so that rows come again.
                if row.payment_status == PaymentStatus.NEW or state in seen:
                    continue
                if row.payment_id:
                    seen.add(state)
                is_delivered = None if delivered is None else state in delivered
                yield await self._handle_listed(row, is_delivered=is_delivered)

    async def _handle_listed(
        self, row: PaymentListRow, *, is_delivered: bool | None
    ) -> CallbackReply:
        """Deliver a payment that QPay lists.

        Args:
            row: The payment.
            is_delivered: Whether the store records its delivery; None where it cannot be read.
        """
        invoice_id = invoice_of(row)
        subject = Subject(
            payment_id=row.payment_id, invoice_id=invoice_id, amount=row.payment_amount
        )
        if is_delivered is None:
            return self._reply("unreachable", subject)
        if row.payment_id and is_delivered:
            return reply_for("duplicate", subject)
        if row.payment_status in _UNPAID and self.handlers.find(row.payment_status) is None:
            return self._reply("ignored", subject)
        if not is_path_id(row.payment_id):
            return self._reply(_report_row_without_id(row, subject), subject)
        callback = Callback(row.payment_id, invoice_id or None)
        return await self._handle_payment(callback, subject, is_own=True)

    def _start_check(self, name: str) -> None:
        if not self._verify_at_qpay:
            raise ConfigurationError(f"{name} asks QPay, and this dispatcher has verify=False")
        self.handlers.close()

    def _dry_run(self) -> Self:
        """Return a pipeline that says what it would deliver, and delivers nothing."""
        other = copy.copy(self)
        other._deliveries = DryRun(self._deliveries)
        other._paid = self._paid.dry_run(other._deliveries)
        return other

    async def _handle_row(
        self, row: PaymentRow, invoice_id: str, record: InvoiceRecord
    ) -> CallbackReply:
        """Take a payment that payment/check lists to its handler."""
        payment_id = row.payment_id
        subject = Subject(
            payment_id=payment_id,
            order_no=record.order_no,
            invoice_id=invoice_id,
            amount=row.payment_amount,
        )
        if not is_path_id(payment_id):
            return self._reply(_report_row_without_id(row, subject), subject)
        if await self._is_delivered(row, payment_id, invoice_id, record):
            return self._reply("duplicate", subject)
        return await self._handle_payment(
            Callback(payment_id, invoice_id), subject, record, is_own=True
        )

    async def _is_delivered(
        self, row: PaymentRow, payment_id: str, invoice_id: str, record: InvoiceRecord
    ) -> bool:
        """Return whether the store has the delivery of a payment that payment/check lists."""
        if row.payment_status == PaymentStatus.PAID:
            key = self._keys.of_paid(payment_id, invoice_id, record)
        else:
            key = self._keys.of_payment(str(row.payment_status), payment_id)
        try:
            delivery = await self._deliveries.find(key)
        except Finished:
            return False
        return delivery is not None and covers(delivery, payment_id)

    async def _handle_payment(
        self,
        callback: Callback,
        subject: Subject,
        record: InvoiceRecord | None = None,
        *,
        is_own: bool = False,
    ) -> CallbackReply:
        """Take one payment to its handler; every failure becomes an outcome.

        Args:
            callback: What reported the payment.
            subject: What is known of the payment.
            record: The invoice that the payment was listed for, where it is known.
            is_own: Whether the shop asked by itself, so that no signature is needed.
        """
        try:
            signed = None if is_own else self._verify(callback)
            payment = await self._confirm(callback, signed)
            if is_own:
                payment = of_listed_invoice(payment, callback.invoice_id, record)
            invoice_id = invoice_of(payment)
            if record is None:
                record = await self._records.identify(payment, signed, callback)
            else:
                invoice_id = invoice_id or subject.invoice_id
            if is_own and not callback.params:
                callback = replace(callback, params=record.params)
            event = _event(payment, invoice_id, record, callback)
            subject = _subject(event)
            outcome = await self._dispatch(event, record)
        except CallbackSignatureError as error:
            _logger.warning("Callback refused: %s.", error)
            outcome = "forged"
        except CallbackError as error:
            _logger.warning("Callback refused: %s.", error)
            outcome = "unreadable"
        except Finished as finished:
            outcome = finished.outcome
        except Exception:
            # QPay must get a reply after any error.
            _logger.exception("Payment %s could not be handled.", callback.payment_id)
            outcome = "unreachable"
        return self._reply(outcome, subject)

    def _verify(self, callback: Callback) -> SignedOrder | None:
        return verify_callback(callback, secret=self._secrets) if self._secrets else None

    async def _dispatch(self, event: PaymentEvent, record: InvoiceRecord) -> Outcome:
        if event.status != PaymentStatus.PAID:
            return await self._deliver_other_status(event, record)
        outcome, surplus = await self._paid.deliver(event, record)
        for row in surplus:
            await self._report_surplus(row, event)
        return outcome

    async def _report_surplus(self, row: PaymentRow, event: PaymentEvent) -> None:
        """Report a payment that was not needed to pay the order that was just delivered."""
        if not is_path_id(row.payment_id):
            _logger.error(
                "Order %s was delivered, and invoice %s has a payment of %s too many, without an "
                "id: check it at QPay, and refund it.",
                event.order_no,
                event.invoice_id,
                row.payment_amount,
            )
            return
        callback = Callback(row.payment_id, event.invoice_id, event.params)
        record = InvoiceRecord(
            event.order_no, event.order_no, event.due, merchant_id=event.merchant_id
        )
        await self._handle_payment(callback, _subject(event), record, is_own=True)

    async def _confirm(self, callback: Callback, signed: SignedOrder | None) -> Payment:
        """Fetch the payment from QPay, with retries because its answers may lag behind."""
        payment_id = callback.payment_id or ""
        if not self._verify_at_qpay:
            if callback.payment is None:
                raise CallbackError("a dispatcher without a client needs a callback with a body")
            content = callback.payment.model_dump(exclude_none=True)
            return Payment.model_validate({**content, "payment_id": payment_id})
        invoice_id = ""
        if self._queries.by_invoice:
            invoice_id = await self._invoice_of(callback, signed)
        question = self._queries.payment(payment_id, invoice_id)
        payment = await ask_qpay(question, f"payment {payment_id}")
        if payment is None and invoice_id:
            _logger.warning(
                "Invoice %s does not list payment %s. QPay gets 503 and may call again.",
                invoice_id,
                payment_id,
            )
            raise Finished("not_paid_yet")
        if payment is None or payment_key(payment.payment_id) != payment_key(payment_id):
            _logger.warning("QPay knows no payment %s.", payment_id)
            raise Finished("mismatch")
        return payment

    async def _invoice_of(self, callback: Callback, signed: SignedOrder | None) -> str:
        """Return the invoice of a payment that QPay cannot be asked for by its own id."""
        invoice_id = callback.invoice_id
        if signed is not None:
            invoice_id = await self._io.invoice_of(signed.sender_invoice_no)
        if not invoice_id:
            _logger.error(
                "Payment %s cannot be matched with its invoice: %s. QPay gets 503. Deliver the "
                "invoice with check(invoice_id).",
                callback.payment_id,
                "the callback URL is not signed"
                if signed is None
                else f"the store does not remember {signed.sender_invoice_no}",
            )
            raise Finished("unreachable")
        return invoice_id

    async def _deliver_other_status(self, event: PaymentEvent, record: InvoiceRecord) -> Outcome:
        """Deliver a payment that is not PAID to the handler of its status."""
        handler = self.handlers.find(event.status)
        if handler is None:
            outcome = await self._unhandled(event, record)
        else:
            key = self._keys.of_payment(str(event.status), event.payment_id)
            delivery = delivery_of(key, event, "delivered")
            try:
                outcome = await self._deliveries.deliver(handler, event, delivery, "delivered")
            except Finished as finished:
                outcome = finished.outcome
        # The payment has not ended, so QPay should call again.
        return "not_paid_yet" if event.status in PENDING_STATUSES else outcome

    async def _unhandled(self, event: PaymentEvent, record: InvoiceRecord) -> Outcome:
        if event.status != PaymentStatus.PARTIAL or not self._verify_at_qpay:
            is_known = event.status in _UNPAID or not event.status
            _logger.log(
                logging.INFO if is_known else logging.WARNING,
                "Payment %s of order %s, of %s where %s is due, is %s: no handler is registered "
                "for that.",
                event.payment_id,
                event.order_no,
                event.amount,
                event.due,
                event.status or "without a status",
            )
            return "ignored"
        question = self._queries.payments(event.invoice_id)
        rows = await ask_qpay(question, f"the payments of invoice {event.invoice_id}")
        paid = add_up(
            row.payment_amount
            for row in distinct_payments(rows)
            if row.payment_status in {PaymentStatus.PAID, PaymentStatus.PARTIAL}
        )
        is_enough = record.is_reached_by(paid)
        _logger.warning(
            "Order %s is not delivered: of its invoice %s, %s of %s is paid, in payments that "
            "are PARTIAL. QPay does not document that status: check the invoice at QPay, or "
            'register on("PARTIAL").',
            event.order_no,
            event.invoice_id,
            paid,
            event.due,
        )
        return "not_paid_yet" if is_enough else "ignored"

    def _reply(self, outcome: Outcome, subject: Subject | None = None) -> CallbackReply:
        subject = subject or Subject()
        reply = reply_for(outcome, subject)
        if not self._deliveries.is_dry_run:
            if self._on_outcome is not None:
                call_hook(self._on_outcome, reply, "on_outcome")
            _logger.info(
                "Callback for payment %s: %s.",
                subject.payment_id or None,
                outcome,
                extra={"outcome": outcome, "payment_id": subject.payment_id or None},
            )
        return reply


def _report_row_without_id(row: PaymentRow | PaymentListRow, subject: Subject) -> Outcome:
    """Report a payment that cannot be confirmed."""
    if row.payment_id:
        _logger.warning("Invoice %s has a payment whose id cannot be read.", subject.invoice_id)
        return "unreadable"
    _logger.warning(
        "Invoice %s of order %s has a payment of %s without an id, %s. It cannot be confirmed and "
        "is not delivered: check the invoice at QPay.",
        subject.invoice_id,
        subject.order_no or "(unknown)",
        row.payment_amount,
        row.payment_status,
    )
    return "unreachable"


def _event(
    payment: Payment, invoice_id: str, record: InvoiceRecord, callback: Callback
) -> PaymentEvent:
    return PaymentEvent(
        payment_id=payment.payment_id,
        order_no=record.order_no,
        invoice_id=invoice_id,
        amount=payment.payment_amount,
        due=record.due,
        status=payment.payment_status or "",
        payment=payment,
        params={name: one for name, one in callback.params.items() if name != NUMBER_PARAM},
        callback=callback,
        merchant_id=record.merchant_id,
    )


def _subject(event: PaymentEvent) -> Subject:
    return Subject(
        payment_id=event.payment_id,
        order_no=event.order_no,
        invoice_id=event.invoice_id,
        amount=event.amount,
    )
