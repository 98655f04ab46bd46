"""The way of a callback to its handler: parse, verify, confirm, match, claim, deliver, answer."""

from __future__ import annotations

import logging
import random
import time
import uuid
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote, urlsplit

from qpaykit.callbacks.asking import Asking
from qpaykit.callbacks.events import CallbackReply, Outcome, PaymentEvent, reply
from qpaykit.callbacks.handlers import Handlers
from qpaykit.callbacks.memory import Remembered, remembered_key
from qpaykit.callbacks.parse import Body, Callback, Query, parse_callback
from qpaykit.callbacks.signing import SignedOrder, verify_callback
from qpaykit.errors import (
    CallbackError,
    CallbackSignatureError,
    ConfigurationError,
    InvalidRequestError,
    NotFoundError,
    QPayError,
)
from qpaykit.models import ObjectType, Payment, PaymentStatus
from qpaykit.models.values import is_path_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from decimal import Decimal

    from pydantic import SecretStr

    from qpaykit.callbacks.ports import Port
    from qpaykit.stores.protocol import AsyncStore

H = TypeVar("H")
T = TypeVar("T")

_logger = logging.getLogger("qpaykit.callbacks")

_POLL = 0.05
_MAX_STATUS = 40


class _Stop(Exception):  # noqa: N818 (a way out of the pipeline, not an error)
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


