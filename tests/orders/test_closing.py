"""`close`: the last look, then the invoice is cancelled unless it was paid."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
import respx

from helpers.settings import SETTINGS
from orders.shop import Clock, Opener, Shop
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncOrders,
    AsyncQPayClient,
    CallbackDispatcher,
    ClaimState,
    MemoryStore,
    NotFoundError,
    Orders,
    OutcomeUnknownError,
    PaymentEvent,
    QPayClient,
    QPayError,
    UnexpectedResponseError,
)

if TYPE_CHECKING:
    from qpaykit.simulator import Simulator


def test_an_unpaid_order_is_cancelled_at_qpay(stored_shop: Shop) -> None:
    order = stored_shop.open("closed")
    assert [stored_shop.orders.close("closed") for _ in range(2)] == ["cancelled"] * 2
    assert stored_shop.orders.status("closed") == "cancelled"
    assert stored_shop.invoice_status(order) == "CANCELED"
    assert stored_shop.requests("DELETE", "/invoice") == 1


def test_a_paid_order_whose_callback_was_lost_is_delivered(any_shop: Shop) -> None:
    order = any_shop.open()
    any_shop.pay(order)
    assert any_shop.orders.close("42") == "paid"
    assert [event.order_no for event in any_shop.paid] == ["42"]
    assert any_shop.requests("DELETE") == 0
    assert any_shop.orders.close("42") == "paid"


def test_an_order_whose_time_has_ended_is_expired(shop: Shop, clock: Clock) -> None:
    shop.open(expires_in=60)
    clock.advance(61)
    assert shop.orders.close("42") == "expired"
    assert shop.orders.status("42") == "expired"


def test_an_underpaid_order_is_not_cancelled(shop: Shop) -> None:
    order = shop.open()
    shop.pay(order, amount=1)
    assert shop.orders.close("42") == "underpaid"
    assert shop.invoice_status(order) == "OPEN"
    shop.pay(order)
    assert shop.orders.close("42") == "paid"


def test_a_failed_or_refunded_payment_does_not_keep_an_order_open(shop: Shop) -> None:
    order = shop.open("failed")
    shop.simulator.fail(order.invoice_id, callbacks=0)
    assert shop.orders.close("failed") == "cancelled"


@pytest.mark.parametrize(
    "answer", [{"count": 1, "rows": []}, {"count": 1}, {"paid_amount": 1500, "rows": []}]
)
def test_payments_that_qpay_counts_and_does_not_list_keep_an_order_from_being_cancelled(
    qpay: respx.MockRouter, quick_retries: None, answer: dict[str, object]
) -> None:
    client, orders = opened(qpay)
    qpay.post("/payment/check").respond(json=answer)
    cancelled = qpay.delete("/invoice/i-1").respond(json={})
    with client:
        with pytest.raises(UnexpectedResponseError, match="of invoice i-1 it counts"):
            orders.close("42")
        assert orders.status("42") == "open"
    assert not cancelled.called


def test_a_payment_whose_status_qpay_leaves_out_keeps_an_order_from_being_cancelled(
    qpay: respx.MockRouter, quick_retries: None
) -> None:
    client, orders = opened(qpay)
    qpay.post("/payment/check").respond(json={"count": 1, "rows": [{"payment_id": "p-1"}]})
    qpay.get("/payment/p-1").respond(json={"payment_id": "p-1", "object_id": "i-1"})
    cancel = qpay.delete("/invoice/i-1").respond(json={})
    with client:
        assert orders.close("42") == "open"
    assert cancel.call_count == 0


class TestAPaymentThatLandsDuringTheCancellation:
    def test_before_it_is_delivered(self, any_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        order = any_shop.open()
        cancel = any_shop.client.invoices.cancel

        def pay_and_cancel(invoice_id: str) -> None:
            any_shop.pay(order)
            cancel(invoice_id)  # QPay refuses it: INVOICE_PAID

        monkeypatch.setattr(any_shop.client.invoices, "cancel", pay_and_cancel)
        assert any_shop.orders.close("42") == "paid"
        assert [event.order_no for event in any_shop.paid] == ["42"]

    def test_after_it_is_delivered(self, any_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        order = any_shop.open()
        cancel = any_shop.client.invoices.cancel

        def cancel_and_pay(invoice_id: str) -> None:
            cancel(invoice_id)
            any_shop.pay(order, late=True)

        monkeypatch.setattr(any_shop.client.invoices, "cancel", cancel_and_pay)
        assert any_shop.orders.close("42") == "paid"
        assert len(any_shop.paid) == 1

    def test_and_is_not_listed_yet_leaves_the_order_open(
        self, any_shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order = any_shop.open()
        simulator = any_shop.simulator
        payment: list[str] = []
        cancel = any_shop.client.invoices.cancel

        def pay_unlisted_and_cancel(invoice_id: str) -> None:
            payment.append(any_shop.pay(order))
            try:
                cancel(invoice_id)
            finally:
                # payment/check lags behind.
                simulator.payment(payment[0]).status = "NEW"

        monkeypatch.setattr(any_shop.client.invoices, "cancel", pay_unlisted_and_cancel)
        assert any_shop.orders.close("42") == "open"
        simulator.settle(payment[0], callbacks=0)
        assert any_shop.call_back(payment[0]) == "delivered"
        assert any_shop.orders.close("42") == "paid"

    def test_after_close_is_delivered_by_its_callback(self, any_shop: Shop) -> None:
        order = any_shop.open()
        assert any_shop.orders.close("42") == "cancelled"
        assert any_shop.call_back(any_shop.pay(order, late=True)) == "delivered"
        assert any_shop.orders.status("42") == "paid"


def test_a_handler_that_fails_keeps_the_order_from_being_cancelled(shop: Shop) -> None:
    failures = [RuntimeError("the shop's database is away")]

    def deliver(event: PaymentEvent) -> None:
        if failures:
            raise failures.pop()
        shop.paid.append(event)

    dispatcher = CallbackDispatcher(shop.client, patience=0)
    dispatcher.on_paid(deliver)
    orders = Orders(dispatcher)
    order = orders.open("42", amount=1500, description="Tea")
    shop.pay(order)
    assert orders.close("42") == "open"
    assert shop.requests("DELETE") == 0
    assert orders.close("42") == "paid"


@pytest.mark.parametrize("fault", ["reset-after", "500-after", "502-after"])
def test_a_cancellation_whose_answer_is_lost_is_found_out(shop: Shop, fault: str) -> None:
    order = shop.open()
    shop.simulator.faults.add("DELETE", "/invoice/*", fault)
    assert shop.orders.close("42") == "cancelled"
    assert shop.invoice_status(order) == "CANCELED"


def test_a_cancellation_that_stays_unknown_is_raised_and_may_be_repeated(shop: Shop) -> None:
    order = shop.open()
    shop.simulator.faults.add("DELETE", "/invoice/*", "500-after", None)
    shop.simulator.faults.add("GET", "/invoice/*", "500", None)
    with pytest.raises(OutcomeUnknownError):
        shop.orders.close("42")
    shop.simulator.faults.clear()
    assert shop.orders.close("42") == "cancelled"
    assert shop.invoice_status(order) == "CANCELED"


def test_an_invoice_that_was_cancelled_elsewhere_is_cancelled(shop: Shop) -> None:
    shop.client.invoices.cancel(shop.open().invoice_id)
    assert shop.orders.close("42") == "cancelled"


def opened(qpay: respx.MockRouter) -> tuple[QPayClient, Orders]:
    """Open order 42 at a QPay that lists no payments."""
    qpay.post("/invoice").respond(json={"invoice_id": "i-1", "qr_text": "qr"})
    qpay.post("/payment/check").respond(json={"count": 0, "rows": []})
    client = QPayClient(**SETTINGS)
    orders = Orders(CallbackDispatcher(client, patience=0))
    orders.open("42", amount=1500, description="Tea")
    return client, orders


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, html="<h1>404 Not Found</h1>"),
        httpx.Response(422, json={"error": "MERCHANT_NOTFOUND"}),
    ],
    ids=["a gateway's page", "another thing"],
)
def test_a_cancellation_that_names_no_unknown_invoice_is_none(
    qpay: respx.MockRouter, quick_retries: None, answer: httpx.Response
) -> None:
    client, orders = opened(qpay)
    qpay.delete("/invoice/i-1").mock(return_value=answer)
    with client:
        with pytest.raises(NotFoundError):
            orders.close("42")
        assert orders.status("42") == "open"


def test_an_invoice_that_qpay_does_not_know_is_cancelled(
    qpay: respx.MockRouter, quick_retries: None
) -> None:
    client, orders = opened(qpay)
    unknown = httpx.Response(422, json={"error": "INVOICE_NOTFOUND"})
    qpay.post("/payment/check").mock(return_value=unknown)
    qpay.delete("/invoice/i-1").mock(return_value=unknown)
    with client:
        assert orders.close("42") == "cancelled"


def test_a_qpay_that_cannot_be_asked_cancels_nothing(shop: Shop) -> None:
    order = shop.open()
    shop.simulator.faults.add("POST", "/payment/check", "502", None)
    with pytest.raises(QPayError):
        shop.orders.close("42")
    assert shop.invoice_status(order) == "OPEN"
    assert shop.requests("DELETE") == 0


def test_a_close_and_an_open_at_once_leave_the_order_whole(stored_shop: Shop) -> None:
    for turn in range(5):
        number = f"both-{turn}"
        stored_shop.open(number)
        start = threading.Barrier(2)

        def close(number: str = number, start: threading.Barrier = start) -> str:
            start.wait()
            return stored_shop.orders.close(number)

        def reopen(number: str = number, start: threading.Barrier = start) -> str:
            start.wait()
            return stored_shop.open(number).invoice_id

        with ThreadPoolExecutor(2) as pool:
            closed, opened = pool.submit(close), pool.submit(reopen)
            assert closed.result() == "cancelled"
            opened.result()
        states = {
            invoice.id: invoice.status
            for invoice in stored_shop.simulator.invoices()
            if str(invoice.request["sender_invoice_no"]).startswith(number)
        }
        status = stored_shop.orders.status(number)
        assert sum(state == "OPEN" for state in states.values()) == (status == "open")


def test_the_async_orders_live_the_same_life(qpay_simulator: Simulator) -> None:
    paid: list[str] = []

    async def deliver(event: PaymentEvent) -> None:
        paid.append(event.order_no)

    async def main() -> list[str]:
        async with AsyncQPayClient(**qpay_simulator.credentials) as client:
            dispatcher = AsyncCallbackDispatcher(client, patience=0)
            dispatcher.on_paid(deliver)
            orders = AsyncOrders(dispatcher)
            first = await orders.open("42", amount=1500, description="Tea")
            seen: list[str] = [await orders.status("42")]
            second = await orders.open("42", amount=2000, description="Tea")
            qpay_simulator.pay(second.invoice_id, callbacks=0)
            seen += [await orders.close("42"), await orders.status("42")]
            await orders.open("43", amount=1500, description="Tea")
            seen.append(await orders.close("43"))
            seen.append(qpay_simulator.invoice(first.invoice_id).status)
            return seen

    assert anyio.run(main) == ["open", "paid", "paid", "cancelled", "CANCELED"]
    assert paid == ["42"]


class LosesItsState(MemoryStore):
    """A store that fails at the moment when an order is to be written down."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        if self.fails and key.startswith("order:"):
            raise OSError("the disk is full")
        super().set(key, value, ttl=ttl)


