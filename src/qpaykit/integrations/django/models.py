"""The tables of the store: deliveries, values and leases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from django.db.backends.base.base import BaseDatabaseWrapper

    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField


class KeyField(_CharField):
    """A case-sensitive key.

    MySQL and MariaDB compare text case-insensitively by default, so that the delivery of order "a"
    would count as that of order "A".
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return the type of the column."""
        column = super().db_type(connection)
        if connection.vendor == "mysql":
            return f"{column} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        return column


class Delivery(models.Model):
    """A payment that reached the receivers of a signal.

    Its row is written in the transaction in which the receivers work, so that the two are committed
    together. What other transactions see was delivered. `client().store.deliveries()` reads the
    records as `qpaykit.Delivery`.

    Attributes:
        key: What was delivered once: the order, or the payment in its status.
        order_no: The order's number; "" where nothing was known of the invoice.
        invoice_id: QPay's id of the invoice.
        payment_id: QPay's id of the payment.
        status: "PAID", "REFUNDED", "UNDERPAID" or "OVERPAID".
        outcome: The dispatcher's outcome, such as "delivered".
        amount: What was paid, in the invoice's currency.
        due: What the invoice costs; 0 for an open sum.
        delivered_at: When the receivers had ended.
        record: The whole record as JSON, with exact amounts.
    """

    key: KeyField = KeyField(max_length=255, primary_key=True)
    order_no: models.CharField[str, str] = models.CharField(max_length=255, db_index=True)
    invoice_id: models.CharField[str, str] = models.CharField(max_length=255, db_index=True)
    payment_id: models.CharField[str, str] = models.CharField(max_length=255, db_index=True)
    status: models.CharField[str, str] = models.CharField(max_length=40)
    outcome: models.CharField[str, str] = models.CharField(max_length=40)
    amount: models.DecimalField[Decimal, Decimal] = models.DecimalField(
        max_digits=20, decimal_places=2, default=0
    )
    due: models.DecimalField[Decimal, Decimal] = models.DecimalField(
        max_digits=20, decimal_places=2, default=0
    )
    delivered_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        default=timezone.now, db_index=True
    )
    record: models.TextField[str, str] = models.TextField(default="")

    class Meta:
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.order_no or self.payment_id}: {self.status}"


class Value(models.Model):
    """A value that qpaykit keeps: the token, or the record of an invoice or an order.

    The token gives access to the account until it expires.
    """

    key: KeyField = KeyField(max_length=255, primary_key=True)
    value: models.TextField[str, str] = models.TextField()
    until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    written: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class Claim(models.Model):
    """A lease, such as the right to log in."""

    key: KeyField = KeyField(max_length=255, primary_key=True)
    owner: models.CharField[str, str] = models.CharField(max_length=255)
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    done: models.BooleanField[bool, bool] = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.key
