"""`open`: the order's one open invoice, however often it is asked for."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
import respx
from pydantic import ValidationError

from helpers.settings import SETTINGS
from helpers.store_processes import open_orders, open_store
from orders.shop import SECRET, Clock, Opener, Shop
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncOrders,
    AsyncQPayClient,
    CallbackDispatcher,
    ConfigurationError,
    ConflictError,
    InvoiceLine,
    MemoryStore,
    Order,
    Orders,
    OutcomeUnknownError,
    QPayClient,
    QPayError,
    TransportTimeout,
    sign_callback_url,
)
from qpaykit._invoice_record import record_key
from qpaykit._order_record import order_key, page_key

if TYPE_CHECKING:
    from qpaykit.simulator import Simulator


def test_an_order_has_what_its_page_needs(shop: Shop) -> None:
    order = shop.open()
    assert (order.order_no, order.sender_invoice_no, order.status) == ("42", "42", "open")
    assert (order.amount, order.expires_at) == (Decimal(1500), None)
    assert order.invoice_id == order.invoice.invoice_id != ""
    assert order.invoice.qr_text
    assert order.invoice.urls
    assert "<img" in order.invoice.to_html()


def test_it_is_the_same_invoice_when_asked_again_and_costs_no_request(stored_shop: Shop) -> None:
    number = "again"
    first = stored_shop.open(number, expires_in=900)
    stored_shop.simulator.requests.clear()
    assert [stored_shop.open(number, expires_in=60) for _ in range(3)] == [first] * 3
    assert stored_shop.requests() == 0


@pytest.mark.parametrize("order_no", ["42", 42, "Захиалга №1", "a/b:c%d", "x" * 41, "INV-7"])
def test_any_number_that_qpay_takes_will_do(shop: Shop, order_no: str | int) -> None:
    order = shop.orders.open(order_no, amount="1500.50", description="Tea")
    assert order.order_no == str(order_no)
    assert shop.orders.open(order_no, amount="1500.50", description="Tea") == order
    shop.call_back(shop.pay(order))
    assert [event.order_no for event in shop.paid] == [str(order_no)]
    assert shop.orders.status(order_no) == "paid"


def test_an_order_of_another_amount_gets_another_invoice_after_the_first_is_cancelled(
    any_shop: Shop,
) -> None:
    first = any_shop.open(amount=1500)
    second = any_shop.open(amount=2000)
    assert (second.sender_invoice_no, second.amount) == ("42-2", Decimal(2000))
    assert any_shop.invoice_status(first) == "CANCELED"
    assert any_shop.invoice_status(second) == "OPEN"
    third = any_shop.open(amount=2500)
    assert any_shop.numbers() == ["42", "42-2", "42-3"]
    assert any_shop.call_back(any_shop.pay(third)) == "delivered"
    (event,) = any_shop.paid
    assert (event.order_no, event.due) == ("42", Decimal(2500))
    assert "qpaykit_no" not in event.params


def test_an_order_that_was_paid_while_its_price_changed_is_delivered_and_gets_no_invoice(
    any_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    first = any_shop.open(amount=1500)
    any_shop.pay(first)
    order = any_shop.open(amount=2000)
    assert (order.status, order.amount, order.invoice_id) == (
        "paid",
        Decimal(1500),
        first.invoice_id,
    )
    assert [event.amount for event in any_shop.paid] == [Decimal(1500)]
    assert any_shop.numbers() == ["42"]
    assert "taken it over" not in caplog.text


def test_a_paid_order_gets_no_invoice_and_costs_no_request(shop: Shop) -> None:
    shop.call_back(shop.pay(shop.open()))
    shop.simulator.requests.clear()
    assert shop.open().status == "paid"
    assert shop.open(amount=9000).status == "paid"
    assert shop.requests() == 0


def test_a_paid_order_whose_record_is_lost_is_still_paid(shop: Shop) -> None:
    shop.call_back(shop.pay(shop.open()))
    shop.store.delete(order_key(shop.client.settings.account, "42"))
    order = shop.open()
    assert (order.status, order.invoice_id) == ("paid", "")
    assert shop.orders.status("42") == "paid"
    assert shop.orders.close("42") == "paid"
    assert shop.numbers() == ["42"]


def test_an_underpaid_order_keeps_its_invoice_at_any_price(shop: Shop) -> None:
    first = shop.open()
    shop.pay(first, amount=500)
    order = shop.open(amount=2000)
    assert (order.status, order.invoice_id) == ("underpaid", first.invoice_id)
    assert shop.invoice_status(first) == "OPEN"
    assert [event.amount for event in shop.underpaid] == [Decimal(500)]
    shop.pay(first)
    assert shop.open(amount=2000).status == "paid"


def test_an_expired_invoice_is_replaced(any_shop: Shop, clock: Clock) -> None:
    first = any_shop.open(expires_in=900)
    clock.advance(899)
    assert any_shop.open(expires_in=900) == first
    clock.advance(1)
    second = any_shop.open(expires_in=900)
    assert (second.sender_invoice_no, second.status) == ("42-2", "open")
    assert any_shop.invoice_status(first) == "CANCELED"
    assert first.expires_at is not None
    assert second.expires_at is not None
    assert (second.expires_at - first.expires_at).total_seconds() == pytest.approx(900, abs=5)


def test_an_expired_invoice_that_was_paid_is_delivered_and_not_replaced(
    any_shop: Shop, clock: Clock
) -> None:
    first = any_shop.open(expires_in=900)
    any_shop.pay(first)
    clock.advance(901)
    assert any_shop.open(expires_in=900).status == "paid"
    assert len(any_shop.paid) == 1
    assert any_shop.numbers() == ["42"]


def test_an_expired_invoice_that_was_paid_in_part_still_has_its_qr_code(shop: Shop) -> None:
    first = shop.open(expires_in=0.01)
    shop.pay(first, amount=500)
    time.sleep(0.02)
    order = shop.open(expires_in=900)
    assert (order.status, order.invoice) == ("underpaid", first.invoice)


def test_an_invoice_that_qpay_refuses_to_cancel_is_handed_out_with_its_qr_code(
    qpay: respx.MockRouter, quick_retries: None
) -> None:
    qpay.post("/invoice").respond(json={"invoice_id": "i-1", "qr_text": "qr"})
    # It was paid a moment ago, and payment/check lags behind.
    qpay.post("/payment/check").respond(json={"count": 0, "rows": []})
    qpay.delete("/invoice/i-1").respond(409, json={"error": "INVOICE_PAID"})
    with QPayClient(**SETTINGS) as client:
        orders = Orders(CallbackDispatcher(client, patience=0))
        orders.open("42", amount=1500, description="Tea")
        order = orders.open("42", amount=2000, description="Tea")
    assert (order.status, order.amount, order.invoice.qr_text) == ("open", Decimal(1500), "qr")


def test_a_cancelled_order_can_be_opened_again(shop: Shop) -> None:
    shop.open()
    assert shop.orders.close("42") == "cancelled"
    assert shop.open().sender_invoice_no == "42-2"


def test_an_order_is_opened_with_lines(shop: Shop) -> None:
    line = InvoiceLine(line_description="Tea", line_quantity=2, line_unit_price=750)
    order = shop.orders.open("42", description="Tea", lines=[line])
    assert order.amount == Decimal(1500)
    assert shop.orders.open("42", description="Tea", lines=[line]) == order


def test_both_qrs_paid_is_one_delivery_and_one_payment_too_many(any_shop: Shop) -> None:
    first = any_shop.open(amount=1500)
    second = any_shop.open(amount=2000)
    assert any_shop.call_back(any_shop.pay(second)) == "delivered"
    late = any_shop.pay(first, late=True)
    assert [any_shop.call_back(late) for _ in range(2)] == ["overpaid", "duplicate"]
    assert [event.order_no for event in any_shop.paid] == ["42"]
    (extra,) = any_shop.overpaid
    assert (extra.order_no, extra.amount, extra.due) == ("42", Decimal(1500), Decimal(1500))
    assert any_shop.orders.status("42") == "paid"
    recorded = {(one.status, one.order_no, one.outcome) for one in any_shop.store.deliveries()}
    assert recorded == {("PAID", "42", "delivered"), ("OVERPAID", "42", "overpaid")}


LOST = ["its invoice", "all but its order", "everything"]


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("number", ["42", "INV-7"])
def test_a_later_invoice_is_its_orders_when_the_store_has_forgotten(
    any_shop: Shop, lost: str, number: str
) -> None:
    any_shop.open(number, amount=1500)
    second = any_shop.open(number, amount=2000)
    account = any_shop.client.settings.account
    any_shop.store.delete(record_key(account, second.invoice_id))
    if lost == "all but its order" and not any_shop.root:  # Quick QR has a number in the URL alone
        any_shop.fault("GET", "/invoice/*", "no-callback-url", None)
    elif lost == "everything":
        any_shop.store.delete(order_key(account, number))
    assert any_shop.call_back(any_shop.pay(second)) == "delivered"
    assert [event.order_no for event in any_shop.paid] == [number]


def test_a_later_invoice_is_its_orders_where_qpay_leaves_its_number_out(
    new_shop: Opener,
) -> None:
    shop = new_shop(secret=SECRET)
    shop.open(amount=1500)
    second = shop.open(amount=2000)
    account = shop.client.settings.account
    shop.store.delete(record_key(account, second.invoice_id))
    shop.store.delete(order_key(account, "42"))
    shop.simulator.faults.add("GET", "/invoice/*", "no-sender-invoice-no", None)
    assert shop.call_back(shop.pay(second)) == "delivered"
    assert [event.order_no for event in shop.paid] == ["42"]


class Unreadable(MemoryStore):
    """A store of which a value cannot be read, so many times."""

    times = 0

    def get(self, key: str) -> str | None:
        if self.times and not key.startswith("token:"):
            self.times -= 1
            raise OSError("the store is down")
        return super().get(key)


@pytest.mark.parametrize("secret", [None, SECRET], ids=["unsigned", "signed"])
def test_a_later_invoice_is_not_delivered_while_the_store_cannot_tell_its_order(
    new_shop: Opener, secret: str | None
) -> None:
    store = Unreadable()
    shop = new_shop(store=store, secret=secret)
    shop.open(amount=1500)
    payment = shop.pay(shop.open(amount=2000))
    shop.simulator.faults.add("GET", "/invoice/*", "no-callback-url", None)
    store.times = 2
    assert shop.call_back(payment) == "unreachable"
    assert shop.call_back(payment) == "delivered"
    assert [event.order_no for event in shop.paid] == ["42"]


def test_an_order_whose_own_number_ends_so_is_not_taken_for_another_ones(any_shop: Shop) -> None:
    any_shop.open("42")
    other = any_shop.open("42-2")
    account = any_shop.client.settings.account
    any_shop.store.delete(record_key(account, other.invoice_id))
    assert any_shop.call_back(any_shop.pay(other)) == "delivered"
    assert [event.order_no for event in any_shop.paid] == ["42-2"]


class TestALostAnswer:
    def test_leaves_an_invoice_that_nobody_has_seen_and_another_is_made(
        self, any_shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        any_shop.fault("POST", "/invoice", "reset-after")
        order = any_shop.open()
        assert order.sender_invoice_no == "42-2"
        assert any_shop.numbers() == ["42", "42-2"]
        assert any_shop.open() == order
        assert "Nobody has seen its QR code" in caplog.text

    def test_is_raised_when_it_happens_twice_and_the_next_call_makes_an_invoice(
        self, shop: Shop
    ) -> None:
        shop.simulator.faults.add("POST", "/invoice", "500-after", 2)
        with pytest.raises(OutcomeUnknownError):
            shop.open()
        with pytest.raises(LookupError):
            shop.orders.status("42")
        assert shop.open().sender_invoice_no == "42-3"
        assert len(set(shop.numbers())) == 3

    def test_of_an_invoice_that_was_never_made_does_no_harm(self, shop: Shop) -> None:
        shop.simulator.faults.add("POST", "/invoice", "500")
        order = shop.open()
        assert shop.numbers() == [order.sender_invoice_no] == ["42-2"]


class TestTwoAtOnce:
    @pytest.mark.parametrize("threads", [20])
    def test_clicks_make_one_invoice(self, stored_shop: Shop, threads: int) -> None:
        start = threading.Barrier(threads)

        def click(_: int) -> Order:
            start.wait()
            return stored_shop.open("clicked")

        with ThreadPoolExecutor(threads) as pool:
            orders = list(pool.map(click, range(threads)))
        assert len({order.invoice_id for order in orders}) == 1
        assert stored_shop.numbers() == ["clicked"]

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["sqlite", "redis"])
    def test_processes_make_one_invoice_for_each_order(
        self, qpay_simulator: Simulator, store_url: Callable[[str], str], kind: str
    ) -> None:
        numbers = [f"{kind}-order-{n}" for n in range(10)]
        work = [(kind, store_url(kind), qpay_simulator.credentials, numbers)] * 3
        with get_context("spawn").Pool(3) as pool:
            opened = pool.starmap(open_orders, work, chunksize=1)
        assert opened[0] == opened[1] == opened[2]
        made = [str(one.request["sender_invoice_no"]) for one in qpay_simulator.invoices()]
        assert sorted(made) == sorted(numbers)

    def test_price_changes_leave_one_open_invoice(self, stored_shop: Shop) -> None:
        start = threading.Barrier(6)

        def reprice(turn: int) -> Order:
            start.wait()
            return stored_shop.open("priced", amount=1000 + turn % 2)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(reprice, range(6)))
        states = [invoice.status for invoice in stored_shop.simulator.invoices()]
        assert states.count("OPEN") == 1

    def test_tasks_make_one_invoice(self, qpay_simulator: Simulator) -> None:
        async def main() -> set[str]:
            async with AsyncQPayClient(**qpay_simulator.credentials) as client:
                orders = AsyncOrders(AsyncCallbackDispatcher(client))
                found: set[str] = set()

                async def click() -> None:
                    order = await orders.open("42", amount=1500, description="Tea")
                    found.add(order.invoice_id)

                async with anyio.create_task_group() as tasks:
                    for _ in range(20):
                        tasks.start_soon(click)
                return found

        assert len(anyio.run(main)) == 1
        assert len(qpay_simulator.invoices()) == 1


class Dying(MemoryStore):
    """A store whose process dies when it writes down an order's invoice."""

    def __init__(self) -> None:
        super().__init__()
        self.dies = True

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        if self.dies and key.startswith("order:") and json.loads(value)["invoices"]:
            raise SystemExit
        super().set(key, value, ttl=ttl)

    def release(self, key: str, owner: str) -> None:
        if not self.dies:
            super().release(key, owner)


