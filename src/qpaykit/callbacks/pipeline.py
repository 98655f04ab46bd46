"""Takes a callback to its handler: parse, verify, confirm, identify, add up, deliver."""

from __future__ import annotations

import copy
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._arithmetic import EXACT, add_up
from qpaykit._callback_url import NUMBER_PARAM
from qpaykit._invoice_record import InvoiceRecord, record_key
from qpaykit._order_record import OrderRecord, order_key, possible_order
from qpaykit._store_keys import key_part
from qpaykit.callbacks.amounts import Tally
from qpaykit.callbacks.deliveries import Deliveries, DryRun, Finished
from qpaykit.callbacks.events import CallbackReply, Outcome, PaymentEvent, Subject, reply_for
from qpaykit.callbacks.handlers import UNDERPAID, Handlers
from qpaykit.callbacks.matching import match, merge
from qpaykit.callbacks.parse import Body, Callback, Query, parse_callback
from qpaykit.callbacks.queries import Queries
from qpaykit.callbacks.verify import verify_callback
from qpaykit.errors import CallbackError, CallbackSignatureError, ConfigurationError, QPayError
from qpaykit.hooks import call_hook
from qpaykit.models import ObjectType, Payment, PaymentStatus
from qpaykit.models.payments import distinct_payments, payment_key
from qpaykit.models.values import format_time, is_path_id, period
from qpaykit.stores.delivery import Delivery, now

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
    from decimal import Decimal

    from pydantic import SecretStr
    from typing_extensions import Self

    from qpaykit.callbacks._io import IO
    from qpaykit.models import PaymentListRow, PaymentRow
    from qpaykit.models.values import TimeInput
    from qpaykit.signing import SignedOrder
    from qpaykit.stores.protocol import AsyncStore

H = TypeVar("H")
T = TypeVar("T")

_logger = logging.getLogger("qpaykit.callbacks")

