"""Orders of qpaykit on Django's database."""

from __future__ import annotations

import pytest
from django.db import connections, transaction

from integrations_django.project import Shop
from integrations_django.shop.models import Order
from qpaykit.integrations.django import orders

KEPT = ["file", pytest.param("postgres", marks=pytest.mark.slow)]


def test_an_order_has_one_invoice_and_is_delivered_when_its_page_asks(shop: Shop) -> None:
    shop.connect()
    Order.objects.using(shop.alias).create(number="42")
    first, again = (orders().open("42", amount=1500, description="Tea") for _ in range(2))
    assert first.invoice_id == again.invoice_id
    shop.simulator.pay(first.invoice_id, callbacks=0)
    assert orders().status("42") == "paid"
    assert shop.books() == ("paid", ["PAID"])


def test_a_later_invoice_of_an_order_delivers_the_order(shop: Shop) -> None:
    shop.connect()
    Order.objects.using(shop.alias).create(number="42")
    orders().open("42", amount=1500, description="Tea")
    later = orders().open("42", amount=2000, description="More tea")
    assert later.sender_invoice_no == "42-2"
    assert shop.call(shop.paid(later.invoice)).content == b"SUCCESS"
    assert shop.books() == ("paid", ["PAID"])


@pytest.mark.parametrize("alias", KEPT, indirect=True)
def test_an_order_of_a_request_that_is_rolled_back_keeps_its_invoice(shop: Shop) -> None:
    with transaction.atomic(using=shop.alias):
        first = orders().open("42", amount=1500, description="Tea")
        transaction.set_rollback(True, using=shop.alias)
    assert orders().open("42", amount=1500, description="Tea").invoice_id == first.invoice_id
    assert len(shop.simulator.invoices()) == 1


@pytest.mark.parametrize("alias", KEPT, indirect=True)
def test_a_status_that_delivers_in_a_rolled_back_request_is_asked_anew(shop: Shop) -> None:
    shop.connect()
    Order.objects.using(shop.alias).create(number="42")
    order = orders().open("42", amount=1500, description="Tea")
    path = shop.paid(order.invoice)
    with transaction.atomic(using=shop.alias):
        assert orders().status("42") == "paid"
        transaction.set_rollback(True, using=shop.alias)
    assert shop.books() == ("open", [])
    assert orders().status("42") == "open"
    assert shop.call(path).content == b"SUCCESS"
    assert orders().status("42") == "paid"
    assert not connections[shop.alias].in_atomic_block
