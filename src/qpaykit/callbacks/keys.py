"""The keys under which a store has the deliveries of an account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qpaykit._callback_url import comparable_number
from qpaykit._store_keys import DELIVERY_PREFIX, key_part
from qpaykit.models.payments import payment_key

if TYPE_CHECKING:
    from datetime import datetime

    from qpaykit._invoice_record import InvoiceRecord
    from qpaykit.stores.delivery import Delivery

_CLOCK_TOLERANCE = timedelta(days=1)


class DeliveryKeys:
    """Names deliveries in a store.

    Args:
        account: Whose deliveries these are, among others in the store.
    """

    def __init__(self, account: str) -> None:
        self._account = account

    def of_paid(self, payment_id: str, invoice_id: str, record: InvoiceRecord) -> str:
        """Return the key of what is paid once: the order, else the invoice, else the payment."""
        if record.order_no:
            return self.of_order(record.order_no)
        if record.is_due_known and invoice_id:
            return self.of_invoice(invoice_id)
        return self.of_payment("PAID", payment_id)

    def of_payment(self, status: str, payment_id: str) -> str:
        """Return the key of a payment's status."""
        return self._key(status, payment_key(payment_id) or payment_id)

    def of_order(self, order_no: str) -> str:
        """Return the key of a paid order."""
        return self._key("PAID", "order", comparable_number(order_no))

    def of_invoice(self, invoice_id: str) -> str:
        """Return the key of a paid invoice that has no order number."""
        return self._key("PAID", "invoice", invoice_id)

    def has(self, key: str) -> bool:
        """Return whether a key is one of this account's."""
        return key.startswith(f"{DELIVERY_PREFIX}{self._account}:")

    def is_paid(self, key: str) -> bool:
        """Return whether a key is of something paid in this account."""
        return key.startswith(self._key("PAID", ""))

    def _key(self, status: str, *names: str) -> str:
        return DELIVERY_PREFIX + ":".join((self._account, *map(key_part, (status, *names))))


def covers(delivery: Delivery, payment_id: str) -> bool:
    """Return whether a delivery was made for a payment, alone or with others."""
    return payment_key(payment_id) in map(payment_key, delivery.payments)


def day_before(moment: datetime) -> datetime:
    """Return from when on a payment of a time may have been delivered."""
    # A payment is delivered after it was made, by clocks that may differ.
    try:
        return moment - _CLOCK_TOLERANCE
    except OverflowError:
        return moment  # the calendar begins with it
