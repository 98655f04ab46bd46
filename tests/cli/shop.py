"""What the tests of the commands share: a shop on the simulator, and what a command did."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient
from qpaykit.simulator import Simulator


@dataclass(frozen=True)
class Done:
    """What a command did.

    Attributes:
        code: Its exit code.
        out: What it wrote to stdout.
        err: What it wrote to stderr.
    """

    code: int
    out: str
    err: str

    def json(self) -> object:
        content: object = json.loads(self.out)
        return content


Run = Callable[..., Done]


@dataclass
class Shop:
    """A shop with a store of its own.

    Attributes:
        store: Where its store is.
        delivered: What its handler was called with.
    """

    simulator: Simulator
    client: QPayClient
    dispatcher: CallbackDispatcher
    store: str
    delivered: list[PaymentEvent]

    def sell(
        self, order: str, amount: int, *, method: str = "P2P", deliver: bool = True, lines: str = ""
    ) -> tuple[str, str]:
        """Have an order made, paid and, unless it is not to be, delivered."""
        invoice = self.client.invoices.create(
            amount=amount, sender_invoice_no=order, invoice_description=lines or "Цай"
        )
        payment = self.simulator.pay(invoice.invoice_id, method=method, callbacks=0)
        if deliver:
            query = self.simulator.callback_query(payment)
            assert self.dispatcher.handle(query=query).outcome == "delivered"
        return invoice.invoice_id, payment