_NOT_ENDED = (PaymentStatus.NEW, None, "")
_UNPAID = (PaymentStatus.NEW, PaymentStatus.FAILED, PaymentStatus.REFUNDED)
_DELIVERED_AS = (PaymentStatus.PAID, "UNDERPAID", "OVERPAID")
_CLOCK_TOLERANCE = timedelta(days=1)


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
        lease: Seconds that a handler may take before its payment is delivered anew.
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
        self._account = account
        self._verify_at_qpay = verify
        self.handlers: Handlers[H] = Handlers()

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
            replies = await self._answer(self.check(callback.invoice_id), about)
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
        self._begin_question("check")
        await self._deliveries.record_pending()
        record = await self._remembered(invoice_id)
        if record is None:
            record = await self._queries.invoice(invoice_id)
            if record is None:
                _logger.warning("QPay knows no invoice %s.", invoice_id)
                return None
            record = await self._with_order(record)
        return [
            (row, await self._handle_row(row, invoice_id, record))
            for row in await self._queries.payments(invoice_id)
            if row.payment_status != PaymentStatus.NEW
        ]

    async def is_delivered(self, order_no: str) -> bool:
        """Say whether an order was paid and delivered. The store's errors pass."""
        return await self._deliveries.read(self._order_paid_key(order_no)) is not None

    def sweep(
        self, start: TimeInput, end: TimeInput, *, invoice_code: str | None, dry_run: bool
    ) -> AsyncGenerator[CallbackReply, None]:
        """Deliver what was paid in a time and not yet delivered."""
        self._begin_question("sweep")
        if self._queries.by_invoice:
            raise ConfigurationError(
                "Quick QR has no list of payments to sweep: call check(invoice_id) for each order "
                "that is not paid"
            )
        period(start, end)
        since = _a_day_before(datetime.fromisoformat(format_time(start, "start_date")))
        run = self._dry_run() if dry_run else self
        return run._sweep(self._io.listed(start, end, invoice_code), since)

    async def _sweep(
        self, rows: AsyncIterator[PaymentListRow], since: datetime
    ) -> AsyncGenerator[CallbackReply, None]:
        await self._deliveries.record_pending()
        delivered = await self._delivered(since)
        seen: set[tuple[str, str]] = set()
        async for row in rows:
            state = _state(str(row.payment_status or PaymentStatus.PAID), row.payment_id)
            # A payment that is made meanwhile shifts the pages, so that rows come again.
            if row.payment_status == PaymentStatus.NEW or state in seen:
                continue
            if row.payment_id:
                seen.add(state)
            invoice_id = _invoice_id(row)
            subject = Subject(
                payment_id=row.payment_id, invoice_id=invoice_id, amount=row.payment_amount
            )
            if delivered is None:
                yield self._reply("unreachable", subject)
            elif row.payment_id and state in delivered:
                yield reply_for("duplicate", subject)
            elif row.payment_status in _UNPAID and self.handlers.find(row.payment_status) is None:
                yield self._reply("ignored", subject)
            elif not is_path_id(row.payment_id):
                yield self._reply(_report_row_without_id(row, subject), subject)
            else:
                callback = Callback(row.payment_id, invoice_id or None)
                yield await self._handle_payment(callback, subject, is_own=True)

    async def _delivered(self, since: datetime) -> set[tuple[str, str]] | None:
        """Return the payments, each with its status, that were delivered since a time.

        None where the store could not be asked.
        """
        prefix = f"delivered:{self._account}:"
        # What had no handler is delivered to the one that it has now.
        handles_overpaid = self.handlers.find_overpaid() is not None
        delivered: set[tuple[str, str]] = set()
        underpaid: dict[str, list[Delivery]] = {}
        try:
            async for one in self._store.deliveries(since):
                if not one.key.startswith(prefix):
                    continue
                if one.status == "UNDERPAID":
                    underpaid.setdefault(one.invoice_id, []).append(one)
                elif not (handles_overpaid and one.outcome == "ignored"):
                    delivered.update(_state(one.status, payment_id) for payment_id in one.payments)
        except Exception:
            _logger.exception(
                "The store could not be asked what was delivered, so nothing is delivered. Sweep "
                "this time again when the store answers."
            )
            return None
        for parts in underpaid.values():
            # Parts that make up the due sum were reported before QPay listed them all.
            if add_up(one.amount for one in parts) < min(one.due for one in parts):
                delivered.update(_state(one.status, one.payment_id) for one in parts)
        return delivered

    def _begin_question(self, name: str) -> None:
        if not self._verify_at_qpay:
            raise ConfigurationError(f"{name} asks QPay, and this dispatcher has verify=False")
        self.handlers.close()

    def _dry_run(self) -> Self:
        """Return a pipeline that says what it would deliver, and delivers nothing."""
        other = copy.copy(self)
        other._deliveries = DryRun(self._deliveries)
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
        """Say whether the store has the delivery of a payment that payment/check lists."""
        if row.payment_status == PaymentStatus.PAID:
            key = self._paid_key(payment_id, invoice_id, record)
        else:
            key = self._payment_key(str(row.payment_status), payment_id)
        try:
            delivery = await self._deliveries.find(key)
        except Finished:
            return False
        return delivery is not None and _counts(delivery, payment_id)

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
                payment = _of_listed_invoice(payment, callback.invoice_id, record)
            invoice_id = _invoice_id(payment)
            if record is None:
                record = await self._identify(payment, signed, callback)
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

    async def _answer(self, question: Awaitable[T], about: str) -> T:
        """Await a question to QPay; where it fails, the callback gets 503.

        Raises:
            Finished: QPay could not be asked.
        """
        try:
            return await question
        except QPayError as error:
            _logger.warning("Could not fetch %s from QPay: %s", about, error)
        except Exception:
            # Such as an error of the store that holds the token.
            _logger.exception("Could not fetch %s from QPay.", about)
        raise Finished("unreachable")

    def _verify(self, callback: Callback) -> SignedOrder | None:
        return verify_callback(callback, secret=self._secrets) if self._secrets else None

    async def _dispatch(self, event: PaymentEvent, record: InvoiceRecord) -> Outcome:
        if event.status == PaymentStatus.PAID:
            return await self._paid(event, record)
        return await self._other(event, record)

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
        payment = await self._answer(question, f"payment {payment_id}")
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

    async def _identify(
        self, payment: Payment, signed: SignedOrder | None, callback: Callback
    ) -> InvoiceRecord:
        """Find the invoice of a payment, and refuse one that the URL was not signed for."""
        record = await self._record(payment, callback)
        if signed is None:
            if record is None and _is_of_unnamed_invoice(payment) and self._verify_at_qpay:
                _logger.warning(
                    "QPay does not say which invoice payment %s paid. QPay gets 503 and may call "
                    "again.",
                    payment.payment_id,
                )
                raise Finished("unreachable")
            return record or InvoiceRecord("", "", None)
        if not self._verify_at_qpay:
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
        invoice_id = _invoice_id(payment)
        record = None
        if is_path_id(invoice_id):
            record = await self._remembered(invoice_id)
            if record is None and self._verify_at_qpay:
                question = self._queries.invoice(invoice_id)
                record = await self._answer(question, f"invoice {invoice_id}")
                record = None if record is None else await self._with_order(record)
        if record is None and not self._verify_at_qpay and callback.payment is not None:
            number = callback.payment.sender_invoice_no or ""
            record = InvoiceRecord(number, number, None)
        return record

    async def _with_order(self, record: InvoiceRecord) -> InvoiceRecord:
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

    async def _remembered(self, invoice_id: str) -> InvoiceRecord | None:
        try:
            text = await self._store.get(record_key(self._account, invoice_id))
        except Exception:
            _logger.exception("The store could not be read. QPay is asked for the invoice instead.")
            return None
        return InvoiceRecord.from_json(text)

    async def _paid(self, event: PaymentEvent, record: InvoiceRecord) -> Outcome:
        """Deliver a PAID payment to on_paid, on_underpaid or on_overpaid."""
        key = self._paid_key(event.payment_id, event.invoice_id, record)
        earlier = await self._deliveries.find(key)
        if earlier is None and self._verify_at_qpay:
            earlier = await self._delivered_otherwise(event, record)
        if earlier is not None:
            return await self._paid_again(event, earlier, record)
        tally = await self._add_up(event, record)
        if tally is None:
            return await self._deliver_paid(key, event, record, (), ())
        if not tally.is_enough:
            return await self._underpaid(event, tally)
        amount, counted, beyond = tally.needed()
        event = replace(event, amount=amount)
        return await self._deliver_paid(key, event, record, counted, beyond)

    async def _delivered_otherwise(
        self, event: PaymentEvent, record: InvoiceRecord
    ) -> Delivery | None:
        """Find a delivery under another key, made when more or less was known of the invoice.

        QPay may leave an invoice's number or total out of one answer and not of another.
        """
        if record.order_no:
            by_payment = await self._deliveries.find(self._payment_key("PAID", event.payment_id))
            if by_payment is not None or not event.invoice_id:
                return by_payment
            return await self._deliveries.find(self._key("PAID", "invoice", event.invoice_id))
        if event.payment.object_type not in {None, ObjectType.INVOICE}:
            return None  # it never has an order number
        paid_at, prefix = event.payment.payment_date, self._key("PAID", "")
        found = None
        async for one in self._deliveries.since(paid_at and _a_day_before(paid_at)):
            is_by_payment = one.key == self._payment_key("PAID", one.payment_id)
            is_same = one.invoice_id == event.invoice_id != "" and not is_by_payment
            if one.key.startswith(prefix) and (is_same or _counts(one, event.payment_id)):
                found = one
        return found

    async def _add_up(self, event: PaymentEvent, record: InvoiceRecord) -> Tally | None:
        """Add up what was paid on the invoice; None where nothing is known of it."""
        if not record.is_due_known:
            if not record.order_no or not self._verify_at_qpay:
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
        if tally.is_enough or not tally.is_comparable or not self._verify_at_qpay:
            return tally
        question = self._queries.tally(tally)
        return await self._answer(question, f"the payments of invoice {event.invoice_id}")

    async def _deliver_paid(
        self,
        key: str,
        event: PaymentEvent,
        record: InvoiceRecord,
        counted: Sequence[PaymentRow],
        beyond: Sequence[PaymentRow],
    ) -> Outcome:
        handler = self.handlers.find(PaymentStatus.PAID)
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
        delivery = _delivery(key, event, "delivered", payments=payments)
        try:
            outcome = await self._deliveries.deliver(handler, event, delivery, "delivered")
        except Finished as finished:
            earlier = await self._deliveries.find(key) if finished.outcome == "duplicate" else None
            if earlier is None:
                raise
            return await self._paid_again(event, earlier, record)
        if outcome == "delivered":
            for row in beyond:
                await self._beyond(row, event)
        return outcome

    async def _beyond(self, row: PaymentRow, event: PaymentEvent) -> None:
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

    async def _paid_again(
        self, event: PaymentEvent, earlier: Delivery, record: InvoiceRecord
    ) -> Outcome:
        """Tell a repeated callback of a delivered payment from a further payment."""
        if _counts(earlier, event.payment_id):
            return "duplicate"
        if "" in earlier.payments and event.invoice_id == earlier.invoice_id:
            # The delivery counted payments that QPay listed without an id. This may be one.
            tally = Tally.of_payment(event.invoice_id, event.payment, record)
            question = self._queries.tally(tally, whole=True)
            tally = await self._answer(question, f"the payments of invoice {event.invoice_id}")
            if EXACT.subtract(tally.total, await self._reported(tally)) <= earlier.amount:
                return "duplicate"
        handler = self.handlers.find_overpaid()
        key = self._payment_key("OVERPAID", event.payment_id)
        if handler is None:
            return await self._overpaid_unhandled(event, earlier, key)
        delivery = _delivery(key, event, "overpaid", status="OVERPAID")
        return await self._deliveries.deliver(handler, event, delivery, "overpaid")

    async def _overpaid_unhandled(
        self, event: PaymentEvent, earlier: Delivery, handled_key: str
    ) -> Outcome:
        """Record a payment too many that has no handler, and leave it to one that comes later."""
        if await self._deliveries.find(handled_key) is not None:
            return "duplicate"
        key = self._payment_key("OVERPAID-IGNORED", event.payment_id)
        delivery = _delivery(key, event, "ignored", status="OVERPAID")
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
        amounts = [
            row.payment_amount
            for row in tally.others
            if await self._deliveries.find(self._payment_key("OVERPAID", row.payment_id))
            or await self._deliveries.find(self._payment_key("OVERPAID-IGNORED", row.payment_id))
        ]
        return add_up(amounts)

    async def _underpaid(self, event: PaymentEvent, tally: Tally) -> Outcome:
        about = (event.order_no, event.invoice_id, tally.total, event.due)
        is_known = tally.is_listed and tally.amount
        is_final = is_known or not tally.is_comparable or not self._verify_at_qpay
        if not is_final:
            _logger.warning(
                "Order %s is not delivered: of its invoice %s, %s of %s is paid, and payment/check "
                "does not list payment %s as PAID. QPay gets 503 and may call again.",
                *about,
                event.payment_id,
            )
            return "not_paid_yet"
        handler = self.handlers.find(UNDERPAID)
        _logger.warning(
            "Order %s is not delivered: of its invoice %s, %s of %s is paid.%s",
            *about,
            "" if handler else " Register on_underpaid to handle such payments.",
        )
        if handler is None:
            return "underpaid"
        event = replace(event, amount=event.amount or tally.amount)
        key = self._payment_key("UNDERPAID", event.payment_id)
        delivery = _delivery(key, event, "underpaid", status="UNDERPAID")
        return await self._deliveries.deliver(handler, event, delivery, "underpaid")

    async def _other(self, event: PaymentEvent, record: InvoiceRecord) -> Outcome:
        """Deliver a payment that is not PAID to the handler of its status."""
        handler = self.handlers.find(event.status)
        if handler is None:
            outcome = await self._unhandled(event, record)
        else:
            key = self._payment_key(str(event.status), event.payment_id)
            delivery = _delivery(key, event, "delivered")
            try:
                outcome = await self._deliveries.deliver(handler, event, delivery, "delivered")
            except Finished as finished:
                outcome = finished.outcome
        # The payment has not ended, so QPay should call again.
        return "not_paid_yet" if event.status in _NOT_ENDED else outcome

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
        rows = await self._answer(question, f"the payments of invoice {event.invoice_id}")
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

    def _paid_key(self, payment_id: str, invoice_id: str, record: InvoiceRecord) -> str:
        """Return the key of what is paid once: the order, else the invoice, else the payment."""
        if record.order_no:
            return self._order_paid_key(record.order_no)
        if record.is_due_known and invoice_id:
            return self._key("PAID", "invoice", invoice_id)
        return self._payment_key("PAID", payment_id)

    def _payment_key(self, status: str, payment_id: str) -> str:
        return self._key(status, payment_key(payment_id) or payment_id)

    def _order_paid_key(self, order_no: str) -> str:
        return self._key("PAID", "order", order_no)

    def _key(self, status: str, *names: str) -> str:
        return ":".join(("delivered", self._account, *map(key_part, (status, *names))))

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


