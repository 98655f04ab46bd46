"""`sweep` delivers what was paid in a time; what was delivered before costs nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
import pytest
from pydantic import ValidationError

from helpers.store_processes import open_store
from qpaykit import (
    ULAANBAATAR,
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    ConfigurationError,
    Delivery,
    Invoice,
    MemoryStore,
    PaymentEvent,
    QPayClient,
    QPayError,
    Store,
)
from qpaykit._invoice_record import record_key

if TYPE_CHECKING:
    from qpaykit import CallbackReply
    from qpaykit.simulator import Simulator

SECRET = "a secret of the shop that is long enough"
TODAY = datetime.now(ULAANBAATAR).date()
FIRST, LAST = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


class Shop:
    """A shop whose callbacks never come."""

    def __init__(
        self, simulator: Simulator, store: Store | None = None, secret: str | None = None
    ) -> None:
        self.simulator = simulator
        self.store = store if store is not None else MemoryStore()
        self.client = QPayClient(**simulator.credentials, store=self.store, callback_secret=secret)
        self.paid: list[PaymentEvent] = []
        self.dispatcher = self.new_dispatcher()

    def new_dispatcher(self) -> CallbackDispatcher:
        dispatcher = CallbackDispatcher(self.client, patience=0)
        dispatcher.on_paid(self.paid.append)
        return dispatcher

    def order(self, number: str, *, amount: int = 1500) -> Invoice:
        return self.client.invoices.create(
            amount=amount, sender_invoice_no=number, invoice_description="Tea"
        )

    def pay(self, invoice: Invoice, *, amount: int | None = None, again: bool = False) -> str:
        return self.simulator.pay(invoice.invoice_id, amount=amount, again=again, callbacks=0)

    def sweep(self, *, dry_run: bool = False) -> list[CallbackReply]:
        return list(self.dispatcher.sweep(FIRST, LAST, dry_run=dry_run))

    def outcomes(self, *, dry_run: bool = False) -> list[str]:
        return [reply.outcome for reply in self.sweep(dry_run=dry_run)]

    def record(
        self, invoice: Invoice, payment_id: str, *, status: str = "PAID", amount: int = 1500
    ) -> None:
        """Let the store have a payment as delivered."""
        key = f"delivered:{self.client.settings.account}:{status}:{payment_id}"
        delivery = Delivery(
            key=key,
            order_no="42",
            invoice_id=invoice.invoice_id,
            payment_id=payment_id,
            payments=(payment_id,),
            status=status,
            amount=Decimal(amount),
            due=Decimal(1500),
            outcome="delivered",
            delivered_at=datetime.now(ULAANBAATAR),
        )
        self.store.claim(key, "owner", lease=60)
        self.store.complete(key, "owner", delivery=delivery)

    def orders(self) -> list[str]:
        return sorted(event.order_no for event in self.paid)


@pytest.fixture(params=[None, SECRET], ids=["unsigned", "signed"])
def shop(request: pytest.FixtureRequest, qpay_simulator: Simulator) -> Iterator[Shop]:
    shop = Shop(qpay_simulator, secret=request.param)
    yield shop
    shop.client.close()


@pytest.fixture
def plain_shop(qpay_simulator: Simulator) -> Iterator[Shop]:
    shop = Shop(qpay_simulator)
    yield shop
    shop.client.close()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def shared_shop(
    request: pytest.FixtureRequest, qpay_simulator: Simulator, store_url: Callable[[str], str]
) -> Iterator[Shop]:
    kind = request.param
    shop = Shop(
        qpay_simulator, MemoryStore() if kind == "memory" else open_store(kind, store_url(kind))
    )
    yield shop
    shop.client.close()


def counted(simulator: Simulator) -> Counter[str]:
    return Counter(
        "/".join(request.path.split("/")[2:4]) if request.method == "POST" else request.path
        for request in simulator.requests
    )


def test_what_was_paid_and_not_delivered_is_delivered_once(shop: Shop) -> None:
    paid, _abandoned = shop.order("42"), shop.order("43")
    shop.pay(paid)
    assert shop.outcomes() == ["delivered"]
    assert shop.outcomes() == ["duplicate"]
    (event,) = shop.paid
    assert (event.order_no, event.amount, event.due) == ("42", Decimal(1500), Decimal(1500))


def test_a_reply_says_what_a_person_needs_to_see(plain_shop: Shop) -> None:
    invoice = plain_shop.order("42")
    payment_id = plain_shop.pay(invoice)
    (reply,) = plain_shop.sweep()
    assert (reply.payment_id, reply.order_no) == (payment_id, "42")
    assert (reply.invoice_id, reply.amount) == (invoice.invoice_id, Decimal(1500))
    assert (reply.outcome, reply.status_code) == ("delivered", 200)
    (again,) = plain_shop.sweep()
    assert (again.payment_id, again.invoice_id) == (payment_id, invoice.invoice_id)
    assert again.amount == Decimal(1500)


@pytest.mark.parametrize("abandoned", [10, pytest.param(100, marks=pytest.mark.nightly)])
def test_abandoned_orders_cost_nothing_and_lost_callbacks_three_requests_each(
    shop: Shop, abandoned: int
) -> None:
    invoices = [shop.order(str(number)) for number in range(abandoned + 5)]
    for invoice in invoices[:5]:
        shop.pay(invoice)
        # Its record is lost as well, so that QPay is asked for the invoice too.
        shop.store.delete(record_key(shop.client.settings.account, invoice.invoice_id))
    shop.simulator.requests.clear()
    assert shop.outcomes() == ["delivered"] * 5
    asked = counted(shop.simulator)
    # One page, and the question whether there is another one.
    assert asked.pop("payment/list") == 2
    assert asked.total() <= 3 * 5
    assert shop.orders() == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("payments", [250, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_delivered_payments_cost_no_request_beyond_the_pages(
    plain_shop: Shop, payments: int
) -> None:
    invoices = [plain_shop.order(str(number)) for number in range(payments // 100)]
    for turn in range(payments):
        invoice = invoices[turn % len(invoices)]
        plain_shop.record(invoice, plain_shop.pay(invoice, amount=1500))
    plain_shop.simulator.requests.clear()
    assert Counter(plain_shop.outcomes()) == {"duplicate": payments}
    # Where the last page is full, one more is asked for.
    assert counted(plain_shop.simulator) == {"payment/list": payments // 100 + 1}


def test_what_came_by_callback_is_not_asked_for_again(shop: Shop) -> None:
    invoice = shop.order("42")
    query = shop.simulator.callback_query(shop.pay(invoice))
    assert shop.dispatcher.handle(query=query).outcome == "delivered"
    shop.store.delete(record_key(shop.client.settings.account, invoice.invoice_id))
    shop.simulator.requests.clear()
    assert shop.outcomes() == ["duplicate"]
    assert set(counted(shop.simulator)) == {"payment/list"}


def test_two_halves_are_one_delivery_and_neither_comes_again(plain_shop: Shop) -> None:
    invoice = plain_shop.order("42")
    plain_shop.pay(invoice, amount=500)
    plain_shop.pay(invoice, amount=1000)
    assert plain_shop.outcomes() == ["delivered", "duplicate"]
    assert [event.amount for event in plain_shop.paid] == [Decimal(1500)]
    plain_shop.simulator.requests.clear()
    assert plain_shop.outcomes() == ["duplicate", "duplicate"]
    assert set(counted(plain_shop.simulator)) == {"payment/list"}


def test_two_halves_that_qpay_listed_each_without_the_other_are_delivered(
    plain_shop: Shop,
) -> None:
    underpaid: list[PaymentEvent] = []
    plain_shop.dispatcher.on_underpaid(underpaid.append)
    invoice = plain_shop.order("42")
    halves = [plain_shop.pay(invoice, amount=750) for _ in range(2)]
    for one, other in (halves, halves[::-1]):
        plain_shop.simulator.payment(other).status = "NEW"
        query = plain_shop.simulator.callback_query(one)
        assert plain_shop.dispatcher.handle(query=query).outcome == "underpaid"
        plain_shop.simulator.payment(other).status = "PAID"
    assert len(underpaid) == 2
    assert plain_shop.outcomes() == ["delivered", "duplicate"]
    assert [event.amount for event in plain_shop.paid] == [Decimal(1500)]


def test_a_second_payment_is_overpaid_and_reported_once(plain_shop: Shop) -> None:
    shop = plain_shop
    too_much: list[PaymentEvent] = []
    shop.dispatcher.on_overpaid(too_much.append)
    invoice = shop.order("42")
    shop.pay(invoice)
    shop.pay(invoice, again=True)
    assert shop.outcomes() == ["delivered", "overpaid"]
    assert shop.outcomes() == ["duplicate", "duplicate"]
    assert [(event.amount, event.due) for event in too_much] == [(Decimal(1500), Decimal(1500))]
    records = [(one.status, one.outcome, one.order_no) for one in shop.store.deliveries()]
    assert sorted(records) == [("OVERPAID", "overpaid", "42"), ("PAID", "delivered", "42")]


def test_a_payment_too_many_is_recorded_without_a_handler_and_swept_by_a_later_one(
    plain_shop: Shop,
) -> None:
    invoice = plain_shop.order("42")
    plain_shop.pay(invoice)
    second = plain_shop.pay(invoice, again=True)
    assert plain_shop.outcomes() == ["delivered", "overpaid"]
    assert plain_shop.outcomes() == ["duplicate", "duplicate"]
    records = [(one.payment_id, one.status, one.outcome) for one in plain_shop.store.deliveries()]
    assert records[1:] == [(second, "OVERPAID", "ignored")]
    too_much: list[PaymentEvent] = []
    plain_shop.dispatcher = plain_shop.new_dispatcher()
    plain_shop.dispatcher.on_overpaid(too_much.append)
    assert plain_shop.outcomes() == ["duplicate", "overpaid"]
    assert plain_shop.outcomes() == ["duplicate", "duplicate"]
    assert [event.payment_id for event in too_much] == [second]


def test_a_refund_reaches_its_handler_once(plain_shop: Shop) -> None:
    refunded: list[PaymentEvent] = []
    plain_shop.dispatcher.on_refunded(refunded.append)
    payment_id = plain_shop.pay(plain_shop.order("42"))
    assert plain_shop.outcomes() == ["delivered"]
    plain_shop.simulator.refund(payment_id, callbacks=0)
    assert plain_shop.outcomes() == ["delivered"]
    assert plain_shop.outcomes() == ["duplicate"]
    assert [event.payment_id for event in refunded] == [payment_id]


def test_what_was_given_back_or_failed_costs_no_request_where_nobody_registered_for_it(
    plain_shop: Shop,
) -> None:
    plain_shop.simulator.fail(plain_shop.order("42").invoice_id, callbacks=0)
    payment_id = plain_shop.pay(plain_shop.order("43"))
    assert sorted(plain_shop.outcomes()) == ["delivered", "ignored"]
    plain_shop.simulator.refund(payment_id, callbacks=0)
    plain_shop.simulator.requests.clear()
    assert plain_shop.outcomes() == ["ignored", "ignored"]
    assert set(counted(plain_shop.simulator)) == {"payment/list"}


def test_a_payment_that_is_listed_without_a_status_is_asked_for_until_it_is_delivered(
    plain_shop: Shop,
) -> None:
    plain_shop.pay(plain_shop.order("42"))
    plain_shop.simulator.faults.add("POST", "/payment/list", "no-status", None)
    assert plain_shop.outcomes() == ["delivered"]
    plain_shop.simulator.requests.clear()
    assert plain_shop.outcomes() == ["duplicate"]
    assert set(counted(plain_shop.simulator)) == {"payment/list"}


def test_a_payment_that_has_not_ended_is_left_out(plain_shop: Shop) -> None:
    plain_shop.simulator.begin(plain_shop.order("42").invoice_id)
    assert plain_shop.outcomes() == []


def test_a_dry_run_says_what_would_come_and_does_nothing(plain_shop: Shop) -> None:
    first, second = plain_shop.order("42"), plain_shop.order("43")
    plain_shop.pay(first)
    plain_shop.pay(first, again=True)
    plain_shop.pay(second, amount=1)
    assert plain_shop.outcomes(dry_run=True) == ["delivered", "overpaid", "underpaid"]
    assert plain_shop.paid == []
    assert list(plain_shop.store.deliveries()) == []
    assert plain_shop.outcomes() == ["delivered", "overpaid", "underpaid"]
    assert plain_shop.outcomes(dry_run=True)[0] == "duplicate"


def test_a_dry_run_needs_no_handlers(plain_shop: Shop) -> None:
    plain_shop.pay(plain_shop.order("42"))
    bare = CallbackDispatcher(plain_shop.client, patience=0)
    (reply,) = bare.sweep(FIRST, LAST, dry_run=True)
    assert (reply.outcome, reply.order_no, reply.amount) == ("delivered", "42", Decimal(1500))


def test_a_handler_that_fails_is_called_again_by_the_next_sweep(plain_shop: Shop) -> None:
    for number in ("42", "43"):
        plain_shop.pay(plain_shop.order(number))
    failures = ["42"]

    def deliver(event: PaymentEvent) -> None:
        if event.order_no in failures:
            raise RuntimeError("the shop's database is away")
        plain_shop.paid.append(event)

    dispatcher = CallbackDispatcher(plain_shop.client, patience=0)
    dispatcher.on_paid(deliver)
    first = [reply.outcome for reply in dispatcher.sweep(FIRST, LAST)]
    assert first == ["handler_failed", "delivered"]
    failures.clear()
    second = [reply.outcome for reply in dispatcher.sweep(FIRST, LAST)]
    assert second == ["delivered", "duplicate"]
    assert plain_shop.orders() == ["42", "43"]


def test_a_sweep_that_is_given_up_is_taken_up_by_the_next(plain_shop: Shop) -> None:
    for number in range(5):
        plain_shop.pay(plain_shop.order(str(number)))
    replies = plain_shop.dispatcher.sweep(FIRST, LAST)
    assert [next(replies).outcome for _ in range(2)] == ["delivered", "delivered"]
    del replies
    assert Counter(plain_shop.outcomes()) == {"duplicate": 2, "delivered": 3}
    assert plain_shop.orders() == ["0", "1", "2", "3", "4"]


def test_two_sweeps_at_once_deliver_nothing_twice(shared_shop: Shop) -> None:
    shop = shared_shop
    for number in range(10):
        shop.pay(shop.order(str(number)))
    start = threading.Barrier(2)

    def sweep(dispatcher: CallbackDispatcher) -> list[str]:
        start.wait()
        return [reply.outcome for reply in dispatcher.sweep(FIRST, LAST)]

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(sweep, [shop.new_dispatcher(), shop.new_dispatcher()]))
    assert Counter(both[0] + both[1])["delivered"] == 10
    assert shop.orders() == sorted(str(number) for number in range(10))


def test_a_store_that_is_down_delivers_nothing_and_asks_for_no_payment(
    plain_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_shop.pay(plain_shop.order("42"))

    def fails(self: MemoryStore, since: datetime | None = None) -> Iterator[Delivery]:
        raise OSError("the store is down")

    plain_shop.simulator.requests.clear()
    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "deliveries", fails)
        assert plain_shop.outcomes() == ["unreachable"]
    assert set(counted(plain_shop.simulator)) == {"payment/list"}
    assert plain_shop.outcomes() == ["delivered"]


def test_rows_without_an_id_are_reported_and_the_next_sweep_delivers_them(
    plain_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    plain_shop.pay(plain_shop.order("42"))
    plain_shop.simulator.faults.add("POST", "/payment/list", "no-payment-ids", None)
    (reply,) = plain_shop.sweep()
    assert (reply.outcome, reply.amount) == ("unreachable", Decimal(1500))
    assert "without an id" in caplog.text
    plain_shop.simulator.faults.clear()
    assert plain_shop.outcomes() == ["delivered"]


@pytest.mark.parametrize("fault", ["numeric-ids", "rows-twice", "no-object-id"])
def test_odd_rows_deliver_each_payment_once(plain_shop: Shop, fault: str) -> None:
    for number in range(8):
        plain_shop.pay(plain_shop.order(str(number)))
    plain_shop.simulator.faults.add("POST", "/payment/list", fault, None)
    assert len(plain_shop.sweep()) == 8
    plain_shop.simulator.faults.clear()
    plain_shop.sweep()
    assert plain_shop.orders() == [str(number) for number in range(8)]


@pytest.mark.parametrize(
    ("parts", "outcomes"), [(2, ["delivered", "duplicate"]), (1, ["duplicate"])]
)
def test_parts_that_were_reported_one_by_one_are_delivered_where_they_make_up_the_sum(
    plain_shop: Shop, parts: int, outcomes: list[str]
) -> None:
    invoice = plain_shop.client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea", allow_partial=True
    )
    for _ in range(parts):
        payment_id = plain_shop.pay(invoice, amount=750)
        plain_shop.record(invoice, payment_id, status="UNDERPAID", amount=750)
    assert plain_shop.outcomes() == outcomes
    assert [event.amount for event in plain_shop.paid] == [1500] * (parts - 1)


def test_a_page_that_cannot_be_fetched_is_raised(plain_shop: Shop) -> None:
    plain_shop.simulator.faults.add("POST", "/payment/list", "500", None)
    client = plain_shop.client.with_options(max_retries=0)
    with pytest.raises(QPayError):
        list(CallbackDispatcher(client).sweep(FIRST, LAST))


def test_times_are_refused_before_anything_is_sent(plain_shop: Shop) -> None:
    plain_shop.simulator.requests.clear()
    with pytest.raises(ValidationError, match="must not be before"):
        plain_shop.dispatcher.sweep(LAST, FIRST)
    with pytest.raises(ValidationError, match="must be a datetime"):
        plain_shop.dispatcher.sweep("yesterday", LAST)
    assert len(plain_shop.simulator.requests) == 0


def test_a_time_may_begin_with_the_calendar(plain_shop: Shop) -> None:
    assert list(plain_shop.dispatcher.sweep("0001-01-01", LAST)) == []


def test_a_dispatcher_that_believes_bodies_cannot_sweep() -> None:
    with pytest.raises(ConfigurationError, match="sweep asks QPay"):
        CallbackDispatcher(verify=False).sweep(FIRST, LAST)


def test_payments_of_another_invoice_code_are_swept_by_name(plain_shop: Shop) -> None:
    assert list(plain_shop.dispatcher.sweep(FIRST, LAST, invoice_code="TEST_EB_INVOICE")) == []
    (sent,) = plain_shop.simulator.requests.to("POST", "/payment/list")
    content = sent.json()
    assert isinstance(content, dict)
    assert content["object_id"] == "TEST_EB_INVOICE"


def test_the_async_dispatcher_sweeps_too(qpay_simulator: Simulator, plain_shop: Shop) -> None:
    shop = plain_shop
    for number in range(3):
        shop.pay(shop.order(str(number)))
    paid: list[str] = []

    async def deliver(event: PaymentEvent) -> None:
        paid.append(event.order_no)

    async def main() -> list[str]:
        async with AsyncQPayClient(**qpay_simulator.credentials, store=shop.store) as client:
            dispatcher = AsyncCallbackDispatcher(client)
            dispatcher.on_paid(deliver)
            outcomes: list[str] = []
            for _ in range(2):
                outcomes += [reply.outcome async for reply in dispatcher.sweep(FIRST, LAST)]
            return outcomes

    assert anyio.run(main) == ["delivered"] * 3 + ["duplicate"] * 3
    assert paid == ["0", "1", "2"]
