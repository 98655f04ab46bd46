"""Random sequences of actions on orders: the deliveries match the payments in the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orders.shop import SECRET, Clock, Opener, Shop
from qpaykit import ULAANBAATAR, QPayError
from qpaykit._invoice_record import record_key
from qpaykit.orders import flow

if TYPE_CHECKING:
    from qpaykit.simulator import Simulator

STEPS = 25
FAULTS = [
    ("POST", "/invoice", "reset-after"),
    ("POST", "/invoice", "500-after"),
    ("POST", "/invoice", "500"),
    ("DELETE", "/invoice/*", "reset-after"),
    ("DELETE", "/invoice/*", "500"),
    ("POST", "/payment/check", "502"),
    ("POST", "/payment/check", "rows-twice"),
    ("GET", "/payment/*", "500"),
    ("GET", "/invoice/*", "no-callback-url"),
]


class Life:
    """One order, and everything that may happen to it."""

    def __init__(self, shop: Shop, clock: Clock, rng: random.Random) -> None:
        self.shop, self.clock, self.rng = shop, clock, rng
        self.handed_out: list[str] = []
        self.payments: list[str] = []

    def open(self) -> None:
        order = self.shop.open(amount=self.rng.choice((1500, 2000)), expires_in=900)
        if order.invoice_id not in self.handed_out:
            self.handed_out.append(order.invoice_id)

    def pay(self) -> None:
        if self.handed_out:
            invoice_id = self.rng.choice(self.handed_out[-2:])
            self.payments.append(
                self.shop.simulator.pay(invoice_id, again=True, late=True, callbacks=0)
            )

    def call_back(self) -> None:
        if self.payments:
            self.shop.call_back(self.rng.choice(self.payments))

    def ask(self) -> None:
        if self.shop.orders.status("42") == "paid":
            assert self.payments

    def close(self) -> None:
        status = self.shop.orders.close("42")
        assert status != "paid" or self.payments

    def wait(self) -> None:
        self.clock.advance(self.rng.choice((10, 950)))

    def forget(self) -> None:
        if self.handed_out:
            account = self.shop.client.settings.account
            self.shop.store.delete(record_key(account, self.rng.choice(self.handed_out)))

    def fail(self) -> None:
        method, path, kind = self.rng.choice(FAULTS)
        self.shop.simulator.faults.add(method, path, kind)

    def sweep(self) -> None:
        now = datetime.now(ULAANBAATAR)
        for _ in self.shop.dispatcher.sweep(now - timedelta(days=1), now + timedelta(days=1)):
            pass


def live(shop: Shop, clock: Clock, seed: int) -> Life:
    rng = random.Random(seed)
    life = Life(shop, clock, rng)
    steps: list[Callable[[], None]] = [
        *(life.open, life.open, life.ask, life.ask, life.call_back, life.pay),
        *(life.close, life.wait, life.forget, life.fail, life.sweep),
    ]
    for _ in range(STEPS):
        with suppress(QPayError, LookupError):
            rng.choice(steps)()
    shop.simulator.faults.clear()
    life.sweep()
    return life


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 40))]
)
def test_a_paid_order_is_delivered_once_and_every_payment_too_many_is_reported_once(
    qpay_simulator: Simulator,
    new_shop: Opener,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr(flow, "QUESTION_INTERVAL_SECONDS", 0.001)
    shop = new_shop(secret=SECRET if seed % 2 else None)
    life = live(shop, clock, seed)
    assert [event.order_no for event in shop.paid] == ["42"][: len(life.payments)]
    reported = [event.payment_id for event in [*shop.paid, *shop.overpaid]]
    assert sorted(reported) == sorted(life.payments)
    if life.payments:
        assert shop.orders.status("42") == "paid"
    for invoice_id in life.handed_out[:-1]:
        # An invoice that was paid may stay, for QPay takes no cancellation of it.
        invoice = qpay_simulator.invoice(invoice_id)
        assert invoice.status != "OPEN"
    assert len(set(shop.numbers())) == len(shop.numbers())
