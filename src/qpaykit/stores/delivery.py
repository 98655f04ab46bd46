"""The record of a delivery: what reached a handler, for whom, how much and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from qpaykit._local_time import aware
from qpaykit._record_fields import amount_field, text_field


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A payment that reached a handler, or a payment too many that no handler took.

    Attributes:
        key: Under which key the store has it.
        order_no: The order's number; "" where nothing was known of the invoice.
        invoice_id: QPay's id of the invoice; "" where the payment named none.
        payment_id: QPay's id of the payment that was handled.
        payments: The ids of all payments that were counted, this one included.
        status: What reached the handler: a payment's status, such as "PAID" or "REFUNDED", or
            "UNDERPAID" or "OVERPAID".
        amount: What was paid, in the invoice's currency.
        due: What the invoice costs; 0 for an open sum, and where nothing was known of it.
        outcome: The dispatcher's outcome, such as "delivered"; "ignored" for a payment too many
            that no handler took.
        delivered_at: When the handler had ended, in Ulaanbaatar's zone.
        merchant_id: The sub-merchant of Quick QR that was paid; None where it is not known, and
            for the merchant product.
    """

    key: str
    order_no: str
    invoice_id: str
    payment_id: str
    payments: tuple[str, ...]
    status: str
    amount: Decimal
    due: Decimal
    outcome: str
    delivered_at: datetime
    merchant_id: str | None = None

    def to_json(self) -> str:
        """Write the record as a store keeps it."""
        return json.dumps(
            {
                "key": self.key,
                "order_no": self.order_no,
                "invoice_id": self.invoice_id,
                "payment_id": self.payment_id,
                "payments": list(self.payments),
                "status": self.status,
                "amount": str(self.amount),
                "due": str(self.due),
                "outcome": self.outcome,
                "delivered_at": self.delivered_at.isoformat(),
                "merchant_id": self.merchant_id,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str | None) -> Delivery | None:
        """Read what a store keeps; None for anything that is not a record."""
        if text is None:
            return None
        try:
            content = json.loads(text)
            merchant_id = content.get("merchant_id")
            return cls(
                key=text_field(content["key"]),
                order_no=text_field(content.get("order_no", "")),
                invoice_id=text_field(content.get("invoice_id", "")),
                payment_id=text_field(content.get("payment_id", "")),
                payments=_texts(content.get("payments", [])),
                status=text_field(content.get("status", "")),
                amount=amount_field(content.get("amount", "0")),
                due=amount_field(content.get("due", "0")),
                outcome=text_field(content.get("outcome", "")),
                delivered_at=aware(datetime.fromisoformat(text_field(content["delivered_at"]))),
                merchant_id=None if merchant_id is None else text_field(merchant_id),
            )
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            InvalidOperation,
            OverflowError,
            RecursionError,
        ):
            return None


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(text_field(one) for one in value)
