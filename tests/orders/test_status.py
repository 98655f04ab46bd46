"""`status`: what became of an order, as often as pages ask, and what QPay is asked for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from typing import TYPE_CHECKING

import anyio
import pytest
from pydantic import ValidationError

from helpers.store_processes import open_store, poll
from orders.shop import Clock, Opener, Shop
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncOrders,
    AsyncQPayClient,
    CallbackDispatcher,
    ClaimState,
    MemoryStore,
    Order,
    Orders,
    PaymentEvent,
    QPayClient,
)
from qpaykit.orders import flow

if TYPE_CHECKING:
    from qpaykit.simulator import Simulator


@pytest.fixture
def asks_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an order be asked about again after a moment."""
    monkeypatch.setattr(flow, "QUESTION_INTERVAL_SECONDS", 0.001)


class Interrupted(MemoryStore):
    """A store in which something happens just before an order is claimed."""

    def __init__(self) -> None:
        super().__init__()
        self.interrupt: Callable[[], None] | None = None

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        interrupt = self.interrupt
        if interrupt is not None and key.startswith("order-claim:"):
            self.interrupt = None
            interrupt()
        return super().claim(key, owner, lease=lease)


def test_an_order_is_open_until_it_is_paid(stored_shop: Shop) -> None:
    order = stored_shop.open("asked")
    assert stored_shop.orders.status("asked") == "open"
    stored_shop.call_back(stored_shop.pay(order))
    assert stored_shop.orders.status("asked") == "paid"


def test_a_lost_callback_is_found_and_delivered(any_shop: Shop) -> None:
    order = any_shop.open()
    any_shop.pay(order)
    assert any_shop.orders.status("42") == "paid"
    assert [event.order_no for event in any_shop.paid] == ["42"]


def test_qpay_is_not_asked_again_for_ten_seconds(shop: Shop) -> None:
    order = shop.open()
    shop.simulator.requests.clear()
    assert [shop.orders.status("42") for _ in range(50)] == ["open"] * 50
    assert shop.requests() == 1
    shop.pay(order)
    # The callback is lost, so that nobody knows it before the next question.
    assert shop.orders.status("42") == "open"
    assert flow.QUESTION_INTERVAL_SECONDS == 10


def test_an_order_that_has_ended_costs_no_question(shop: Shop, asks_always: None) -> None:
    shop.call_back(shop.pay(shop.open("paid")))
    shop.open("cancelled")
    shop.orders.close("cancelled")
    shop.simulator.requests.clear()
    for _ in range(5):
        assert shop.orders.status("paid") == "paid"
        assert shop.orders.status("cancelled") == "cancelled"
        time.sleep(0.002)
    assert shop.requests() == 0


def test_a_part_of_the_price_is_underpaid_until_the_rest_comes(
    shop: Shop, asks_always: None
) -> None:
    order = shop.open()
    shop.pay(order, amount=500)
    assert [shop.orders.status("42") for _ in range(3)] == ["underpaid"] * 3
    assert [event.amount for event in shop.underpaid] == [Decimal(500)]
    shop.pay(order)
    time.sleep(0.002)
    assert shop.orders.status("42") == "paid"
    assert [event.amount for event in shop.paid] == [Decimal(1500)]


def test_an_underpaid_order_is_shown_so_between_two_questions(shop: Shop) -> None:
    shop.pay(shop.open(), amount=500)
    shop.simulator.requests.clear()
    assert [shop.orders.status("42") for _ in range(3)] == ["underpaid"] * 3
    assert shop.requests("POST", "/payment/check") <= 2


def test_a_payment_too_many_leaves_the_order_paid_and_is_reported_once(
    shop: Shop, asks_always: None
) -> None:
    order = shop.open()
    shop.call_back(shop.pay(order))
    second = shop.pay(order, again=True)
    assert shop.orders.status("42") == "paid"
    assert [shop.call_back(second) for _ in range(3)] == ["overpaid", "duplicate", "duplicate"]
    assert shop.orders.status("42") == "paid"
    (event,) = shop.overpaid
    assert (event.amount, event.due) == (Decimal(1500), Decimal(1500))
    (record,) = [one for one in shop.store.deliveries() if one.status == "OVERPAID"]
    assert (record.order_no, record.amount, record.due) == ("42", Decimal(1500), Decimal(1500))


