"""The shop of these tests: its orders, its receivers, and what QPay calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import connections
from django.test import Client

from qpaykit.integrations.django import client, order_paid

if TYPE_CHECKING:
    from django.dispatch import Signal
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

    from qpaykit import Invoice, PaymentEvent
    from qpaykit.simulator import Simulator

ORIGIN = "https://shop.example"
CALLBACK_URL = f"{ORIGIN}/qpay/callback"
SECRET = "a-secret-of-the-shop"

Receiver = Callable[["PaymentEvent"], None]


class Shop:
    """Orders in a database, and a receiver that marks them as paid."""

    def __init__(self, alias: str, simulator: Simulator) -> None:
        self.alias = alias
        self.simulator = simulator
        self.browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.events: list[PaymentEvent] = []
        self._connected: list[tuple[Signal, Callable[..., None]]] = []

    def connect(self, signal: Signal = order_paid, does: Receiver | None = None) -> None:
        """Connect a receiver; the one for `order_paid` marks the order by default."""
        action = does or self.deliver

        def receive(sender: object, event: PaymentEvent, **kwargs: object) -> None:
            action(event)
            self.events.append(event)

        signal.connect(receive, weak=False)
        self._connected.append((signal, receive))

    def disconnect(self) -> None:
        for signal, receiver in self._connected:
            signal.disconnect(receiver)
        self._connected.clear()

    def deliver(self, event: PaymentEvent) -> None:
        from integrations_django.shop.models import Order

        order = Order.objects.using(self.alias).get(number=event.order_no)
        order.state = "paid"
        order.save(update_fields=["state"])

    def order(self, number: str = "42") -> Invoice:
        """Make an order and its invoice."""
        from integrations_django.shop.models import Order

        Order.objects.using(self.alias).create(number=number)
        return client().invoices.create(
            amount=1500, sender_invoice_no=number, invoice_description="Tea"
        )

    def paid(self, invoice: Invoice, amount: int | None = None) -> str:
        """Pay an invoice; return the path that QPay would call."""
        payment_id = self.simulator.pay(invoice.invoice_id, amount=amount, callbacks=0)
        return f"{invoice.callback_url.removeprefix(ORIGIN)}&qpay_payment_id={payment_id}"

    def call(self, path: str) -> Response:
        return self.browser.get(path)

    def books(self, number: str = "42") -> tuple[str, list[str]]:
        """Return an order's state, and the statuses of the deliveries that are recorded."""
        from integrations_django.shop.models import Order
        from qpaykit.integrations.django.models import Delivery

        state = Order.objects.using(self.alias).get(number=number).state
        rows = Delivery.objects.using(self.alias).order_by("delivered_at")
        return state, [row.status for row in rows]


def in_thread(call: Callable[[], object]) -> Callable[[], None]:
    """Return a call for a thread of its own, which closes its connections at the end."""

    def run() -> None:
        try:
            call()
        finally:
            connections.close_all()

    return run
