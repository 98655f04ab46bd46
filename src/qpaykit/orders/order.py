"""What `Orders.open` returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from qpaykit.models import Invoice

OrderStatus: TypeAlias = Literal["open", "paid", "underpaid", "expired", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order and its newest invoice.

    Attributes:
        order_no: The order's number.
        status: "open" while it is to be paid, "paid" when it was paid and delivered, or
            "underpaid".
        amount: What the invoice costs, in MNT.
        invoice: What the buyer pays with: `to_html()`, `qr_text`, `qr_png()`, `urls`. For an order
            that was paid, and a day after the expiry, it may have its id alone.
        sender_invoice_no: The invoice's own number: the order's, or "42-2" and so on.
        opened_at: When the invoice was made, in Ulaanbaatar's zone; None where that is not
            remembered.
        expires_at: When `status`, `close` or the next `open` will cancel the invoice, in
            Ulaanbaatar's zone; None where it does not expire.
    """

    order_no: str
    status: OrderStatus
    amount: Decimal
    invoice: Invoice
    sender_invoice_no: str
    opened_at: datetime | None
    expires_at: datetime | None

    @property
    def invoice_id(self) -> str:
        """QPay's id of the invoice."""
        return self.invoice.invoice_id