def test_a_handler_that_fails_leaves_the_order_open_and_is_called_again(
    shop: Shop, asks_always: None
) -> None:
    failures = [RuntimeError("the shop's database is away")]

    def deliver(event: PaymentEvent) -> None:
        if failures:
            raise failures.pop()
        shop.paid.append(event)

    dispatcher = CallbackDispatcher(shop.client, patience=0)
    dispatcher.on_paid(deliver)
    orders = Orders(dispatcher)
    shop.pay(orders.open("42", amount=1500, description="Tea"))
    assert orders.status("42") == "open"
    assert shop.paid == []
    time.sleep(0.002)
    assert orders.status("42") == "paid"


class TestAnExpiredOrder:
    def test_is_cancelled_by_the_next_question(self, any_shop: Shop, clock: Clock) -> None:
        order = any_shop.open(expires_in=900)
        assert any_shop.invoice_status(order) == "OPEN"
        clock.advance(900)
        any_shop.simulator.requests.clear()
        assert [any_shop.orders.status("42") for _ in range(3)] == ["expired"] * 3
        assert any_shop.invoice_status(order) == "CANCELED"
        # A look, the cancellation, and a look for what landed during it.
        assert any_shop.requests() == 3

    def test_that_was_paid_at_the_last_moment_is_delivered(
        self, any_shop: Shop, clock: Clock
    ) -> None:
        order = any_shop.open(expires_in=900)
        any_shop.pay(order)
        clock.advance(900)
        assert any_shop.orders.status("42") == "paid"
        assert len(any_shop.paid) == 1

    def test_whose_payment_lands_during_its_cancellation_is_delivered(
        self, any_shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order = any_shop.open(expires_in=900)
        clock.advance(900)
        cancel = any_shop.client.invoices.cancel

        def pay_and_cancel(invoice_id: str) -> None:
            any_shop.pay(order)
            cancel(invoice_id)

        monkeypatch.setattr(any_shop.client.invoices, "cancel", pay_and_cancel)
        assert any_shop.orders.status("42") == "paid"
        assert len(any_shop.paid) == 1

    def test_is_paid_by_a_callback_that_comes_late(self, any_shop: Shop, clock: Clock) -> None:
        order = any_shop.open(expires_in=900)
        clock.advance(900)
        assert any_shop.orders.status("42") == "expired"
        assert any_shop.call_back(any_shop.pay(order, late=True)) == "delivered"
        assert any_shop.orders.status("42") == "paid"

    def test_is_left_alone_where_another_process_has_replaced_it(
        self, new_shop: Opener, clock: Clock
    ) -> None:
        store = Interrupted()
        shop, other = new_shop(store), new_shop(store)
        shop.open(expires_in=900)
        clock.advance(900)
        newer: list[Order] = []

        def replace() -> None:
            newer.append(other.open(expires_in=60))
            other.pay(newer[0], amount=500)
            clock.advance(60)

        store.interrupt = replace
        assert shop.orders.status("42") == "open"
        # Nobody has asked about the newer one yet, of which a part was paid.
        assert shop.invoice_status(newer[0]) == "OPEN"

    def test_is_cancelled_once_by_many_who_ask(self, stored_shop: Shop, clock: Clock) -> None:
        stored_shop.open("ended", expires_in=900)
        clock.advance(900)
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(stored_shop.orders.status, ["ended"] * 40))
        assert stored_shop.orders.status("ended") == "expired"
        assert stored_shop.requests("DELETE", "/invoice") == 1


