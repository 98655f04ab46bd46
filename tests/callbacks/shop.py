"""A shop with one order, and a QPay of its own whose answers a test chooses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from helpers.forgetful_store import ForgetfulStore
from helpers.invoices import make_invoice
from helpers.quickqr import QUICKQR_SETTINGS
from helpers.settings import SETTINGS
from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient
from qpaykit.quickqr import QuickQRClient

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
        self.store = ForgetfulStore()
        self.client = self._new_client()
        self.listed: dict[str, dict[str, object]] = {}
        self.paid: list[PaymentEvent] = []
        self.underpaid: list[PaymentEvent] = []
        self.overpaid: list[PaymentEvent] = []
        self.dispatcher = self.new_dispatcher()
        self.url = self._order()
        self.key = f"invoice:{self.client.settings.account}:i-1"
        self.fetch = qpay.get("/invoice/i-1")
        self.answers()

    def _new_client(self) -> QPayClient | QuickQRClient:
        return QPayClient(**SETTINGS, store=self.store, callback_secret=self.secret)

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
        make_invoice(self.client, amount=1500)
        url: str = json.loads(created.calls.last.request.content)["callback_url"]
        return url

    @property
    def query(self) -> str:
        """The query of the callback URL."""
        return urlsplit(self.url).query

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
        query = f"{self.query}&qpay_payment_id={payment_id}"
        return self.dispatcher.handle(query=query).outcome


class QuickShop(Shop):
    """The same shop at Quick QR, which has no request for a payment: its invoice lists it."""

    def _new_client(self) -> QuickQRClient:
        return QuickQRClient(**QUICKQR_SETTINGS, store=self.store, callback_secret=self.secret)

    def lists(self, *rows: dict[str, object]) -> respx.Route:
        self.listed = {str(row["payment_id"]): row for row in rows}
        payments = [
            {
                "id": row["payment_id"],
                "payment_status": "SUCCESS"
                if row["payment_status"] == "PAID"
                else row["payment_status"],
                "amount": row["payment_amount"],
                "currency": row["payment_currency"],
            }
            for row in rows
        ]
        return self.qpay.post("/payment/check").respond(json={"id": "i-1", "payments": payments})

    def handle(self, **payment: object) -> str:
        """Let QPay list the payment beside those that it lists, and handle its callback."""
        reported = {**PAID, **payment}
        self.lists(*{**self.listed, str(reported["payment_id"]): reported}.values())
        return super().handle(**payment)
