"""Forgeries, swaps and short payments, over real HTTP on the simulator."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import pytest

from helpers.clients import Opener
from helpers.forgetful_store import ForgetfulStore
from helpers.settings import BACKENDS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    PaymentEvent,
)

if TYPE_CHECKING:
    from qpaykit.simulator import Simulator

SECRET = "a secret of the shop"


class Shop:
    """A client whose URLs are signed, a dispatcher, and what reached its handlers."""

    def __init__(self, simulator: Simulator, new_client: Opener) -> None:
        self.simulator = simulator
        self.store = ForgetfulStore()
        self.client = new_client(**simulator.credentials, callback_secret=SECRET, store=self.store)
        self.dispatcher = CallbackDispatcher(self.client, patience=0.3)
        self.paid: list[PaymentEvent] = []
        self.underpaid: list[PaymentEvent] = []
        self.dispatcher.on_paid(self.paid.append)
        self.dispatcher.on_underpaid(self.underpaid.append)

    def order(self, number: str, amount: int = 1500, **fields: bool) -> str:
        return self.client.invoices.create(
            amount=amount,
            sender_invoice_no=number,
            invoice_description="Tea",
            callback_url=f"http://127.0.0.1:9/callback?order={number}",
            allow_partial=fields.get("allow_partial", False),
        ).invoice_id

    def query(self, invoice_id: str, payment_id: str) -> str:
        url = self.simulator.invoice(invoice_id).callback_url
        return f"{urlsplit(url).query}&qpay_payment_id={payment_id}"

    def pay(self, invoice_id: str, amount: int | None = None) -> str:
        return self.simulator.pay(invoice_id, amount=amount, callbacks=0)

    def handle(self, query: str) -> str:
        return self.dispatcher.handle(query=query).outcome


@pytest.fixture
def shop(qpay_simulator: Simulator, new_client: Opener) -> Shop:
    return Shop(qpay_simulator, new_client)


@pytest.fixture(params=["remembered", "forgotten"])
def memory(request: pytest.FixtureRequest, shop: Shop) -> Callable[[], None]:
    """What the store remembered of invoices may be lost; then QPay is asked."""

    def forget() -> None:
        if request.param == "forgotten":
            shop.store.forget("invoice:")

    return forget


def test_a_signed_order_is_delivered(shop: Shop, memory: Callable[[], None]) -> None:
    invoice = shop.order("42")
    payment = shop.pay(invoice)
    memory()
    assert shop.handle(shop.query(invoice, payment)) == "delivered"
    (event,) = shop.paid
    assert event.order_no == "42"
    assert event.params == {"order": "42"}


def test_a_callback_without_the_signature_is_forged(shop: Shop) -> None:
    payment = shop.pay(shop.order("42"))
    assert shop.handle(f"order=42&qpay_payment_id={payment}") == "forged"
    assert shop.paid == []


@pytest.mark.parametrize(("old", "new"), [("order=42", "order=43"), (".150000.", ".100.")])
def test_a_url_whose_order_or_amount_was_swapped_delivers_nothing(
    shop: Shop, old: str, new: str
) -> None:
    invoice = shop.order("42")
    query = shop.query(invoice, shop.pay(invoice))
    assert old in query
    assert shop.handle(query.replace(old, new)) == "forged"
    assert shop.paid == []


def test_a_cheap_payment_on_another_orders_url_delivers_nothing(
    shop: Shop, memory: Callable[[], None]
) -> None:
    dear, cheap = shop.order("42", 1_000_000), shop.order("43", 10)
    payment = shop.pay(cheap)
    memory()
    reply = shop.dispatcher.handle(query=shop.query(dear, payment))
    assert (reply.status_code, reply.outcome) == (409, "mismatch")
    assert shop.paid == []


def test_a_payment_of_another_invoice_of_the_same_number_delivers_nothing(
    shop: Shop, memory: Callable[[], None]
) -> None:
    dear, cheap = shop.order("42", 1_000_000), shop.order("42", 10)
    payment = shop.pay(cheap)
    memory()
    assert shop.handle(shop.query(dear, payment)) == "mismatch"
    assert shop.paid == []


def test_a_payment_that_qpay_does_not_know_delivers_nothing(shop: Shop) -> None:
    assert shop.handle(shop.query(shop.order("42"), "493622150113497")) == "mismatch"


def test_less_than_was_signed_goes_to_on_underpaid(shop: Shop) -> None:
    invoice = shop.order("42", allow_partial=True)
    query = shop.query(invoice, shop.pay(invoice, 1499))
    assert [shop.handle(query) for _ in range(2)] == ["underpaid", "duplicate"]
    assert shop.paid == []
    assert [event.amount for event in shop.underpaid] == [1499]


def test_without_on_underpaid_it_goes_to_on_other_and_never_to_on_paid(
    qpay_simulator: Simulator, new_client: Opener
) -> None:
    client = new_client(**qpay_simulator.credentials, callback_secret=SECRET)
    paid: list[PaymentEvent] = []
    other: list[PaymentEvent] = []
    dispatcher = CallbackDispatcher(client)
    dispatcher.on_paid(paid.append)
    dispatcher.on_other(other.append)
    invoice = client.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Tea")
    payment = qpay_simulator.pay(invoice.invoice_id, amount=1, callbacks=0)
    url = qpay_simulator.invoice(invoice.invoice_id).callback_url
    query = f"{urlsplit(url).query}&qpay_payment_id={payment}"
    assert dispatcher.handle(query=query).outcome == "underpaid"
    assert (len(paid), len(other)) == (0, 1)


def test_parts_add_up_and_the_order_is_delivered_once(shop: Shop) -> None:
    invoice = shop.order("42", allow_partial=True)
    first = shop.query(invoice, shop.pay(invoice, 500))
    assert shop.handle(first) == "underpaid"
    second = shop.query(invoice, shop.pay(invoice, 1000))
    assert [shop.handle(query) for query in (second, first, second)] == [
        "delivered",
        "duplicate",
        "duplicate",
    ]
    assert [event.amount for event in shop.paid] == [1500]


def test_an_order_that_is_paid_twice_is_delivered_once(shop: Shop) -> None:
    invoice = shop.order("42")
    queries = [shop.query(invoice, shop.pay(invoice, 1500)) for _ in range(2)]
    assert [shop.handle(query) for query in queries] == ["delivered", "overpaid"]
    assert len(shop.paid) == 1


def test_a_payment_that_qpay_knows_a_moment_later_is_delivered(shop: Shop) -> None:
    invoice = shop.order("42")
    payment = shop.simulator.begin(invoice)
    query = shop.query(invoice, payment)
    assert shop.handle(query) == "not_paid_yet"
    shop.simulator.settle(payment, callbacks=0)
    assert shop.handle(query) == "delivered"


def test_an_invoice_of_lines_is_matched_by_its_total(shop: Shop) -> None:
    from qpaykit import InvoiceLine

    line = InvoiceLine.with_vat(
        line_description="Tea", line_unit_price=1500, classification_code="0111100"
    )
    invoice = shop.client.invoices.create(
        invoice_code="TEST_EB_INVOICE",
        sender_invoice_no="42",
        invoice_description="Tea",
        tax_type="1",
        lines=[line],
    ).invoice_id
    assert shop.handle(shop.query(invoice, shop.pay(invoice, 100))) == "underpaid"
    assert shop.handle(shop.query(invoice, shop.pay(invoice))) == "delivered"


def test_a_lost_callback_is_recovered_by_check(shop: Shop, memory: Callable[[], None]) -> None:
    invoice = shop.order("42")
    assert shop.dispatcher.check(invoice) == []
    payment = shop.pay(invoice)
    memory()
    assert [reply.outcome for reply in shop.dispatcher.check(invoice)] == ["delivered"]
    assert shop.handle(shop.query(invoice, payment)) == "duplicate"
    assert [event.params for event in shop.paid] == [{"order": "42"}]


def test_a_refund_after_the_payment_is_its_own_event(shop: Shop) -> None:
    refunds: list[PaymentEvent] = []
    shop.dispatcher.on_refunded(refunds.append)
    invoice = shop.order("42")
    payment = shop.pay(invoice)
    query = shop.query(invoice, payment)
    assert shop.handle(query) == "delivered"
    shop.simulator.refund(payment, callbacks=0)
    assert [shop.handle(query) for _ in range(2)] == ["delivered", "duplicate"]
    assert (len(shop.paid), len(refunds)) == (1, 1)


def test_a_delivery_whose_owner_died_is_made_after_its_lease(shop: Shop) -> None:
    invoice = shop.order("42")
    query = shop.query(invoice, shop.pay(invoice))
    key = f"delivered:{shop.client.settings.account}:PAID:order:42"
    shop.store.claim(key, "a process that was killed", lease=0.6)
    assert shop.handle(query) == "in_progress"
    time.sleep(0.4)
    assert shop.handle(query) == "delivered"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_async_client_does_the_same(qpay_simulator: Simulator, backend: str) -> None:
    paid: list[Decimal | None] = []

    async def main() -> None:
        async with AsyncQPayClient(
            **qpay_simulator.credentials, callback_secret=[SECRET, SECRET[::-1]]
        ) as client:
            dispatcher = AsyncCallbackDispatcher(client, patience=0)

            @dispatcher.on_paid
            async def handler(event: PaymentEvent) -> None:
                paid.append(event.amount)

            invoice = await client.invoices.create(
                amount=1500, sender_invoice_no="42", invoice_description="Tea"
            )
            payment = qpay_simulator.pay(invoice.invoice_id, callbacks=0)
            url = qpay_simulator.invoice(invoice.invoice_id).callback_url
            query = f"{urlsplit(url).query}&qpay_payment_id={payment}"
            forged = await dispatcher.handle(query=f"qpay_payment_id={payment}")
            assert forged.outcome == "forged"
            assert (await dispatcher.handle(query=query)).outcome == "delivered"
            assert [r.outcome for r in await dispatcher.check(invoice.invoice_id)] == ["duplicate"]

    anyio.run(main, backend=backend)
    assert paid == [1500]
