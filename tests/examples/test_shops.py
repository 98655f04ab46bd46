"""The shops of the frameworks: an order is made, paid, and shown as paid."""

from __future__ import annotations

import base64
import re

import httpx
import pytest

from examples.running import Shop
from helpers.qr import read_qr

pytestmark = pytest.mark.slow


def press(buyer: httpx.Client) -> httpx.Response:
    form = re.search(r'<form method="post"(?: action="([^"]+)")?>', buyer.get("/").text)
    assert form is not None
    return buyer.post(form[1] or "/")


def order(buyer: httpx.Client) -> httpx.Response:
    """Press the button of the shop's first page, and follow it to the order's page."""
    page = press(buyer)
    assert page.status_code == 200
    assert "open" in page.text
    return page


def qr_text(page: httpx.Response) -> str:
    image = re.search(r'src="data:image/png;base64,([^"]+)"', page.text)
    assert image is not None
    return read_qr(base64.b64decode(image[1]))


def test_an_order_is_paid_and_its_page_says_so(shop: Shop, buyer: httpx.Client) -> None:
    page = order(buyer)
    (invoice,) = shop.simulator.invoices()
    assert qr_text(page) == invoice.qr_text
    assert 'http-equiv="refresh"' in page.text
    assert shop.states() == ["open"]
    shop.count_deliveries()
    shop.simulator.pay(invoice.id, callbacks=2)
    assert [sent.body for sent in shop.simulator.callbacks] == ["SUCCESS", "SUCCESS"]
    paid = buyer.get(page.url)
    assert "paid" in paid.text
    assert 'http-equiv="refresh"' not in paid.text
    assert shop.states() == ["paid"]
    assert shop.deliveries() == 1


def test_a_forged_callback_is_refused(shop: Shop, buyer: httpx.Client) -> None:
    order(buyer)
    (invoice,) = shop.simulator.invoices()
    payment_id = shop.simulator.pay(invoice.id, callbacks=0)
    unsigned = buyer.get("/callback", params={"qpay_payment_id": payment_id})
    assert unsigned.status_code == 403
    changed = invoice.callback_url.replace("v1.150000", "v1.100")
    assert changed != invoice.callback_url
    assert buyer.get(f"{changed}&qpay_payment_id={payment_id}").status_code == 403
    assert shop.states() == ["open"]


def test_a_payment_of_another_order_does_not_pay_this_one(shop: Shop, buyer: httpx.Client) -> None:
    order(buyer)
    order(buyer)
    mine, other = shop.simulator.invoices()
    payment_id = shop.simulator.pay(mine.id, callbacks=0)
    answer = buyer.get(f"{other.callback_url}&qpay_payment_id={payment_id}")
    assert answer.status_code == 409
    assert shop.states() == ["open", "open"]


def test_less_than_the_amount_leaves_the_order_open(shop: Shop, buyer: httpx.Client) -> None:
    order(buyer)
    (invoice,) = shop.simulator.invoices()
    shop.simulator.pay(invoice.id, amount=1)
    assert shop.states() == ["open"]


def test_a_lost_callback_is_made_good_by_the_page_that_the_buyer_looks_at(
    shop: Shop, buyer: httpx.Client
) -> None:
    page = order(buyer)
    (invoice,) = shop.simulator.invoices()
    shop.simulator.faults.add("CALLBACK", "*", "drop")
    shop.simulator.pay(invoice.id)
    assert "open</h1>" in buyer.get(page.url).text
    shop.let_ten_seconds_pass()
    assert "paid</h1>" in buyer.get(page.url).text
    assert shop.states() == ["paid"]


def test_the_pages_own_refresh_asks_qpay_once_in_ten_seconds(
    shop: Shop, buyer: httpx.Client
) -> None:
    page = order(buyer)
    shop.let_ten_seconds_pass()
    shop.simulator.requests.clear()
    for _ in range(5):
        buyer.get(page.url)
    assert [request.path for request in shop.simulator.requests] == ["/v2/payment/check"]


def test_an_order_has_one_invoice_however_often_its_page_is_shown(
    shop: Shop, buyer: httpx.Client
) -> None:
    page = order(buyer)
    texts = {qr_text(buyer.get(page.url)) for _ in range(3)}
    assert texts == {qr_text(page)}
    assert len(shop.simulator.invoices()) == 1


def test_an_unknown_order_is_not_found(shop: Shop, buyer: httpx.Client) -> None:
    assert buyer.get("/orders/unknown").status_code == 404


@pytest.mark.parametrize("fault", ["500", "reset-before"])
def test_the_page_says_when_qpay_cannot_be_reached(
    shop: Shop, buyer: httpx.Client, fault: str
) -> None:
    shop.simulator.faults.add("POST", "/invoice", fault, times=9)
    answer = press(buyer)
    assert answer.status_code == 503
    assert "QPay cannot be reached" in answer.text