class TestAProcessThatDies:
    def test_blocks_the_order_for_no_longer_than_a_lease(
        self, new_shop: Opener, short_leases: None
    ) -> None:
        store = Dying()
        shop = new_shop(store)
        with pytest.raises(SystemExit):
            shop.open()
        store.dies = False
        order = shop.open()
        assert order.sender_invoice_no == "42-2"
        assert shop.open() == order

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["sqlite", "redis"])
    def test_when_it_is_killed_leaves_the_order_to_the_next(
        self,
        qpay_simulator: Simulator,
        new_shop: Opener,
        store_url: Callable[[str], str],
        kind: str,
    ) -> None:
        place = store_url(kind)
        qpay_simulator.faults.add("POST", "/invoice", "slow", 1, delay=60)
        work = (kind, place, qpay_simulator.credentials, ["killed"], 3.0)
        process = get_context("spawn").Process(target=open_orders, args=work)
        process.start()
        while not qpay_simulator.requests.to("POST", "/invoice"):
            anyio.run(anyio.sleep, 0.05)
        process.kill()
        process.join()
        store = open_store(kind, place)
        account = new_shop().client.settings.account
        assert store.claim(f"order-claim:{account}:killed", "me", lease=1) == "held"
        shop = new_shop(store)
        assert shop.open("killed").status == "open"


