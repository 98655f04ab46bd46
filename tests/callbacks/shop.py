"""A shop with one order, and a QPay of its own whose answers a test chooses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qpaykit import CallbackDispatcher, MemoryStore, PaymentEvent, QPayClient
from support import SETTINGS

if TYPE_CHECKING:
    import respx

SECRET = "a secret of the shop that is long enough"

PAID: dict[str, object] = {
    "payment_id": "p-1",
    "payment_status": "PAID",
    "payment_amount": "1500.00",
    "payment_currency": "MNT",
    "object_type": "INVOICE",
    "object_id": "i-1",
}


class Quick:
    """Stands in for `time` where a dispatcher sleeps."""

    def sleep(self, seconds: float) -> None:
        assert seconds > 0


class Shop:
    """A client with or without a secret, and its order 42: invoice i-1 of 1500 MNT."""

    def __init__(self, qpay: respx.MockRouter, *, secret: str | None = SECRET) -> None:
        self.qpay = qpay
        self.secret = secret
        self.store = MemoryStore()
        self.client = QPayClient(**SETTINGS, store=self.store, callback_secret=secret)
        self.paid: list[PaymentEvent] = []
        self.underpaid: list[PaymentEvent] = []
        self.overpaid: list[PaymentEvent] = []
        self.dispatcher = self.new_dispatcher()
        self.url = self._order()
        self.key = f"invoice:{self.client.settings.account}:i-1"
        self.fetch = qpay.get("/invoice/i-1")
        self.answers()

    def new_dispatcher(
        self, *, secret: str | list[str] | None = None, patience: float = 0
    ) -> CallbackDispatcher:
        dispatcher = CallbackDispatcher(self.client, patience=patience, callback_secret=secret)
        dispatcher.on_paid(self.paid.append)
        dispatcher.on_underpaid(self.underpaid.append)
        dispatcher.on_overpaid(self.overpaid.append)
        return dispatcher

    def _order(self) -> str:
        created = self.qpay.post("/invoice").respond(json={"invoice_id": "i-1"})
        self.client.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Tea")
        url: str = json.loads(created.calls.last.request.content)["callback_url"]
        return url

    def answers(self, **invoice: object) -> None:
        """Let QPay show the invoice i-1 like this when it is asked for it."""
        shown = {
            "invoice_id": "i-1",
            "sender_invoice_no": "42",
            "total_amount": "1500.00",
            "callback_url": self.url,
            **invoice,
        }
        self.fetch.respond(json=shown)

    def lists(self, *rows: dict[str, object]) -> respx.Route:
        """Let QPay list these payments of the invoice."""
        return self.qpay.post("/payment/check").respond(json={"count": len(rows), "rows": rows})

    def forget(self) -> None:
        """Lose what the store remembers of the invoice, as after a restart."""
        self.store.delete(self.key)

    def handle(self, **payment: object) -> str:
        """Handle the callback for a payment of which QPay reports this."""
        reported = {**PAID, **payment}
        payment_id = reported["payment_id"] or "p-1"
        self.qpay.get(f"/payment/{payment_id}").respond(json=reported)
        query = f"{urlsplit(self.url).query}&qpay_payment_id={payment_id}"
        return self.dispatcher.handle(query=query).outcome
