"""An order and its delivery are committed together, by whatever way they come."""

from __future__ import annotations

import logging
import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING

import django
import pytest
from django.db import IntegrityError, connections, transaction

from integrations_django.project import ORIGIN, Shop, in_thread
from integrations_django.shop.models import Order
from qpaykit.integrations.django import (
    client,
    dispatcher,
    order_overpaid,
    order_paid,
    order_refunded,
    order_underpaid,
)
from qpaykit.integrations.django.models import Delivery

if TYPE_CHECKING:
    from qpaykit import PaymentEvent

CONCURRENT = ["file", pytest.param("postgres", marks=pytest.mark.slow)]


def test_a_paid_order_is_delivered_once(shop: Shop) -> None:
    shop.connect()
    path = shop.paid(shop.order())
    answers = [shop.call(path) for _ in range(2)]
    assert [(one.status_code, one.content) for one in answers] == [(200, b"SUCCESS")] * 2
    assert shop.books() == ("paid", ["PAID"])
    [event] = shop.events
    assert (event.order_no, event.amount) == ("42", Decimal(1500))


def test_the_record_of_a_delivery_is_read_back_exactly(shop: Shop) -> None:
    shop.connect()
    invoice = shop.order()
    shop.call(shop.paid(invoice))
    [delivery] = client().store.deliveries()
    assert (delivery.order_no, delivery.invoice_id) == ("42", invoice.invoice_id)
    assert client().store.delivery(delivery.key) == delivery
    row = Delivery.objects.using(shop.alias).get()
    assert (row.order_no, row.amount, row.due) == ("42", Decimal(1500), Decimal(1500))
    assert row.delivered_at == delivery.delivered_at


def test_a_receiver_that_raises_undoes_the_order_and_the_record(shop: Shop) -> None:
    fails = True

    def deliver(event: PaymentEvent) -> None:
        shop.deliver(event)
        if fails:
            raise RuntimeError("after the order was saved")

    shop.connect(does=deliver)
    path = shop.paid(shop.order())
    assert shop.call(path).status_code == 500
    assert shop.books() == ("open", [])
    fails = False
    assert shop.call(path).status_code == 200
    assert shop.books() == ("paid", ["PAID"])


def test_the_second_of_two_receivers_undoes_what_the_first_did(shop: Shop) -> None:
    def fails(event: PaymentEvent) -> None:
        raise RuntimeError("the second")

    shop.connect()
    shop.connect(does=fails)
    assert shop.call(shop.paid(shop.order())).status_code == 500
    assert shop.books() == ("open", [])


def test_a_receiver_that_hides_a_broken_transaction_delivers_nothing(shop: Shop) -> None:
    def deliver(event: PaymentEvent) -> None:
        shop.deliver(event)
        try:
            with transaction.atomic(using=shop.alias, savepoint=False):
                Order.objects.using(shop.alias).create(number=event.order_no)
        except IntegrityError:
            pass  # Django has marked the transaction for a rollback

    shop.connect(does=deliver)
    assert shop.call(shop.paid(shop.order())).status_code == 500
    assert shop.books() == ("open", [])


def test_a_receiver_that_deletes_the_row_of_its_delivery_delivers_nothing(shop: Shop) -> None:
    def deliver(event: PaymentEvent) -> None:
        shop.deliver(event)
        Delivery.objects.using(shop.alias).all().delete()

    shop.connect(does=deliver)
    assert shop.call(shop.paid(shop.order())).status_code == 500
    assert shop.books() == ("open", [])


