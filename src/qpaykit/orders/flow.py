"""Opens, queries and closes orders; written once for the sync and the async class."""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from pydantic import ValidationError

from qpaykit import _local_time
from qpaykit._callback_url import add_number
from qpaykit._escaping import get_logger
from qpaykit._invoice_record import Draft, InvoiceRecord, record_key
from qpaykit._order_record import OrderInvoice, OrderRecord, invoice_number, order_key, page_key
from qpaykit._store_keys import key_part
from qpaykit.callbacks.queries import says_unknown
from qpaykit.errors import (
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    QPayError,
    TransportTimeout,
)
from qpaykit.models import Invoice, PaymentStatus
from qpaykit.orders.order import Order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from decimal import Decimal

    from qpaykit._order_record import InvoiceState
    from qpaykit.callbacks._io import IO
    from qpaykit.callbacks.pipeline import Pipeline
    from qpaykit.config import AccountSettings
    from qpaykit.orders.order import OrderStatus
    from qpaykit.stores.protocol import AsyncStore

H = TypeVar("H")
T = TypeVar("T")

PaymentState = Literal["nothing", "paid", "underpaid", "pending"]

# Opening and closing an order needs its claim. The lease is renewed before each request.
LEASE_SECONDS = 30.0
# QPay forbids polling. All callers together ask it about an order at most once in this
# time.
QUESTION_INTERVAL_SECONDS = 10.0
# The pictures and links of an invoice are large, and needed only while it is open. One that does
# not expire is replaced after this time.
PAGE_SECONDS = 30 * 86_400.0
# An expired invoice that was paid in part is not cancelled: its rest can still be paid.
PAGE_SECONDS_AFTER_EXPIRY = 86_400.0

_CLAIM_POLL_SECONDS = 0.05
_MAX_REFUSED_NUMBERS = 5
_MAX_LOST_ANSWERS = 1
_CANCELED = "INVOICE_ALREADY_CANCELED"
_STATUSES: dict[PaymentState, OrderStatus] = {
    "nothing": "open",
    "paid": "paid",
    "underpaid": "underpaid",
    "pending": "open",
}
_UNPAID_STATUSES = frozenset(
    {
        PaymentStatus.NEW,
        PaymentStatus.FAILED,
        PaymentStatus.REFUNDED,
        # QPay does not document the status of a cancelled invoice; both spellings are in use.
        "CANCELED",
        "CANCELLED",
        "REFUND",
    }
)

_logger = get_logger("qpaykit.orders")


@dataclass(frozen=True, kw_only=True)
class OrderRequest:
    """The arguments of `Orders.open`, validated.

    Attributes:
        order_no: The order's number.
        request: The request of its first invoice.
        total: What it costs, in MNT.
        expires_in: Seconds until the invoice is to be cancelled; None where it does not expire.
    """

    order_no: str
    request: Draft
    total: Decimal
    expires_in: float | None


class _LeaseLostError(Exception):
    """Another process has taken over the order."""


