"""What the dispatcher hands to handlers, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from typing import TypeAlias

    from qpaykit.callbacks.parse import Callback
    from qpaykit.models import Payment, PaymentStatus

Outcome: TypeAlias = Literal[
    "delivered",
    "duplicate",
    "underpaid",
    "ignored",
    "unreadable",
    "forged",
    "mismatch",
    "unreachable",
    "not_paid_yet",
    "in_progress",
    "handler_failed",
]

_STATUS: dict[Outcome, int] = {
    "delivered": 200,
    "duplicate": 200,
    "underpaid": 200,
    "ignored": 200,
    "unreadable": 400,
    "forged": 403,
    "mismatch": 409,
    "unreachable": 503,
    "not_paid_yet": 503,
    "in_progress": 503,
    "handler_failed": 500,
}


@dataclass(frozen=True)
class PaymentEvent:
    """A payment reached a status.

    Attributes:
        payment: The payment as QPay itself reports it.
        status: Its status, such as `PaymentStatus.PAID`.
        amount: What was paid: this payment's amount, or the sum of the order's payments
            where several make up what was due.
        invoice_id: The invoice that it paid; None where it paid none.
        params: The merchant's own parameters of the callback URL. They are to be trusted
            only with a `callback_secret`.
        callback: The callback that told of it.
        sender_invoice_no: The order number, where the callback URL was signed.
    """

    payment: Payment
    status: PaymentStatus | str
    amount: Decimal | None
    invoice_id: str | None
    params: Mapping[str, str]
    callback: Callback
    sender_invoice_no: str | None = None


@dataclass(frozen=True)
class CallbackReply:
    """What to answer to QPay.

    Attributes:
        status_code: HTTP status.
        body: The body: exactly `SUCCESS` with 200, as QPay demands.
        content_type: The Content-Type header.
        outcome: What became of the callback, for logs and metrics.
    """

    status_code: int
    body: str
    content_type: str
    outcome: Outcome


def reply(outcome: Outcome) -> CallbackReply:
    """Make the answer that goes with an outcome."""
    status_code = _STATUS[outcome]
    body = "SUCCESS" if status_code == 200 else outcome
    return CallbackReply(status_code, body, "text/plain; charset=utf-8", outcome)