class TestAQPayThatCannotBeAsked:
    def test_leaves_the_answer_to_the_store(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        shop.open()
        shop.simulator.faults.add("*", "*", "502", None)
        assert [shop.orders.status("42") for _ in range(3)] == ["open"] * 3
        assert "Could not ask QPay about order 42" in caplog.text

    def test_is_not_asked_again_by_the_next_page(self, shop: Shop) -> None:
        shop.open()
        shop.simulator.faults.add("POST", "/payment/check", "502", None)
        shop.orders.status("42")
        sent = shop.requests("POST", "/payment/check")
        assert [shop.orders.status("42") for _ in range(5)] == ["open"] * 5
        assert shop.requests("POST", "/payment/check") == sent

    def test_does_not_cancel_an_expired_order(self, shop: Shop, clock: Clock) -> None:
        order = shop.open(expires_in=900)
        clock.advance(900)
        shop.simulator.faults.add("DELETE", "/invoice/*", "500", None)
        assert shop.orders.status("42") == "open"
        assert shop.invoice_status(order) == "OPEN"


def test_an_order_that_was_never_opened_has_no_status(shop: Shop) -> None:
    with pytest.raises(LookupError, match="no invoice of order 43"):
        shop.orders.status("43")
    with pytest.raises(LookupError, match="no invoice of order 43"):
        shop.orders.close("43")
    for number in ("", "x" * 42, None):
        with pytest.raises(ValidationError, match="order_no"):
            shop.orders.status(number)  # type: ignore[arg-type]


def test_orders_of_two_accounts_in_one_store_are_two(
    qpay_simulator: Simulator, new_shop: Opener
) -> None:
    qpay_simulator.add_account("OTHER", "the-password-of-the-other")
    store = MemoryStore()
    shop = new_shop(store)
    settings = qpay_simulator.credentials.copy()
    settings["username"] = "OTHER"
    settings["password"] = "the-password-of-the-other"
    with QPayClient(**settings, store=store) as client:
        other = Orders(CallbackDispatcher(client, patience=0))
        opened = other.open("42", amount=1500, description="Tea")
        assert shop.open("42").invoice_id != opened.invoice_id
        shop.pay(shop.open("42"))
        assert shop.orders.status("42") == "paid"
        assert other.status("42") == "open"


class TestAThousandPollers:
    """A minute of pollers, in seconds: every time is shorter by the same factor."""

    def test_of_one_order_ask_seven_times(
        self, qpay_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        interval, minute, pause = 0.25, 1.5, 0.5  # 40 times shorter
        monkeypatch.setattr(flow, "QUESTION_INTERVAL_SECONDS", interval)
        answers: list[str] = []
        seconds: list[float] = []

        async def main() -> None:
            async with AsyncQPayClient(**qpay_simulator.credentials) as client:
                orders = AsyncOrders(AsyncCallbackDispatcher(client))
                await orders.open("42", amount=1500, description="Tea")
                qpay_simulator.requests.clear()
                began = time.monotonic()

                async def look() -> None:
                    answers.append(await orders.status("42"))
                    while time.monotonic() < began + minute:
                        await anyio.sleep(pause)
                        answers.append(await orders.status("42"))

                async with anyio.create_task_group() as tasks:
                    for _ in range(1000):
                        tasks.start_soon(look)
                seconds.append(time.monotonic() - began)

        anyio.run(main)
        assert len(answers) >= 1000
        assert set(answers) == {"open"}
        # Seven in a minute, and as many more as a busy machine takes longer.
        asked = len(qpay_simulator.requests.to("POST", "/payment/check"))
        assert 1 <= asked <= 1 + max(minute, seconds[0]) / interval

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["sqlite", "redis"])
    def test_in_several_processes_ask_seven_times(
        self,
        qpay_simulator: Simulator,
        new_shop: Opener,
        store_url: Callable[[str], str],
        kind: str,
    ) -> None:
        place = store_url(kind)
        new_shop(open_store(kind, place)).open("polled")
        qpay_simulator.requests.clear()
        interval, minute = 2.0, 12.0  # 5 times shorter
        starts = time.time() + 4
        work = (kind, place, qpay_simulator.credentials, "polled", 20, interval, starts, minute)
        with get_context("spawn").Pool(3) as pool:
            asked = pool.starmap(poll, [work] * 3, chunksize=1)
        assert sum(asked) >= 1000
        assert 2 <= len(qpay_simulator.requests.to("POST", "/payment/check")) <= 7


def test_threads_that_ask_at_once_ask_qpay_once(stored_shop: Shop) -> None:
    stored_shop.open("together")
    stored_shop.simulator.requests.clear()
    start = threading.Barrier(20)

    def ask(_: int) -> str:
        start.wait()
        return stored_shop.orders.status("together")

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(20))) == {"open"}
    assert stored_shop.requests("POST", "/payment/check") == 1


def test_a_payment_that_was_begun_before_the_end_is_delivered_when_it_settles(
    any_shop: Shop, clock: Clock
) -> None:
    order = any_shop.open(expires_in=900)
    payment_id = any_shop.simulator.begin(order.invoice_id)
    clock.advance(900)
    assert any_shop.orders.status("42") == "expired"
    any_shop.simulator.settle(payment_id, callbacks=0)
    assert any_shop.call_back(payment_id) == "delivered"
    assert any_shop.orders.status("42") == "paid"