def test_work_that_outlasts_its_lease_hands_out_the_invoice_of_who_took_it_over(
    qpay_simulator: Simulator, new_shop: Opener, short_leases: None
) -> None:
    store = MemoryStore()
    slow, quick = new_shop(store), new_shop(store)
    qpay_simulator.faults.add("POST", "/invoice", "slow", 1, delay=1)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slow.open)
        while not qpay_simulator.requests.to("POST", "/invoice"):
            threading.Event().wait(0.01)
        order = quick.open()
        assert late.result() == order
    assert order.sender_invoice_no == "42-2"
    # Nobody has seen the QR code of the slow one's invoice, and no order knows it.
    states = {
        str(invoice.request["sender_invoice_no"]): invoice.status
        for invoice in qpay_simulator.invoices()
    }
    assert states == {"42": "CANCELED", "42-2": "OPEN"}


class FailsOnceMade(MemoryStore):
    """A store that fails when an invoice that QPay has made is to be written down."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        is_made = key.startswith("order-page:") or '"invoice_id"' in value
        if self.key and key.startswith(self.key) and is_made:
            raise OSError("the disk is full")
        super().set(key, value, ttl=ttl)


class TestAnInvoiceThatTheStoreDoesNotTake:
    def test_is_cancelled_for_no_order_would_know_it(self, new_shop: Opener) -> None:
        store = FailsOnceMade("order:")
        shop = new_shop(store)
        with pytest.raises(OSError, match="the disk is full"):
            shop.open()
        store.key = ""
        order = shop.open()
        states = [invoice.status for invoice in shop.simulator.invoices()]
        assert (order.sender_invoice_no, states) == ("42-2", ["CANCELED", "OPEN"])

    def test_is_named_in_the_log_where_qpay_does_not_cancel_it(
        self, new_shop: Opener, caplog: pytest.LogCaptureFixture
    ) -> None:
        shop = new_shop(FailsOnceMade("order:"))
        shop.simulator.faults.add("DELETE", "/invoice/*", "500", None)
        shop.simulator.faults.add("GET", "/invoice/*", "500", None)
        with pytest.raises(OSError, match="the disk is full"):
            shop.open()
        (made,) = shop.simulator.invoices()
        assert f"Invoice {made.id} of order 42 was made and could not be recorded" in caplog.text

    def test_is_replaced_where_only_its_qr_code_is_missing(self, new_shop: Opener) -> None:
        store = FailsOnceMade("order-page:")
        shop = new_shop(store)
        with pytest.raises(OSError, match="the disk is full"):
            shop.open()
        store.key = ""
        assert shop.open().status == "open"
        states = [invoice.status for invoice in shop.simulator.invoices()]
        assert states == ["CANCELED", "OPEN"]


def test_a_claim_that_never_comes_free_ends_the_call(shop: Shop, short_leases: None) -> None:
    account = shop.client.settings.account
    shop.store.claim(f"order-claim:{account}:42", "another", lease=60)
    with pytest.raises(TransportTimeout, match="order 42") as caught:
        shop.open()
    assert not caught.value.sent
    assert shop.requests() == 0


class Failing(MemoryStore):
    """A store of which one method fails."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = ""

    def get(self, key: str) -> str | None:
        if self.fails == "get":
            raise OSError("the store is down")
        return super().get(key)

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        if self.fails == "set" and key.startswith("order"):
            raise OSError("the store is down")
        super().set(key, value, ttl=ttl)


