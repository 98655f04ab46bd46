"""Finds the payments that were delivered before, which a sweep need not ask QPay about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit._arithmetic import add_up
from qpaykit._escaping import get_logger
from qpaykit.models import PaymentStatus
from qpaykit.models.payments import payment_key

if TYPE_CHECKING:
    from datetime import datetime

    from qpaykit.callbacks.keys import DeliveryKeys
    from qpaykit.stores.delivery import Delivery
    from qpaykit.stores.protocol import AsyncStore

_logger = get_logger("qpaykit.callbacks")

_DELIVERED_AS = (PaymentStatus.PAID, "UNDERPAID", "OVERPAID")


async def delivered_since(
    store: AsyncStore, keys: DeliveryKeys, since: datetime, *, handles_overpaid: bool
) -> set[tuple[str, str]] | None:
    """Return the payments, each with its status, that were delivered since a time.

    None where the store could not be asked.
    """
    delivered: set[tuple[str, str]] = set()
    underpaid: dict[str, list[Delivery]] = {}
    try:
        async for one in store.deliveries(since):
            if not keys.has(one.key):
                continue
            if one.status == "UNDERPAID":
                underpaid.setdefault(one.invoice_id, []).append(one)
            elif not (handles_overpaid and one.outcome == "ignored"):
                delivered.update(state_of(one.status, payment_id) for payment_id in one.payments)
    except Exception:
        _logger.exception(
            "The store could not be asked what was delivered, so nothing is delivered. Sweep "
            "this time again when the store answers."
        )
        return None
    for parts in underpaid.values():
        # Parts that make up the due sum were reported before QPay listed them all.
        if add_up(one.amount for one in parts) < min(one.due for one in parts):
            delivered.update(state_of(one.status, one.payment_id) for one in parts)
    return delivered


def state_of(status: str, payment_id: str) -> tuple[str, str]:
    """Return a payment's id with its status; PAID also stands for UNDERPAID and OVERPAID."""
    return "PAID" if status in _DELIVERED_AS else status, payment_key(payment_id)