def _delivery(
    key: str,
    event: PaymentEvent,
    outcome: Outcome,
    *,
    status: str | None = None,
    payments: tuple[str, ...] | None = None,
) -> Delivery:
    return Delivery(
        key=key,
        order_no=event.order_no,
        invoice_id=event.invoice_id,
        payment_id=event.payment_id,
        payments=payments or (event.payment_id,),
        status=status or str(event.status),
        amount=event.amount,
        due=event.due,
        outcome=outcome,
        delivered_at=now(),
        merchant_id=event.merchant_id,
    )


def _a_day_before(moment: datetime) -> datetime:
    # A payment is delivered after it was made, by clocks that may differ.
    try:
        return moment - _CLOCK_TOLERANCE
    except OverflowError:
        return moment  # the calendar begins with it


def _readable_id(row: PaymentRow) -> str:
    return row.payment_id if payment_key(row.payment_id) else ""


def _counts(delivery: Delivery, payment_id: str) -> bool:
    return payment_key(payment_id) in map(payment_key, delivery.payments)


def _of_listed_invoice(
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


def _is_of_unnamed_invoice(payment: Payment) -> bool:
    return payment.object_type == ObjectType.INVOICE and not payment.object_id


def _invoice_id(payment: Payment | PaymentListRow) -> str:
    is_invoice = payment.object_type in {None, ObjectType.INVOICE}
    return (payment.object_id or "") if is_invoice else ""


def _state(status: str, payment_id: str) -> tuple[str, str]:
    """Name what a payment's delivery is of: one that is PAID may have gone to three handlers."""
    return "PAID" if status in _DELIVERED_AS else status, payment_key(payment_id)


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