class Pipeline(Generic[H]):
    """Handles callbacks; written once, for both dispatchers.

    Args:
        port: How QPay is asked and how a handler is called.
        store: Where deliveries are claimed.
        secrets: What callback URLs are signed with; none means that they are not signed.
        account: Whose deliveries these are, among others in the store.
        verify: Whether QPay is asked; otherwise the callback's body is believed.
        patience: Seconds for which QPay is asked again about a payment that it does not
            know yet, and for which another delivery of the same payment is waited for.
        lease: Seconds that a handler may take before its payment is delivered anew.
        transactional: Whether what a handler did is kept by the store's `complete` alone.
    """

    def __init__(
        self,
        port: Port[H],
        store: AsyncStore,
        *,
        secrets: Sequence[SecretStr],
        account: str,
        verify: bool,
        patience: float,
        lease: float,
        transactional: bool,
    ) -> None:
        self._port = port
        self._asking = Asking(port, patience)
        self._store = store
        self._secrets = secrets
        self._account = account
        self._verify_at_qpay = verify
        self._patience = patience
        self._lease = lease
        self._transactional = transactional
        self.handlers: Handlers[H] = Handlers()

    async def handle(self, query: Query, body: Body) -> CallbackReply:
        """Take a callback from the request to the answer."""
        if not query and not body:
            return _told("ignored")  # somebody looks whether the URL is there
        try:
            callback = parse_callback(query=query, body=body)
        except CallbackError as error:
            _logger.warning("callback refused: %s", error)
            return _told("unreadable")
        if callback.payment_id is not None or callback.invoice_id is None:
            return _told(await self._outcome(callback), callback.payment_id)
        if not self._verify_at_qpay:
            return _told("unreadable")
        try:
            self._verify(callback)
            invoice_id = callback.invoice_id
            return _gravest(await self._answer(self.check(invoice_id), f"invoice {invoice_id}"))
        except CallbackSignatureError as error:
            _logger.warning("callback refused: %s", error)
            return _told("forged")
        except _Stop as stop:
            return _told(stop.outcome)

    async def check(self, invoice_id: str) -> list[CallbackReply]:
        """Deliver what was paid on an invoice and not yet delivered."""
        if not self._verify_at_qpay:
            raise ConfigurationError("check asks QPay, and this dispatcher has verify=False")
        try:
            invoice = await self._asking.invoice(invoice_id)
            check = await self._asking.payments(invoice_id)
        except (NotFoundError, InvalidRequestError) as error:
            _logger.warning("QPay knows no invoice %s: %s", invoice_id, error)
            return [_told("mismatch")]
        query = urlsplit(invoice.callback_url or "").query
        replies: list[CallbackReply] = []
        for row in check.rows:
            if row.payment_id is None or row.payment_status == PaymentStatus.NEW:
                continue
            try:
                callback = parse_callback(query=f"{query}&qpay_payment_id={row.payment_id}")
            except CallbackError as error:
                _logger.warning("invoice %s: %s", invoice_id, error)
                replies.append(_told("unreadable"))
            else:
                replies.append(_told(await self._outcome(callback), callback.payment_id))
        return replies

    async def _outcome(self, callback: Callback) -> Outcome:
        """Take one payment to its handler, whatever comes in between."""
        try:
            return await self._process(callback, self._verify(callback))
        except CallbackSignatureError as error:
            _logger.warning("callback refused: %s", error)
            return "forged"
        except CallbackError as error:
            _logger.warning("callback refused: %s", error)
            return "unreadable"
        except _Stop as stop:
            return stop.outcome

    async def _answer(
        self, question: Awaitable[T], about: str, *, unknown: Outcome = "unreachable"
    ) -> T:
        """Await a question to QPay; whatever goes wrong, no callback breaks on it."""
        try:
            return await question
        except (NotFoundError, InvalidRequestError) as error:
            _logger.warning("%s is not known to QPay: %s", about, error)
            raise _Stop(unknown) from None
        except QPayError as error:
            _logger.warning("%s could not be looked at: %s", about, error)
        except Exception:
            # Such as the store's, where the token lives.
            _logger.exception("%s could not be looked at", about)
        raise _Stop("unreachable")

    def _verify(self, callback: Callback) -> SignedOrder | None:
        if not self._secrets:
            return None
        return verify_callback(callback, secret=self._secrets)

    async def _process(self, callback: Callback, order: SignedOrder | None) -> Outcome:
        payment = await self._confirm(callback)
        if order is not None:
            await self._match(payment, order, callback)
        amount, underpaid = await self._add_up(payment, order)
        event = PaymentEvent(
            payment=payment,
            status=payment.payment_status or "",
            amount=amount,
            invoice_id=_invoice_id(payment),
            params=callback.params,
            callback=callback,
            sender_invoice_no=order.sender_invoice_no if order else None,
        )
        try:
            outcome = await self._deliver(event, self._key(event, order, underpaid), underpaid)
        except _Stop as stop:
            outcome = stop.outcome
            if outcome == "duplicate" and order is not None and not underpaid:
                await self._tell_of_more(event, order)
        # Whatever a handler for NEW does, QPay should come again when there is more to tell.
        return "not_paid_yet" if event.status in {PaymentStatus.NEW, ""} else outcome

    async def _confirm(self, callback: Callback) -> Payment:
        """Ask QPay for the payment, again for a moment where its answer lags behind."""
        if not self._verify_at_qpay:
            if callback.payment is None:
                raise CallbackError("without QPay's confirmation only a body tells of a payment")
            told = callback.payment.model_dump(exclude_none=True)
            return Payment.model_validate({**told, "payment_id": callback.payment_id})
        payment_id = callback.payment_id or ""
        payment = await self._answer(self._asking.payment(payment_id), f"payment {payment_id}")
        if payment is None or payment.payment_id not in {None, payment_id}:
            _logger.warning("QPay knows no payment %s", payment_id)
            raise _Stop("mismatch")
        return payment.model_copy(update={"payment_id": payment_id})

    async def _match(self, payment: Payment, order: SignedOrder, callback: Callback) -> None:
        """Refuse a payment of another invoice than the one that the URL was signed for.

        The URL is signed before QPay gives the invoice its id. What ties them is the
        invoice's own order number and callback URL.
        """
        invoice_id = _invoice_id(payment)
        if invoice_id is None or not is_path_id(invoice_id):
            raise _Stop("mismatch")
        known = await self._remembered(invoice_id)
        if known is None and self._verify_at_qpay:
            question = self._asking.invoice(invoice_id)
            invoice = await self._answer(question, f"invoice {invoice_id}", unknown="mismatch")
            known = Remembered.of(invoice.sender_invoice_no, invoice.callback_url)
        if known is None or not known.matches(order.sender_invoice_no, callback.signature):
            _logger.warning("payment %s is not of the order of its URL", payment.payment_id)
            raise _Stop("mismatch")

    async def _remembered(self, invoice_id: str) -> Remembered | None:
        try:
            return Remembered.read(await self._store.get(remembered_key(self._account, invoice_id)))
        except Exception:
            _logger.exception("the store could not be read; QPay is asked instead")
            return None

    async def _add_up(
        self, payment: Payment, order: SignedOrder | None
    ) -> tuple[Decimal | None, bool]:
        """Return what was paid, and whether it is less than what the order costs."""
        paid = payment.payment_amount
        if order is None or payment.payment_status != PaymentStatus.PAID:
            return paid, False
        invoice_id = _invoice_id(payment) or ""
        due = await self._due(invoice_id, order)
        if (payment.payment_currency or order.currency) != order.currency:
            return paid, True
        if paid is not None and paid >= due:
            return paid, False
        question = self._asking.total(invoice_id, payment, due=due, currency=order.currency)
        total = await self._answer(question, f"invoice {invoice_id}")
        return (total, False) if total >= due else (paid, True)

    async def _due(self, invoice_id: str, order: SignedOrder) -> Decimal:
        if order.amount is not None:
            return order.amount
        invoice = await self._answer(self._asking.invoice(invoice_id), f"invoice {invoice_id}")
        if invoice.total_amount is None:
            _logger.error("invoice %s names no total, nor does its signature", invoice_id)
            raise _Stop("unreachable")
        return invoice.total_amount

    async def _tell_of_more(self, event: PaymentEvent, order: SignedOrder) -> None:
        """Say so where an order that was delivered is paid again: somebody must give it back."""
        if event.status != PaymentStatus.PAID or event.invoice_id is None:
            return
        try:
            due = await self._due(event.invoice_id, order)
            question = self._asking.payments(event.invoice_id)
            check = await self._answer(question, f"invoice {event.invoice_id}")
        except _Stop:
            return  # the next repetition tells as well
        refunded = any(row.payment_status == PaymentStatus.REFUNDED for row in check.rows)
        rest = [row for row in check.rows if row.payment_id != event.payment.payment_id]
        without = check.model_copy(update={"rows": rest}).paid_total(order.currency)
        if without >= due or refunded:
            _logger.error(
                "invoice %s, which was delivered, is paid twice or again after a refund (%s of %s "
                "%s): look at its payments, and give back what is too much",
                event.invoice_id,
                check.paid_total(order.currency),
                due,
                order.currency,
            )

    def _key(self, event: PaymentEvent, order: SignedOrder | None, underpaid: bool) -> str:
        if order is not None and event.status == PaymentStatus.PAID and not underpaid:
            # An invoice is delivered once, however many payments make it up.
            return f"delivered:{self._account}:PAID:{event.invoice_id}"
        status = "UNDERPAID" if underpaid else quote(str(event.status), safe="")[:_MAX_STATUS]
        return f"delivered:{self._account}:{status}:{event.callback.payment_id}"

    async def _deliver(self, event: PaymentEvent, key: str, underpaid: bool) -> Outcome:
        """Call the handler, unless somebody has done so."""
        handler = self.handlers.find(event.status, underpaid=underpaid)
        if handler is None:
            self._unhandled(event)
            return "underpaid" if underpaid else "ignored"
        owner = uuid.uuid4().hex
        await self._claim(key, owner)
        try:
            await self._port.call(handler, event)
        except Exception:
            _logger.exception("the handler failed for payment %s", event.payment.payment_id)
            await self._give_back(key, owner)
            return "handler_failed"
        except BaseException:
            await self._give_back(key, owner)
            raise
        if not await self._complete(key, owner):
            await self._give_back(key, owner)
            return "handler_failed"
        return "underpaid" if underpaid else "delivered"

    def _unhandled(self, event: PaymentEvent) -> None:
        payment_id = event.payment.payment_id
        if event.status == PaymentStatus.PAID:
            _logger.error(
                "payment %s is PAID and has no handler: its order is not delivered. Register "
                "handlers before the first callback, then check(%r)",
                payment_id,
                event.invoice_id,
            )
        else:
            _logger.info("payment %s is %s: no handler", payment_id, event.status or "unknown")

    async def _claim(self, key: str, owner: str) -> None:
        ends = time.monotonic() + self._patience
        while True:
            try:
                state = await self._store.claim(key, owner, lease=self._lease)
            except Exception:
                _logger.exception("the store could not be asked; nothing was delivered")
                raise _Stop("unreachable") from None
            if state == "claimed":
                return
            if state == "done":
                raise _Stop("duplicate")
            if time.monotonic() >= ends:
                raise _Stop("in_progress")
            await self._port.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311

    async def _give_back(self, key: str, owner: str) -> None:
        try:
            await self._store.release(key, owner)
        except Exception:
            _logger.exception("a claim could not be given back: %s waits for its lease", key)

    async def _complete(self, key: str, owner: str) -> bool:
        """Record a delivery; say whether it was made."""
        try:
            kept = await self._store.complete(key, owner)
        except Exception:
            if self._transactional:
                _logger.exception("a delivery could not be kept: %s is to be delivered again", key)
                return False
            _logger.exception("a delivery could not be recorded: %s may be delivered again", key)
            return True
        if not kept:
            _logger.error(
                "the handler took longer than its lease of %g s: %s may have been delivered twice",
                self._lease,
                key,
            )
        return True


def _invoice_id(payment: Payment) -> str | None:
    return payment.object_id if payment.object_type in {None, ObjectType.INVOICE} else None


def _gravest(replies: Sequence[CallbackReply]) -> CallbackReply:
    return max(replies, key=lambda one: one.status_code, default=reply("not_paid_yet"))


def _told(outcome: Outcome, payment_id: str | None = None) -> CallbackReply:
    _logger.info(
        "callback for payment %s: %s",
        payment_id,
        outcome,
        extra={"outcome": outcome, "payment_id": payment_id},
    )
    return reply(outcome)
