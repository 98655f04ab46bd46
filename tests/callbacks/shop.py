"""A shop whose callback URLs are signed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qpaykit import (
    CallbackDispatcher,
    MemoryStore,
    PaymentEvent,
    QPayClient,
)
from support import SETTINGS

if TYPE_CHECKING:
    import respx


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
    """A client whose callback URLs are signed, and its order 42: invoice i-1 of 1500 MNT."""

    def __init__(self, qpay: respx.MockRouter) -> None:
        self.qpay = qpay
        self.store = MemoryStore()
        self.client = QPayClient(**SETTINGS, store=self.store, callback_secret="a secret")
        self.dispatcher = CallbackDispatcher(self.client, patience=0)
        self.paid: list[PaymentEvent] = []
        self.underpaid: list[PaymentEvent] = []
        self.dispatcher.on_paid(self.paid.append)
        self.dispatcher.on_underpaid(self.underpaid.append)
        self.url = self._order()
        self.key = f"invoice:{self.client.settings.account}:i-1"
        self.fetch = qpay.get("/invoice/i-1")
        self.answers(sender_invoice_no="42", callback_url=self.url)

    def _order(self) -> str:
        created = self.qpay.post("/invoice").respond(json={"invoice_id": "i-1"})
        self.client.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Tea")
        url: str = json.loads(created.calls.last.request.content)["callback_url"]
        return url

    def answers(self, **invoice: object) -> None:
        self.fetch.respond(json={"invoice_id": "i-1", **invoice})

    def patient(self) -> None:
        self.dispatcher = CallbackDispatcher(self.client, patience=3)
        self.dispatcher.on_paid(self.paid.append)

    def forget(self) -> None:
        self.store.delete(self.key)

    def handle(self, **payment: object) -> str:
        self.qpay.get("/payment/p-1").respond(json={**PAID, **payment})
        query = f"{urlsplit(self.url).query}&qpay_payment_id=p-1"
        return self.dispatcher.handle(query=query).outcome
