"""What the dispatcher hands to handlers, and what it answers to QPay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Generic, Literal, TypeAlias

from typing_extensions import TypeVar

from qpaykit._arithmetic import ZERO
from qpaykit.callbacks.parse import Callback
from qpaykit.errors import ConfigurationError
from qpaykit.models import Payment, PaymentStatus

S_co = TypeVar("S_co", covariant=True, default=object)

Outcome: TypeAlias = Literal[
    "delivered",
    "duplicate",
    "underpaid",
    "overpaid",
    "ignored",
    "unreadable",
    "forged",
    "mismatch",
    "unreachable",
    "not_paid_yet",
    "in_progress",
    "handler_failed",
]

_STATUS_CODES: dict[Outcome, int] = {
    "delivered": 200,
    "duplicate": 200,
    "underpaid": 200,
    "overpaid": 200,
    "ignored": 200,
    "unreadable": 400,
    "forged": 403,
    "mismatch": 409,
    "unreachable": 503,
    "not_paid_yet": 503,
    "in_progress": 503,
    "handler_failed": 500,
}


@dataclass(frozen=True, kw_only=True)
class PaymentEvent(Generic[S_co]):
    """A payment reached a status.

    With a `SQLAlchemyStore` write `PaymentEvent[Session]`, with an `AsyncSQLAlchemyStore`
    `PaymentEvent[AsyncSession]`, so that type checkers know what `session` is.

    Attributes:
        payment_id: QPay's id of the payment.
        order_no: The order number of the invoice that was paid. It comes from what the store
            remembers of `invoices.create`, else from QPay, and never from the callback's URL.
            "" where nothing is known of the invoice.
        invoice_id: QPay's id of the invoice; "" where the payment names none.
        merchant_id: The sub-merchant of Quick QR that was paid. It comes from what the store
            remembers of `invoices.create`, else from the invoice's signed URL. None where neither
            names one, and for a payment of the merchant product.
        amount: For `on_paid` what was paid on the order: this payment's amount, or the sum of
            the payments that make up what is due. Otherwise this payment's amount.
        due: What the invoice costs; 0 for an open sum, and where nothing is known of it.
        status: The payment's status, such as `PaymentStatus.PAID`.
        payment: The payment as QPay reports it.
        params: The merchant's own parameters of the callback URL. Trust them only with a
            `callback_secret`.
        callback: The callback that reported the payment.
    """

    payment_id: str
    order_no: str
    invoice_id: str
    amount: Decimal
    due: Decimal
    status: PaymentStatus | str
    payment: Payment
    params: Mapping[str, str]
    callback: Callback
    merchant_id: str | None = None
    _session: S_co | None = field(default=None, repr=False, compare=False)

    @property
    def session(self) -> S_co:
        """The database session of this delivery.

        What the handler does with it commits together with the record of the delivery, or not at
        all. qpaykit commits it when the handler has returned; `begin_nested()` makes a savepoint.

        Raises:
            ConfigurationError: The dispatcher's store has no sessions, as all but the SQLAlchemy
                stores.
        """
        if self._session is None:
            raise ConfigurationError(
                "this event has no session, because the dispatcher's store keeps none: give the "
                "client a SQLAlchemyStore(engine), or an AsyncSQLAlchemyStore(engine)"
            )
        return self._session


def with_session(event: PaymentEvent, session: object) -> PaymentEvent:
    """Return the event with the session of its delivery."""
    return replace(event, _session=session)


class CallbackReply:
    """What to answer to QPay.

    Send `status_code`, `body` and `content_type` with the response of your web framework. Do not
    return the reply itself from a route: it is on purpose nothing that a framework can turn into
    JSON, because QPay would read a 200 around any outcome as success.

    Attributes:
        status_code: HTTP status.
        body: The body: exactly `SUCCESS` with 200, as QPay demands.
        content_type: The Content-Type header.
        outcome: What became of the callback, for logs and metrics.
        payment_id: QPay's id of the payment; "" where none is known.
        order_no: The order's number; "" where it is not known.
        invoice_id: QPay's id of the invoice; "" where it is not known.
        amount: What the payment paid, in the invoice's currency; 0 where it is not known.
    """

    __slots__ = (
        "amount",
        "body",
        "content_type",
        "invoice_id",
        "order_no",
        "outcome",
        "payment_id",
        "status_code",
    )

    def __init__(
        self,
        status_code: int,
        body: str,
        content_type: str,
        outcome: Outcome,
        *,
        payment_id: str = "",
        order_no: str = "",
        invoice_id: str = "",
        amount: Decimal = ZERO,
    ) -> None:
        self.status_code: int = status_code
        self.body: str = body
        self.content_type: str = content_type
        self.outcome: Outcome = outcome
        self.payment_id: str = payment_id
        self.order_no: str = order_no
        self.invoice_id: str = invoice_id
        self.amount: Decimal = amount

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CallbackReply):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"CallbackReply(status_code={self.status_code}, outcome={self.outcome!r})"

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a reply is about, as far as it is known.

    Attributes:
        payment_id: QPay's id of the payment.
        order_no: The order's number.
        invoice_id: QPay's id of the invoice.
        amount: What the payment paid.
    """

    payment_id: str = ""
    order_no: str = ""
    invoice_id: str = ""
    amount: Decimal = ZERO


def reply_for(outcome: Outcome, subject: Subject) -> CallbackReply:
    """Make the reply that goes with an outcome."""
    status_code = _STATUS_CODES[outcome]
    body = "SUCCESS" if status_code == 200 else outcome
    return CallbackReply(
        status_code,
        body,
        "text/plain; charset=utf-8",
        outcome,
        payment_id=subject.payment_id,
        order_no=subject.order_no,
        invoice_id=subject.invoice_id,
        amount=subject.amount,
    )