@pytest.mark.parametrize("fails", ["get", "set"])
def test_a_store_that_is_down_opens_nothing(new_shop: Opener, fails: str) -> None:
    store = Failing()
    shop = new_shop(store)
    store.fails = fails
    with pytest.raises(OSError, match="the store is down"):
        shop.open()
    assert shop.numbers() == []
    store.fails = ""
    assert shop.open().status == "open"


def test_a_record_that_cannot_be_read_counts_as_none(shop: Shop) -> None:
    shop.store.set(order_key(shop.client.settings.account, "42"), "{not json")
    assert shop.open().sender_invoice_no == "42"


def test_a_number_that_qpay_refuses_leads_to_the_next(
    qpay: respx.MockRouter, quick_retries: None
) -> None:
    answers = [
        httpx.Response(409, json={"error": "INVOICE_CODE_REGISTERED"}),
        httpx.Response(409, json={"error": "UNIQUE_ERROR"}),
        httpx.Response(200, json={"invoice_id": "i-1", "qr_text": "qr"}),
    ]
    made = qpay.post("/invoice").mock(side_effect=answers)
    with QPayClient(**SETTINGS) as client:
        order = Orders(CallbackDispatcher(client)).open("42", amount=1500, description="Tea")
    sent = [json.loads(call.request.content)["sender_invoice_no"] for call in made.calls]
    assert sent == ["42", "42-2", "42-3"]
    assert (order.sender_invoice_no, order.order_no) == ("42-3", "42")


