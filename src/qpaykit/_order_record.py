"""The record of an order: its invoices, and how many invoice numbers were used."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from pydantic_core import to_json

from qpaykit._record_fields import amount_field, text_field
from qpaykit._store_keys import key_part

InvoiceState = Literal["open", "cancelled", "expired"]

_STATES: dict[str, InvoiceState] = {
    "open": "open",
    "cancelled": "cancelled",
    "expired": "expired",
}


def order_key(account: str, order_no: str) -> str:
    """Return the key under which a store keeps the record of an order."""
    return f"order:{account}:{key_part(order_no)}"


def page_key(account: str, invoice_id: str) -> str:
    """Return the key under which a store keeps what an invoice's page needs."""
    return f"order-page:{account}:{key_part(invoice_id)}"


def invoice_number(order_no: str, count: int) -> str:
    """Return the `sender_invoice_no` of an order's invoice, the first or a later one."""
    return order_no if count == 1 else f"{order_no}-{count}"


def possible_order(number: str) -> str | None:
    """Return the order whose later invoice may have this number; None if there is none."""
    order_no, dash, count = number.rpartition("-")
    is_later = dash and order_no and count.isascii() and count.isdigit() and count[0] != "0"
    return order_no if is_later and count != "1" else None


@dataclass(frozen=True, kw_only=True)
class OrderInvoice:
    """One of an order's invoices.

    Attributes:
        number: Its `sender_invoice_no`.
        invoice_id: QPay's id.
        amount: What it costs.
        made_at: When it was made.
        expires_at: When it is to be cancelled; None where it has no end.
        state: "open", "cancelled" or "expired"; the deliveries tell whether it was paid.
    """

    number: str
    invoice_id: str
    amount: Decimal
    made_at: datetime
    expires_at: datetime | None
    state: InvoiceState = "open"


@dataclass(frozen=True, kw_only=True)
class OrderRecord:
    """An order as the store remembers it.

    Attributes:
        order_no: The order's number.
        numbers: How many invoice numbers were used, including those of lost answers.
        invoices: Its invoices, oldest first.
    """

    order_no: str
    numbers: int = 0
    invoices: tuple[OrderInvoice, ...] = ()

    @property
    def last(self) -> OrderInvoice | None:
        """The newest invoice; None before the first."""
        return self.invoices[-1] if self.invoices else None

    def with_number(self) -> OrderRecord:
        """Take the next number."""
        return replace(self, numbers=self.numbers + 1)

    def with_invoice(self, invoice: OrderInvoice) -> OrderRecord:
        """Add an invoice."""
        return replace(self, invoices=(*self.invoices, invoice))

    def with_state(self, state: InvoiceState) -> OrderRecord:
        """Give the newest invoice another state."""
        *earlier, last = self.invoices
        return replace(self, invoices=(*earlier, replace(last, state=state)))

    def has(self, number: str) -> bool:
        """Return whether one of its invoices has this number."""
        return any(one.number == number for one in self.invoices)

    def to_json(self) -> str:
        """Write the record as a store keeps it."""
        content = {
            "order_no": self.order_no,
            "numbers": self.numbers,
            "invoices": [
                {
                    "number": one.number,
                    "invoice_id": one.invoice_id,
                    "amount": str(one.amount),
                    "made_at": one.made_at.isoformat(),
                    "expires_at": one.expires_at and one.expires_at.isoformat(),
                    "state": one.state,
                }
                for one in self.invoices
            ],
        }
        return to_json(content).decode()

    @classmethod
    def from_json(cls, text: str | None) -> OrderRecord | None:
        """Read what a store keeps; None for anything that is not a record."""
        try:
            content = json.loads(text or "null")
            return cls(
                order_no=text_field(content["order_no"]),
                numbers=int(content["numbers"]),
                invoices=tuple(
                    OrderInvoice(
                        number=text_field(one["number"]),
                        invoice_id=text_field(one["invoice_id"]),
                        amount=amount_field(one["amount"]),
                        made_at=datetime.fromisoformat(text_field(one["made_at"])),
                        expires_at=_time(one["expires_at"]),
                        state=_STATES[one["state"]],
                    )
                    for one in content["invoices"]
                ),
            )
        except (AttributeError, LookupError, TypeError, ValueError, InvalidOperation):
            return None


def _time(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(text_field(value))
