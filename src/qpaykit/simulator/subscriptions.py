"""Subscriptions: an invoice that is paid again by card after each interval."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse, FieldErrorResponse

if TYPE_CHECKING:
    from pydantic import JsonValue

    from qpaykit.simulator.state import Invoice, Payment

_INTERVAL = re.compile(r"([1-9][0-9]{0,3})([DWM])")
_LAST_YEAR = 9999


@dataclass
class Subscription:
    """A subscription, and its invoices and payments.

    Attributes:
        invoice: The invoice that began it.
        invoices: The invoices of later intervals, oldest first.
        payments: The card payments, oldest first.
        interval: Such as "1D", "2W" or "1M".
        next_payment_at: When the next payment is due, in seconds since 1970.
        last_interval_at: When the running interval began.
    """

    id: str
    invoice: Invoice
    interval: str
    created_at: float
    next_payment_at: float
    last_interval_at: float
    updated_at: float
    is_active: bool = True
    invoices: list[Invoice] = field(default_factory=list, repr=False)
    payments: list[Payment] = field(default_factory=list, repr=False)

    def paid(self, payment: Payment) -> None:
        """Record a card payment: the next one is due an interval later."""
        self.payments.append(payment)
        self.last_interval_at = self.updated_at = payment.paid_at
        if len(self.payments) > 1 or self.next_payment_at <= payment.paid_at:
            self.next_payment_at = after(self.next_payment_at, self.interval)


def check_interval(content: dict[str, JsonValue]) -> str:
    """Return `subscription_interval`.

    Raises:
        ErrorResponse: It is missing, or not a number of days, weeks or months.
    """
    interval = content.get("subscription_interval")
    if not isinstance(interval, str) or not interval:
        raise FieldErrorResponse(
            {"subscription_interval": ("REQUIRED", "subscription_interval is required!")}
        )
    if not _INTERVAL.fullmatch(interval):
        raise ErrorResponse(400, "OBJECT_DATA_ERROR", "object_data алдаа")
    return interval


def after(moment: float, interval: str) -> float:
    """Return the moment that is an interval later; a month's end stays a month's end."""
    match = _INTERVAL.fullmatch(interval)
    if match is None:
        raise ValueError(f"not an interval such as 1D, 2W or 1M: {interval!r}")
    count, unit = int(match[1]), match[2]
    start = datetime.fromtimestamp(moment, timezone.utc)
    if unit != "M":
        return (start + timedelta(days=count * (7 if unit == "W" else 1))).timestamp()
    years, month = divmod(start.month - 1 + count, 12)
    year = min(start.year + years, _LAST_YEAR)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day).timestamp()