def test_opening_gives_up_after_six_refused_numbers(
    qpay: respx.MockRouter, quick_retries: None
) -> None:
    made = qpay.post("/invoice").respond(409, json={"error": "UNIQUE_ERROR"})
    with QPayClient(**SETTINGS) as client, pytest.raises(ConflictError):
        Orders(CallbackDispatcher(client)).open("42", amount=1500, description="Tea")
    assert made.call_count == 6


def test_what_an_orders_page_needs_is_kept_for_a_day_after_its_expiry(new_shop: Opener) -> None:
    lifetimes: dict[str, float | None] = {}

    class Watching(MemoryStore):
        def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
            if len(value) > 1000:
                lifetimes[key.partition(":")[0]] = ttl
            super().set(key, value, ttl=ttl)

    shop = new_shop(Watching())
    shop.open("42", expires_in=900)
    assert lifetimes == {"order-page": 900 + 86_400}
    shop.open("43")
    assert lifetimes == {"order-page": 30 * 86_400}


def test_an_order_whose_qr_code_is_kept_no_longer_gets_a_new_invoice(any_shop: Shop) -> None:
    first = any_shop.open()
    account = any_shop.client.settings.account
    any_shop.store.delete(page_key(account, first.invoice_id))
    second = any_shop.open()
    assert second.sender_invoice_no == "42-2"
    assert any_shop.invoice_status(first) == "CANCELED"
    any_shop.store.delete(page_key(account, second.invoice_id))
    any_shop.pay(second)
    third = any_shop.open()
    assert (third.status, third.invoice_id) == ("paid", second.invoice_id)


