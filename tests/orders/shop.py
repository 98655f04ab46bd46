"""A shop with orders, on a simulated QPay over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from helpers.quickqr import ACCOUNT, COMPANY
from qpaykit import (
    CallbackDispatcher,
    MemoryStore,
    Order,
    Orders,
    PaymentEvent,
    QPayClient,
    Store,
    _local_time,
)
from qpaykit._invoice_record import InvoiceRecord
from qpaykit.quickqr import QuickQRClient
from qpaykit.quickqr.models import Reference
from qpaykit.signing import signed_number

if TYPE_CHECKING:
    import pytest

    from qpaykit.simulator import Simulator

SECRET = "a secret of the shop that is long enough"


class Shop:
    """A client, a dispatcher that notes what it delivers, and its orders.

    Attributes:
        root: What the paths of its product begin with, at the simulator.
    """

    root = ""

    def __init__(
        self, simulator: Simulator, *, store: Store | None = None, secret: str | None = None
    ) -> None:
        self.simulator = simulator
        self.store: Store = store if store is not None else MemoryStore()
        self.client = self._new_client(secret)
        self.paid: list[PaymentEvent] = []
        self.underpaid: list[PaymentEvent] = []
        self.overpaid: list[PaymentEvent] = []
        self.dispatcher = CallbackDispatcher(self.client, patience=0)
        self.dispatcher.on_paid(self.paid.append)
        self.dispatcher.on_underpaid(self.underpaid.append)
        self.dispatcher.on_overpaid(self.overpaid.append)
        self.orders = Orders(self.dispatcher)

    def _new_client(self, secret: str | None) -> QPayClient | QuickQRClient:
        return QPayClient(
            **self.simulator.credentials, store=self.store, callback_secret=secret, timeout=5
        )

    def open(
        self, order_no: str = "42", *, amount: int = 1500, expires_in: float | None = None
    ) -> Order:
        return self.orders.open(order_no, amount=amount, description="Tea", expires_in=expires_in)

    def fault(self, method: str, path: str, fault: str, times: int | None = 1) -> None:
        """Let QPay fail at a path."""
        self.simulator.faults.add(method, f"{self.root}{path}", fault, times)

    def pay(
        self, order: Order, *, amount: int | None = None, again: bool = False, late: bool = False
    ) -> str:
        """Pay an order's invoice; the callback is lost."""
        return self.simulator.pay(
            order.invoice_id, amount=amount, again=again, late=late, callbacks=0
        )

    def call_back(self, payment_id: str) -> str:
        """Hand the callback of a payment to the dispatcher."""
        query = self.simulator.callback_query(payment_id)
        return self.dispatcher.handle(query=query).outcome

    def requests(self, method: str = "*", path: str = "*") -> int:
        """How many requests QPay was sent, logins left out."""
        return sum(
            method in {"*", request.method}
            and (path == "*" or request.path.startswith(f"{self.root}/v2{path}"))
            for request in self.simulator.requests
            if not request.path.endswith("/auth/token")
        )

    def invoice_status(self, order: Order) -> str:
        return self.simulator.invoice(order.invoice_id).status

    def numbers(self) -> list[str]:
        """The numbers of all invoices that QPay has."""
        made = self.simulator.invoices()
        return [str(invoice.request["sender_invoice_no"]) for invoice in made]


class QuickShop(Shop):
    """The same shop as a sub-merchant of a platform."""

    root = "/quickqr"

    def _new_client(self, secret: str | None) -> QuickQRClient:
        client = QuickQRClient(
            **self.simulator.quickqr_credentials,
            store=self.store,
            callback_secret=secret,
            timeout=5,
        )
        self.merchant_id = client.merchants.ensure_company(**COMPANY).id
        return client

    def open(
        self, order_no: str = "42", *, amount: int = 1500, expires_in: float | None = None
    ) -> Order:
        return self.orders.open(
            order_no,
            amount=amount,
            description="Tea",
            expires_in=expires_in,
            merchant_id=self.merchant_id,
            bank_accounts=[ACCOUNT],
        )

    def numbers(self) -> list[str]:
        # Quick QR has no field for them: the callback URLs are signed for them.
        urls = [invoice.callback_url for invoice in self.simulator.invoices()]
        signatures = [InvoiceRecord("", "", None, callback_url=url).signature for url in urls]
        return [Reference.from_text(signed_number(one or "")).order_no for one in signatures]


Opener = Callable[..., Shop]


class Clock:
    """The time that orders are measured by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real = _local_time.now
        self._ahead = timedelta()
        monkeypatch.setattr("qpaykit._local_time.now", self.now)

    def now(self) -> datetime:
        return self._real() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)
