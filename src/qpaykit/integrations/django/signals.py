"""The signals of the dispatcher, sent inside the transaction that records the delivery.

A receiver takes `sender`, which is `CallbackDispatcher`, and `event`, a `PaymentEvent`. One that
raises undoes what the receivers did in the database together with the record of the delivery; QPay
gets 500 and may call again.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.dispatch import Signal
from django.urls import get_resolver

from qpaykit._escaping import get_logger
from qpaykit.callbacks.dispatcher import CallbackDispatcher
from qpaykit.errors import ConfigurationError

if TYPE_CHECKING:
    from qpaykit.callbacks.events import PaymentEvent

_logger = get_logger("qpaykit.callbacks")

order_paid: Final = Signal()
"""An order is paid. It is sent once for an order."""

order_underpaid: Final = Signal()
"""Less was paid than is due. It is sent once for each payment."""

order_overpaid: Final = Signal()
"""An order was paid that had been delivered before. It is sent once for each payment too many."""

order_refunded: Final = Signal()
"""A payment was refunded. It is sent once for each payment."""


def connect(dispatcher: CallbackDispatcher) -> None:
    """Send a signal for what reaches a dispatcher."""

    @dispatcher.on_paid
    def paid(event: PaymentEvent) -> None:
        _import_views()
        if not order_paid.has_listeners(CallbackDispatcher):
            # Recorded as delivered, the order would be lost without a message.
            raise ConfigurationError(
                "order_paid has no receiver, so nothing was delivered: connect one in models.py, "
                "beside the views, or in a module that AppConfig.ready imports; then run "
                "manage.py qpay_sweep"
            )
        _send(order_paid, event)

    @dispatcher.on_underpaid
    def underpaid(event: PaymentEvent) -> None:
        _import_views()
        _send(order_underpaid, event)

    @dispatcher.on_overpaid
    def overpaid(event: PaymentEvent) -> None:
        _import_views()
        if not order_overpaid.has_listeners(CallbackDispatcher):
            _logger.error(
                "Order %s was delivered before. Payment %s of %s is too much: refund it, and "
                "connect a receiver to order_overpaid to be told of such payments.",
                event.order_no,
                event.payment_id,
                event.amount,
            )
        _send(order_overpaid, event)

    @dispatcher.on_refunded
    def refunded(event: PaymentEvent) -> None:
        _import_views()
        if not order_refunded.has_listeners(CallbackDispatcher):
            _logger.warning(
                "Payment %s of order %s was refunded, and order_refunded has no receiver.",
                event.payment_id,
                event.order_no,
            )
        _send(order_refunded, event)


def _import_views() -> None:
    """Import the views, because receivers may be connected in the same modules.

    A web server imports them anyway; a worker of a task queue, such as Celery's, imports only the
    models.
    """
    if getattr(settings, "ROOT_URLCONF", None):
        list(get_resolver().url_patterns)


def _send(signal: Signal, event: PaymentEvent) -> None:
    for receiver, returned in signal.send(sender=CallbackDispatcher, event=event):
        if inspect.iscoroutine(returned):
            returned.close()
            msg = f"the receiver {receiver!r} is async, which needs Django 5.0 or later"
            raise ConfigurationError(msg)