def test_what_qpay_refuses_is_raised_and_the_order_is_free_at_once(shop: Shop) -> None:
    shop.simulator.faults.add("POST", "/invoice", "401", 3)
    with pytest.raises(QPayError):
        shop.open()
    assert shop.open().status == "open"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"order_no": ""}, "order_no"),
        ({"order_no": "x" * 42}, "order_no"),
        ({"order_no": 4.2}, "order_no"),
        ({"order_no": None}, "order_no"),
        ({"amount": 0}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": None, "allow_partial": True}, "amount"),
        ({"description": ""}, "invoice_description"),
        ({"description": "x" * 256}, "invoice_description"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": -1}, "expires_in"),
        ({"expires_in": float("inf")}, "expires_in"),
        ({"expires_in": 1e300}, "expires_in"),
        ({"expires_in": "900"}, "expires_in"),
        ({"callback_url": "nowhere"}, "callback_url"),
        ({"teapot": 1}, "teapot"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    shop: Shop, change: dict[str, object], name: str
) -> None:
    shop.open("43")
    shop.simulator.requests.clear()
    given = {"order_no": "43", "amount": 2000, "description": "Tea", **change}
    with pytest.raises(ValidationError, match=name):
        shop.orders.open(**given)  # type: ignore[arg-type]
    assert shop.requests() == 0
    assert shop.open("43").sender_invoice_no == "43"


def test_what_keeps_the_next_invoice_from_being_made_is_told_before_the_last_is_cancelled(
    new_shop: Opener,
) -> None:
    shop = new_shop(secret=SECRET)
    root = "http://127.0.0.1:9/"
    signed = sign_callback_url(root, secret=SECRET, sender_invoice_no="42", amount=1500)
    url = root + "x" * (255 - len(signed))  # there is room for the signature, and no more
    first = shop.orders.open("42", amount=1500, description="Tea", callback_url=url)
    with pytest.raises(ValidationError, match="callback_url"):
        shop.orders.open("42", amount=2000, description="Tea", callback_url=url)
    assert shop.invoice_status(first) == "OPEN"


def test_orders_need_a_dispatcher_that_asks_qpay(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="asks QPay"):
        Orders(CallbackDispatcher(verify=False))
    with pytest.raises(ConfigurationError, match="asks QPay"):
        Orders(CallbackDispatcher(shop.client, verify=False))
    with pytest.raises(ConfigurationError, match="AsyncOrders"):
        Orders(AsyncCallbackDispatcher(verify=False))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="Orders takes"):
        AsyncOrders(shop.dispatcher)  # type: ignore[arg-type]


def test_the_orders_store_is_the_dispatchers(shop: Shop) -> None:
    own = MemoryStore()
    dispatcher = CallbackDispatcher(shop.client, store=own, patience=0)
    dispatcher.on_paid(shop.paid.append)
    order = Orders(dispatcher).open("42", amount=1500, description="Tea")
    shop.simulator.requests.clear()
    query = shop.simulator.callback_query(shop.pay(order))
    assert dispatcher.handle(query=query).outcome == "delivered"
    # Its invoice is remembered where the dispatcher looks, so that QPay is not asked for it.
    assert shop.requests("GET", "/invoice") == 0
    assert Orders(dispatcher).status("42") == "paid"
