"""Orders over a dispatcher of Quick QR, and a sweep, which it cannot do; over real HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import ValidationError

from helpers.quickqr import ACCOUNT, COMPANY
from helpers.settings import BACKENDS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncOrders,
    AsyncSQLiteStore,
    CallbackDispatcher,
    ConfigurationError,
    Orders,
    PaymentEvent,
    SQLiteStore,
)
from qpaykit.quickqr import AsyncQuickQRClient, QuickQRClient
from qpaykit.simulator import Simulator

SECRET = "a secret of the shop that is long enough"


class Platform:
    """A client, a dispatcher and its orders, and a sub-merchant to make invoices for."""

    def __init__(self, simulator: Simulator, path: Path) -> None:
        self.simulator = simulator
        self.path = path
        self.client = QuickQRClient(
            **simulator.quickqr_credentials, callback_secret=SECRET, store=SQLiteStore(path)
        )
        self.dispatcher = CallbackDispatcher(self.client)
        self.paid: list[PaymentEvent] = []
        self.dispatcher.on_paid(self.paid.append)
        self.orders = Orders(self.dispatcher)
        shop = self.client.merchants.ensure_company(**COMPANY)
        self.fields: Any = {
            "description": "Tea",
            "merchant_id": shop.id,
            "bank_accounts": [ACCOUNT],
        }

    def forget(self) -> None:
        """Lose all values of the store, as where it was emptied; deliveries are kept."""
        with sqlite3.connect(self.path) as connection:
            connection.execute("DELETE FROM qpaykit_values")

    def calls_back(self, payment_id: str) -> str:
        query = self.simulator.callback_query(payment_id)
        return self.dispatcher.handle(query=query).outcome


@pytest.fixture
def platform(qpay_simulator: Simulator, tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(qpay_simulator, tmp_path / "store.db")
    yield platform
    platform.client.close()


def test_an_order_has_one_open_invoice_which_its_callback_delivers(platform: Platform) -> None:
    order = platform.orders.open("42", amount=1500, **platform.fields)
    again = platform.orders.open("42", amount=1500, **platform.fields)
    assert again == order
    assert order.invoice.qr_text
    payment_id = platform.simulator.pay(order.invoice_id, callbacks=0)
    assert platform.calls_back(payment_id) == "delivered"
    assert platform.calls_back(payment_id) == "duplicate"
    assert platform.orders.status("42") == "paid"
    (event,) = platform.paid
    assert (event.order_no, event.amount) == ("42", Decimal(1500))
    assert event.merchant_id == platform.fields["merchant_id"]


def test_an_orders_later_invoice_is_delivered_once_where_the_store_forgot_both(
    platform: Platform,
) -> None:
    platform.orders.open("42", amount=1500, **platform.fields)
    second = platform.orders.open("42", amount=900, **platform.fields)
    platform.simulator.pay(second.invoice_id, callbacks=0)
    platform.forget()
    assert [one.outcome for one in platform.dispatcher.check(second.invoice_id)] == ["delivered"]
    (event,) = platform.paid
    assert (event.order_no, event.merchant_id) == ("42", platform.fields["merchant_id"])


def test_an_order_is_closed_by_cancelling_its_invoice(platform: Platform) -> None:
    order = platform.orders.open("42", amount=1500, **platform.fields)
    assert platform.orders.close("42") == "cancelled"
    assert platform.client.invoices.get(order.invoice_id).invoice_status == "CANCELED"


def test_what_is_wrong_with_an_order_is_told_before_anything_is_sent(platform: Platform) -> None:
    sent = len(platform.simulator.requests)
    with pytest.raises(ValidationError, match="bank_accounts"):
        platform.orders.open("42", amount=1500, **{**platform.fields, "bank_accounts": []})
    with pytest.raises(ValidationError, match="lines"):
        platform.orders.open("42", amount=1500, **{**platform.fields, "lines": []})
    assert len(platform.simulator.requests) == sent


def test_sweep_says_that_there_is_no_list(platform: Platform) -> None:
    with pytest.raises(ConfigurationError, match="no list of payments"):
        platform.dispatcher.sweep("2026-11-01", "2026-11-02")


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_order_is_opened_and_delivered_awaited(
    qpay_simulator: Simulator, backend: str, tmp_path: Path
) -> None:
    delivered: list[PaymentEvent] = []

    async def story() -> None:
        credentials = qpay_simulator.quickqr_credentials
        store = AsyncSQLiteStore(tmp_path / "store.db")
        async with AsyncQuickQRClient(**credentials, callback_secret=SECRET, store=store) as client:
            dispatcher = AsyncCallbackDispatcher(client)

            @dispatcher.on_paid
            async def deliver(event: PaymentEvent) -> None:
                delivered.append(event)

            shop = await client.merchants.ensure_company(**COMPANY)
            orders = AsyncOrders(dispatcher)
            order = await orders.open(
                "42",
                amount=1500,
                description="Tea",
                merchant_id=shop.id,
                bank_accounts=[ACCOUNT],
            )
            qpay_simulator.pay(order.invoice_id, callbacks=0)
            assert await orders.status("42") == "paid"
            with pytest.raises(ConfigurationError, match="no list of payments"):
                dispatcher.sweep("2026-11-01", "2026-11-02")

    anyio.run(story, backend=backend)
    assert [event.order_no for event in delivered] == ["42"]