class OrderFlow(Generic[H]):
    """Opens, queries and closes orders.

    Args:
        pipeline: Delivers what was paid.
        io: How QPay is asked.
        store: Where orders are remembered.
        settings: The client's.
    """

    def __init__(
        self, pipeline: Pipeline[H], io: IO[H], store: AsyncStore, settings: AccountSettings
    ) -> None:
        self._pipeline = pipeline
        self._io = io
        self._store = store
        self._settings = settings
        self._account = settings.account

    async def open(self, order_request: OrderRequest) -> Order:
        """Return the order's open invoice; make one where there is none."""
        # Validate the request before QPay is asked and before anything is cancelled.
        self._io.prepare(order_request.request)
        return await self._exclusively(
            order_request.order_no,
            ready=lambda: self._ready(order_request),
            work=lambda owner: self._open(order_request, owner),
        )

    async def status(self, order_no: str) -> OrderStatus:
        """Return the status of an order; ask QPay unless it was asked in the last 10 s."""
        if await self._is_paid(order_no):
            return "paid"
        record, last = await self._known(order_no)
        if last.state != "open":
            return last.state
        state_key = f"order-asked:{self._account}:{key_part(order_no)}"
        payment_state = await self._store.get(state_key)
        if payment_state is None:
            claim = f"order-asking:{self._account}:{key_part(order_no)}"
            owner = uuid.uuid4().hex
            if await self._store.claim(claim, owner, lease=LEASE_SECONDS) == "claimed":
                try:
                    # Another process may have asked QPay before the claim.
                    payment_state = await self._store.get(state_key)
                    if payment_state is None:
                        return await self._ask(record, last, state_key)
                finally:
                    await self._store.release(claim, owner)
        return "underpaid" if payment_state == "underpaid" else "open"

    async def close(self, order_no: str) -> OrderStatus:
        """Deliver what was paid on an order, or else cancel its invoice."""
        return await self._exclusively(
            order_no,
            ready=lambda: self._final_status(order_no),
            work=lambda owner: self._close(order_no, owner),
        )

    async def _ready(self, order_request: OrderRequest) -> Order | None:
        """Return an order that needs no new invoice; None where it does."""
        record = await self._read(order_request.order_no)
        last = record.last if record is not None else None
        if await self._is_paid(order_request.order_no):
            return await self._order_without_new_invoice(order_request, "paid", last)
        if last is None or last.state != "open":
            return None
        if last.amount != order_request.total or _has_expired(last):
            return None
        # Without its QR code an invoice is of no use to the buyer.
        invoice = await self._kept_invoice(last)
        return None if invoice is None else _order(order_request, "open", last, invoice)

    async def _final_status(self, order_no: str) -> OrderStatus | None:
        """Return the status of an order that has ended; None while it is open."""
        if await self._is_paid(order_no):
            return "paid"
        _, last = await self._known(order_no)
        return None if last.state == "open" else last.state

    async def _open(self, order_request: OrderRequest, owner: str) -> Order:
        """Make an invoice, after the one before it was paid, cancelled or expired."""
        record = await self._read(order_request.order_no) or OrderRecord(
            order_no=order_request.order_no
        )
        self._io.prepare(self._numbered_request(order_request, record.numbers + 1))
        last = record.last
        if last is not None and last.state == "open":
            status = await self._settle(record, last, owner)
            if status == "open" or status == "paid" or status == "underpaid":
                return await self._order_without_new_invoice(order_request, status, last)
            record = record.with_state(status)
        return await self._make(order_request, record, owner)

    async def _close(self, order_no: str, owner: str) -> OrderStatus:
        record, last = await self._known(order_no)
        return await self._settle(record, last, owner)

    async def _make(self, order_request: OrderRequest, record: OrderRecord, owner: str) -> Order:
        """Make an invoice with a number that no other has."""
        lost = refused = 0
        while True:
            # Recorded before the invoice is sent, so that the number is not used again after a
            # crash.
            before, record = record, record.with_number()
            await self._save(before, record, owner)
            request = self._numbered_request(order_request, record.numbers)
            made_at = _local_time.now()
            try:
                invoice = await self._io.create(request)
            except OutcomeUnknownError:
                lost += 1
                if lost > _MAX_LOST_ANSWERS:
                    raise
                _logger.warning(
                    "QPay may have made invoice %s of order %s, but its answer was lost. Nobody "
                    "has seen its QR code, so another invoice is made.",
                    request.sender_invoice_no,
                    order_request.order_no,
                )
            except ConflictError:
                refused += 1
                if refused > _MAX_REFUSED_NUMBERS:
                    raise
                _logger.warning(
                    "QPay refused the number %s of order %s. The next one is tried.",
                    request.sender_invoice_no,
                    order_request.order_no,
                )
            else:
                break
        expires_at = None
        if order_request.expires_in is not None:
            expires_at = made_at + timedelta(seconds=order_request.expires_in)
        made = OrderInvoice(
            number=request.sender_invoice_no,
            invoice_id=invoice.invoice_id,
            amount=order_request.total,
            made_at=made_at,
            expires_at=expires_at,
        )
        sent = request.model_copy(update={"callback_url": invoice.callback_url})
        remembered = InvoiceRecord.of_request(sent, order_no=order_request.order_no)
        page_ttl_seconds = PAGE_SECONDS
        if order_request.expires_in is not None:
            page_ttl_seconds = order_request.expires_in + PAGE_SECONDS_AFTER_EXPIRY

        async def record_made() -> None:
            await self._add(record, made, owner)
            key = record_key(self._account, invoice.invoice_id)
            await self._store.set(key, remembered.to_json())
            # Written last, because `open` returns an invoice as soon as its page is stored.
            page = page_key(self._account, invoice.invoice_id)
            await self._store.set(page, invoice.model_dump_json(), ttl=page_ttl_seconds)

        # A task that is cancelled here would leave an open invoice that no order refers to.
        await self._io.uninterrupted(record_made)
        return _order(order_request, "open", made, invoice)

    async def _add(self, record: OrderRecord, made: OrderInvoice, owner: str) -> None:
        """Record an order's new invoice. If that fails, cancel it: no buyer has its QR code yet."""
        try:
            await self._save(record, record.with_invoice(made), owner)
        except Exception:
            try:
                await self._io.cancel(made.invoice_id)
            except QPayError:
                _logger.exception(
                    "Invoice %s of order %s was made and could not be recorded, and QPay did not "
                    "cancel it. Nobody has seen its QR code. Cancel it at QPay.",
                    made.invoice_id,
                    record.order_no,
                )
            raise

    async def _order_without_new_invoice(
        self, order_request: OrderRequest, status: OrderStatus, last: OrderInvoice | None
    ) -> Order:
        """Return an order that needs no new invoice, with its last invoice if the store has it."""
        invoice = None if last is None else await self._kept_invoice(last)
        return _order(order_request, status, last, invoice)

    async def _kept_invoice(self, invoice: OrderInvoice) -> Invoice | None:
        """Return an invoice with its QR code and links; None where the store no longer has them."""
        text = await self._store.get(page_key(self._account, invoice.invoice_id))
        try:
            return Invoice.model_validate_json(text or "")
        except ValidationError:
            return None

    async def _settle(
        self,
        record: OrderRecord,
        last: OrderInvoice,
        owner: str,
        *,
        is_checked: bool = False,
    ) -> OrderStatus:
        """Deliver what was paid on an open invoice, or else cancel it."""
        if not is_checked:
            await self._renew(record.order_no, owner)
            payment_state = await self._check(record.order_no, last)
            if payment_state != "nothing":
                return _STATUSES[payment_state]
        await self._renew(record.order_no, owner)
        # `open` returns no invoice without its QR code. It is deleted first, so that a cancelled
        # invoice is not returned if this process crashes before the cancellation is recorded.
        page = page_key(self._account, last.invoice_id)
        kept = await self._store.get(page)
        await self._store.delete(page)
        is_refused = False
        try:
            await self._io.cancel(last.invoice_id)
        except NotFoundError as error:
            if not says_unknown(error, "INVOICE"):
                raise
        except ConflictError as error:
            is_refused = error.code != _CANCELED
            if is_refused and kept is not None:
                await self._store.set(page, kept, ttl=PAGE_SECONDS)
        # A payment may have landed during the cancellation.
        await self._renew(record.order_no, owner)
        payment_state = await self._check(record.order_no, last)
        if payment_state != "nothing" or is_refused:
            return _STATUSES[payment_state]
        state = _final_state(last)
        await self._save(record, record.with_state(state), owner)
        return state

    async def _ask(self, record: OrderRecord, last: OrderInvoice, state_key: str) -> OrderStatus:
        """Ask QPay about an order, and cancel its invoice if it has expired."""
        payment_state: PaymentState = "nothing"
        status: OrderStatus | None = None
        try:
            payment_state = await self._check(record.order_no, last)
            if payment_state == "nothing" and _has_expired(last):
                status = await self._expire(record.order_no, last)
        except QPayError as error:
            _logger.warning(
                "Could not ask QPay about order %s: %s. It is asked again in %g s.",
                record.order_no,
                error,
                QUESTION_INTERVAL_SECONDS,
            )
        await self._store.set(state_key, payment_state, ttl=QUESTION_INTERVAL_SECONDS)
        return status or _STATUSES[payment_state]

    async def _expire(self, order_no: str, expired: OrderInvoice) -> OrderStatus:
        """Cancel an expired invoice without asking QPay again, unless another process does it."""
        owner = uuid.uuid4().hex
        if not await self._claim(order_no, owner):
            return "open"
        try:
            record, last = await self._known(order_no)
            if last != expired:
                return last.state
            return await self._settle(record, last, owner, is_checked=True)
        except _LeaseLostError:
            return "open"
        finally:
            await self._release(order_no, owner)

    async def _check(self, order_no: str, invoice: OrderInvoice) -> PaymentState:
        """Deliver what was paid on an invoice, and return what QPay lists of it."""
        try:
            rows = await self._pipeline.check_rows(invoice.invoice_id) or []
        except NotFoundError as error:
            if not says_unknown(error, "INVOICE"):
                raise
            rows = []
        if await self._is_paid(order_no):
            return "paid"
        counted = [
            (row, reply) for row, reply in rows if row.payment_status not in _UNPAID_STATUSES
        ]
        if not counted:
            return "nothing"
        # A payment that went to on_underpaid before is a duplicate.
        is_part = all(
            row.payment_status == PaymentStatus.PARTIAL
            or reply.outcome in {"underpaid", "duplicate"}
            for row, reply in counted
        )
        return "underpaid" if is_part else "pending"

    async def _is_paid(self, order_no: str) -> bool:
        return await self._pipeline.is_delivered(order_no)

    async def _known(self, order_no: str) -> tuple[OrderRecord, OrderInvoice]:
        """Return an order that was opened.

        Raises:
            LookupError: It was not.
        """
        record = await self._read(order_no)
        if record is None or record.last is None:
            raise LookupError(f"the store has no invoice of order {order_no}: open the order first")
        return record, record.last

    async def _read(self, order_no: str) -> OrderRecord | None:
        text = await self._store.get(order_key(self._account, order_no))
        return OrderRecord.from_json(text)

    async def _save(self, before: OrderRecord, record: OrderRecord, owner: str) -> None:
        """Record an order, while its claim is held.

        Args:
            before: What was read or written last. The claim of one that took too long may be free
                again, after another process has written something else.
            record: What to write.
            owner: Who holds the claim.

        Raises:
            _LeaseLostError: Another process has the claim, or had it.
        """
        await self._renew(record.order_no, owner)
        now = await self._read(record.order_no) or OrderRecord(order_no=record.order_no)
        if now != before:
            raise _LeaseLostError
        await self._store.set(order_key(self._account, record.order_no), record.to_json())

    async def _exclusively(
        self,
        order_no: str,
        *,
        ready: Callable[[], Awaitable[T | None]],
        work: Callable[[str], Awaitable[T]],
    ) -> T:
        """Return the result of `ready`, else that of `work`, in one process at a time.

        Args:
            order_no: The order whose claim is taken for `work`.
            ready: Returns a result that needs no work; None where there is none.
            work: Does the work; takes the owner of the claim.
        """
        # The claim of a crashed process is free after one lease.
        ends = time.monotonic() + 2 * LEASE_SECONDS
        while True:
            done = await ready()
            if done is not None:
                return done
            owner = uuid.uuid4().hex
            if await self._claim(order_no, owner):
                try:
                    # Another process may have done the work before the claim.
                    done = await ready()
                    return await work(owner) if done is None else done
                except _LeaseLostError:
                    _logger.warning(
                        "The work on order %s took longer than its lease of %g s, and another "
                        "process has taken it over.",
                        order_no,
                        LEASE_SECONDS,
                    )
                    ends = time.monotonic() + 2 * LEASE_SECONDS
                finally:
                    await self._release(order_no, owner)
            elif time.monotonic() > ends:
                raise TransportTimeout(
                    method="POST",
                    path="/invoice",
                    reason=f"another process has not ended its work on order {order_no} in time",
                    sent=False,
                )
            await self._io.sleep(_CLAIM_POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311

    async def _claim(self, order_no: str, owner: str) -> bool:
        key = self._claim_key(order_no)
        return await self._store.claim(key, owner, lease=LEASE_SECONDS) == "claimed"

    async def _renew(self, order_no: str, owner: str) -> None:
        if not await self._claim(order_no, owner):
            raise _LeaseLostError

    async def _release(self, order_no: str, owner: str) -> None:
        try:
            await self._store.release(self._claim_key(order_no), owner)
        except Exception:
            _logger.exception(
                "The claim on order %s could not be released. It ends after %g s.",
                order_no,
                LEASE_SECONDS,
            )

    def _claim_key(self, order_no: str) -> str:
        return f"order-claim:{self._account}:{key_part(order_no)}"

    def _numbered_request(self, order_request: OrderRequest, count: int) -> Draft:
        """Return the request of an order's invoice, the first or a later one."""
        if count == 1:
            return order_request.request
        url = order_request.request.callback_url or self._settings.callback_url
        return order_request.request.model_copy(
            update={
                "sender_invoice_no": invoice_number(order_request.order_no, count),
                "callback_url": url and add_number(url, count),
            }
        )


def _has_expired(invoice: OrderInvoice) -> bool:
    return invoice.expires_at is not None and _local_time.now() >= invoice.expires_at


def _final_state(invoice: OrderInvoice) -> InvoiceState:
    return "expired" if _has_expired(invoice) else "cancelled"


def _order(
    order_request: OrderRequest,
    status: OrderStatus,
    last: OrderInvoice | None,
    invoice: Invoice | None,
) -> Order:
    invoice_id = "" if last is None else last.invoice_id
    return Order(
        order_no=order_request.order_no,
        status=status,
        amount=order_request.total if last is None else last.amount,
        invoice=Invoice(invoice_id=invoice_id) if invoice is None else invoice,
        sender_invoice_no="" if last is None else last.number,
        opened_at=None if last is None else last.made_at,
        expires_at=None if last is None else last.expires_at,
    )
