"""Whether what was paid on an invoice reaches what is due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qpaykit._arithmetic import EXACT, ZERO, add_up
from qpaykit.models import PaymentStatus
from qpaykit.models.payments import currency_of, payment_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from qpaykit._invoice_record import InvoiceRecord
    from qpaykit.models import Payment, PaymentRow

# A row that names no status does not contradict the payment's own.
_PAID = (PaymentStatus.PAID, None, "")
_NEW_STATUSES = (PaymentStatus.NEW,)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What was paid on an invoice, by the payment at hand and by others.

    Attributes:
        invoice_id: The invoice.
        payment_id: The payment at hand.
        amount: What the payment at hand paid, in the invoice's currency.
        record: What is known of the invoice.
        total: What was paid in all.
        others: The other PAID payments in the invoice's currency, in QPay's order.
        is_listed: Whether payment/check lists the payment at hand, and as paid.
        is_comparable: Whether the payment at hand is in the invoice's currency.
    """

    invoice_id: str
    payment_id: str
    amount: Decimal
    record: InvoiceRecord
    total: Decimal
    others: tuple[PaymentRow, ...] = ()
    is_listed: bool = False
    is_comparable: bool = True

    @classmethod
    def of_payment(cls, invoice_id: str, payment: Payment, record: InvoiceRecord) -> Tally:
        """Begin with the payment at hand alone."""
        is_comparable = currency_of(payment, record.currency) == record.currency
        amount = payment.payment_amount if is_comparable else ZERO
        return cls(
            invoice_id=invoice_id,
            payment_id=payment.payment_id,
            amount=amount,
            record=record,
            total=amount,
            is_comparable=is_comparable,
        )

    @property
    def is_enough(self) -> bool:
        """Whether the total reaches what is due."""
        return self.record.is_reached_by(self.total)

    def of_rows(self, rows: Sequence[PaymentRow]) -> Tally:
        """Add up the payments that payment/check lists, each once.

        A row without an id may be the payment at hand. Where that is not certain, the
        smaller sum counts.
        """
        key = payment_key(self.payment_id)
        at_hand: PaymentRow | None = None
        others: list[PaymentRow] = []
        for row in rows:
            if payment_key(row.payment_id) == key:
                at_hand = row
            elif _is_paid(row, self.record.currency):
                others.append(row)
        if at_hand is None:
            at_hand = next((row for row in others if self._may_be_at_hand(row)), None)
            if at_hand is not None:
                others.remove(at_hand)
        amount = self._amount_by(at_hand)
        total = add_up([amount, *(row.payment_amount for row in others)])
        return replace(
            self,
            amount=amount,
            total=total,
            others=tuple(others),
            is_listed=at_hand is not None and at_hand.payment_status in _PAID,
        )

    def _amount_by(self, row: PaymentRow | None) -> Decimal:
        """Return what the payment at hand paid, by its row too."""
        if row is None or row.payment_status in _NEW_STATUSES:
            return self.amount
        if row.payment_status not in _PAID:
            return ZERO  # such as REFUNDED since
        if not self.amount and _is_paid(row, self.record.currency):
            return row.payment_amount
        return self.amount

    def needed(self) -> tuple[Decimal, tuple[PaymentRow, ...], tuple[PaymentRow, ...]]:
        """Divide the payments into those that make up what is due and those beyond it.

        Returns:
            The sum of the first, the other payments among them, and the payments beyond.
        """
        paid = self.amount
        counted: list[PaymentRow] = []
        surplus: list[PaymentRow] = []
        for row in self.others:
            if self.record.is_reached_by(paid):
                surplus.append(row)
            else:
                counted.append(row)
                paid = EXACT.add(paid, row.payment_amount)
        return paid, tuple(counted), tuple(surplus)

    def _may_be_at_hand(self, row: PaymentRow) -> bool:
        is_readable = payment_key(row.payment_id)
        return not is_readable and (not self.amount or row.payment_amount == self.amount)


def _is_paid(row: PaymentRow, currency: str) -> bool:
    return row.payment_status == PaymentStatus.PAID and currency_of(row, currency) == currency