def test_a_store_that_fails_after_the_cancellation_can_be_told_later(new_shop: Opener) -> None:
    store = LosesItsState()
    shop = new_shop(store)
    order = shop.open()
    store.fails = True
    with pytest.raises(OSError, match="the disk is full"):
        shop.orders.close("42")
    store.fails = False
    assert shop.invoice_status(order) == "CANCELED"
    assert shop.orders.close("42") == "cancelled"


def test_an_invoice_whose_cancellation_was_not_recorded_is_not_handed_out_again(
    new_shop: Opener,
) -> None:
    store = LosesItsState()
    shop = new_shop(store)
    cancelled = shop.open(amount=1500)
    store.fails = True
    with pytest.raises(OSError, match="the disk is full"):
        shop.open(amount=2000)
    store.fails = False
    assert shop.invoice_status(cancelled) == "CANCELED"
    again = shop.open(amount=1500)
    assert again.status == "open"
    assert shop.invoice_status(again) == "OPEN"


class SlowStore(MemoryStore):
    """A store that blocks, so that the async client uses it in threads."""

    blocking = True

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        time.sleep(0.005)
        return super().claim(key, owner, lease=lease)


def test_a_cancelled_task_leaves_the_order_free(qpay_simulator: Simulator) -> None:
    async def main() -> str:
        settings = qpay_simulator.credentials
        async with AsyncQPayClient(**settings, store=SlowStore()) as client:
            orders = AsyncOrders(AsyncCallbackDispatcher(client, patience=0))
            for turn in range(12):
                with anyio.move_on_after(turn * 0.008):
                    await orders.open("42", amount=1500 + turn % 2, description="Tea")
            with anyio.fail_after(10):
                return (await orders.open("42", amount=1500, description="Tea")).status

    assert anyio.run(main) == "open"
    assert sum(one.status == "OPEN" for one in qpay_simulator.invoices()) >= 1