def test_work_after_the_commit_that_fails_does_not_unmake_the_delivery(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    def deliver(event: PaymentEvent) -> None:
        shop.deliver(event)
        transaction.on_commit(lambda: 1 // 0, using=shop.alias)

    shop.connect(does=deliver)
    path = shop.paid(shop.order())
    assert [shop.call(path).content for _ in range(2)] == [b"SUCCESS"] * 2
    assert shop.books() == ("paid", ["PAID"])
    assert "was committed. After that, a function" in caplog.text
    assert "Nothing was delivered" not in caplog.text


def test_a_commit_that_fails_leaves_neither(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop.connect()
    path = shop.paid(shop.order())
    real = connections[shop.alias].commit

    def fails() -> None:
        connections[shop.alias].rollback()
        raise IntegrityError("a deferred constraint")

    monkeypatch.setattr(connections[shop.alias], "commit", fails)
    assert shop.call(path).status_code == 500
    monkeypatch.setattr(connections[shop.alias], "commit", real)
    assert shop.books() == ("open", [])
    assert "could not be committed" in caplog.text
    assert shop.call(path).status_code == 200
    assert shop.books() == ("paid", ["PAID"])


def test_an_order_without_a_receiver_is_an_error_and_stays_undelivered(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    invoice = shop.order()
    path = shop.paid(invoice)
    assert shop.call(path).status_code == 500
    assert "order_paid has no receiver" in caplog.text
    assert any(record.levelno == logging.ERROR for record in caplog.records)
    assert shop.books() == ("open", [])
    shop.connect()
    assert [reply.outcome for reply in dispatcher().check(invoice.invoice_id)] == ["delivered"]
    assert shop.books() == ("paid", ["PAID"])


@pytest.mark.parametrize("fails", [False, True])
def test_an_async_receiver_works_in_the_same_transaction(
    shop: Shop, fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive(sender: object, event: PaymentEvent, **kwargs: object) -> None:
        rows = Order.objects.using(shop.alias).filter(number=event.order_no)
        assert await rows.aupdate(state="paid") == 1
        if fails:
            raise RuntimeError("after the order was saved")

    order_paid.connect(receive)
    try:
        answer = shop.call(shop.paid(shop.order()))
    finally:
        order_paid.disconnect(receive)
    if django.VERSION < (5, 0):
        assert answer.status_code == 500
        assert "is async, which needs Django 5.0 or later" in caplog.text
        assert shop.books() == ("open", [])
    else:
        assert answer.status_code == (500 if fails else 200)
        assert shop.books() == (("open", []) if fails else ("paid", ["PAID"]))


def test_less_than_the_total_is_underpaid(shop: Shop) -> None:
    shop.connect()
    told: list[PaymentEvent] = []
    shop.connect(order_underpaid, told.append)
    assert shop.call(shop.paid(shop.order(), amount=1)).status_code == 200
    assert shop.books() == ("open", ["UNDERPAID"])
    assert [event.amount for event in told] == [1]


@pytest.mark.parametrize("is_told", [True, False])
def test_a_second_payment_is_overpaid(
    shop: Shop, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    shop.connect()
    told: list[PaymentEvent] = []
    if is_told:
        shop.connect(order_overpaid, told.append)
    invoice = shop.order()
    shop.call(shop.paid(invoice))
    payment_id = shop.simulator.pay(invoice.invoice_id, callbacks=0, again=True)
    path = invoice.callback_url.removeprefix(ORIGIN)
    for _ in range(2):
        assert shop.call(f"{path}&qpay_payment_id={payment_id}").status_code == 200
    assert shop.books() == ("paid", ["PAID", "OVERPAID"])
    assert len(told) == is_told
    errors = [one for one in caplog.records if "is too much: refund it" in one.getMessage()]
    assert len(errors) == (not is_told)


def test_a_refund_is_reported(shop: Shop) -> None:
    shop.connect()
    told: list[PaymentEvent] = []
    shop.connect(order_refunded, told.append)
    invoice = shop.order()
    payment_id = shop.simulator.pay(invoice.invoice_id, callbacks=0, method="CARD")
    path = f"{invoice.callback_url}&qpay_payment_id={payment_id}"
    path = path.removeprefix(ORIGIN)
    assert shop.call(path).status_code == 200
    client().payments.refund(payment_id, note="cold")
    assert shop.call(path).status_code == 200
    assert shop.books() == ("paid", ["PAID", "REFUNDED"])
    assert [event.payment_id for event in told] == [payment_id]


def test_a_receiver_may_deliver_another_order_within_its_own(shop: Shop) -> None:
    first, second = shop.order("42"), shop.order("43")

    def deliver(event: PaymentEvent) -> None:
        shop.deliver(event)
        if event.order_no == "42":
            replies = dispatcher().check(second.invoice_id)
            assert [reply.outcome for reply in replies] == ["delivered"]

    shop.connect(does=deliver)
    shop.paid(second)
    assert shop.call(shop.paid(first)).status_code == 200
    assert shop.books("42") == ("paid", ["PAID", "PAID"])
    assert shop.books("43")[0] == "paid"


def test_a_check_in_a_transaction_that_is_rolled_back_delivers_nothing(shop: Shop) -> None:
    shop.connect()
    invoice = shop.order()
    path = shop.paid(invoice)

    def check_and_fail() -> None:
        with transaction.atomic(using=shop.alias):
            [reply] = dispatcher().check(invoice.invoice_id)
            assert reply.outcome == "delivered"
            raise KeyError(reply)

    with pytest.raises(KeyError):
        check_and_fail()
    assert shop.books() == ("open", [])
    assert shop.call(path).status_code == 200
    assert shop.books() == ("paid", ["PAID"])


@pytest.mark.parametrize("alias", CONCURRENT, indirect=True)
def test_callbacks_at_the_same_moment_deliver_once(shop: Shop) -> None:
    shop.connect()
    path = shop.paid(shop.order())
    statuses: list[int] = []
    calls = [in_thread(lambda: statuses.append(shop.call(path).status_code)) for _ in range(8)]
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 8
    assert len(shop.events) == 1
    assert shop.books() == ("paid", ["PAID"])


@pytest.mark.parametrize("alias", [pytest.param("postgres", marks=pytest.mark.slow)], indirect=True)
def test_a_slow_receiver_does_not_hold_up_the_other_callbacks(shop: Shop) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def deliver(event: PaymentEvent) -> None:
        begun.set()
        assert may_end.wait(30)
        shop.deliver(event)

    shop.connect(does=deliver)
    path = shop.paid(shop.order())
    slow = threading.Thread(target=in_thread(lambda: shop.call(path)))
    slow.start()
    assert begun.wait(10)
    started = time.monotonic()
    assert shop.call(path).content == b"in_progress"
    assert time.monotonic() - started < 10
    may_end.set()
    slow.join(30)
    assert shop.call(path).content == b"SUCCESS"
    assert len(shop.events) == 1


def test_a_database_without_autocommit_is_refused_by_name(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.connect()
    path = shop.paid(shop.order())
    transaction.set_autocommit(False, using=shop.alias)
    try:
        assert shop.call(path).status_code == 503
    finally:
        transaction.rollback(using=shop.alias)
        transaction.set_autocommit(True, using=shop.alias)
    assert "AUTOCOMMIT switched off" in caplog.text
    assert shop.books() == ("open", [])
