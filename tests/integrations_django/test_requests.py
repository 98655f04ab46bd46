"""The callback's view, and the client in the views of a shop."""

from __future__ import annotations

import asyncio
import json
from io import BytesIO
from typing import TYPE_CHECKING

import django
import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connections
from django.test import AsyncClient, modify_settings, override_settings

from integrations_django.project import ORIGIN, Shop
from integrations_django.shop.models import Order
from qpaykit.integrations.django import client, dispatcher
from qpaykit.integrations.django.services import reset_after_setting
from qpaykit.integrations.django.views import callback

if TYPE_CHECKING:
    from qpaykit import PaymentEvent

KEPT = ["file", pytest.param("postgres", marks=pytest.mark.slow)]


@pytest.fixture
def atomic_requests(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings[alias], "ATOMIC_REQUESTS", True)


@pytest.mark.parametrize(
    ("method", "slash", "append_slash"),
    [("get", "", True), ("get", "/", False), ("post", "", False), ("post", "/", True)],
)
def test_a_callback_is_never_redirected(
    shop: Shop, method: str, slash: str, append_slash: bool
) -> None:
    shop.connect()
    path = shop.paid(shop.order()).replace("/callback?", f"/callback{slash}?")
    with override_settings(APPEND_SLASH=append_slash):
        answer = getattr(shop.browser, method)(path)
    assert (answer.status_code, answer.content) == (200, b"SUCCESS")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.skipif(django.VERSION < (5, 1), reason="this Django has no such middleware")
def test_a_callback_needs_no_login(shop: Shop) -> None:
    path = shop.paid(shop.order())
    shop.connect()
    middleware = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    with modify_settings(MIDDLEWARE={"append": [middleware]}):
        assert shop.browser.get("/orders/44").status_code == 302
        assert shop.call(path).content == b"SUCCESS"


def test_the_older_documents_post_is_read(shop: Shop) -> None:
    shop.connect()
    path, _, payment_id = shop.paid(shop.order()).rpartition("&qpay_payment_id=")
    body = json.dumps({"payment_id": payment_id, "payment_status": "PAID"})
    answer = shop.browser.post(path, body, content_type="application/json")
    assert answer.content == b"SUCCESS"
    assert shop.books() == ("paid", ["PAID"])


def test_a_chunked_body_is_read_where_the_server_ends_it(shop: Shop) -> None:
    shop.connect()
    path, _, payment_id = shop.paid(shop.order()).rpartition("&qpay_payment_id=")
    body = json.dumps({"payment_id": payment_id, "payment_status": "PAID"}).encode()
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "QUERY_STRING": path.partition("?")[2],
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": BytesIO(body),
        }
    )
    assert callback(request).status_code == 411
    request.META["wsgi.input_terminated"] = True
    assert callback(request).content == b"SUCCESS"
    assert shop.books() == ("paid", ["PAID"])


def test_a_body_that_is_too_long_is_refused_and_not_read(shop: Shop) -> None:
    class Endless(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError(size)

    length = str(256 * 1024 + 1)
    post = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": length, "wsgi.input": Endless()}
    assert callback(WSGIRequest(post)).status_code == 413
    body = b'{"payment_id": "' + b"1" * (2 * 1024 * 1024) + b'"}'

    async def story() -> int:
        answer = await AsyncClient().post("/qpay/callback", body, content_type="application/json")
        return answer.status_code

    assert asyncio.run(story()) == 413
    assert len(shop.simulator.requests) == 0


@pytest.mark.parametrize("method", ["put", "delete", "head"])
def test_another_method_is_refused(shop: Shop, method: str) -> None:
    assert getattr(shop.browser, method)("/qpay/callback").status_code == 405


def test_a_forged_callback_is_refused(shop: Shop) -> None:
    shop.connect()
    path = shop.paid(shop.order())
    payment_id = path.rpartition("=")[2]
    answer = shop.call(f"/qpay/callback?qpay_payment_id={payment_id}")
    assert (answer.status_code, answer.content) == (403, b"forged")
    assert shop.books() == ("open", [])


def test_a_callback_is_not_wrapped_in_a_transaction(shop: Shop, atomic_requests: None) -> None:
    def deliver(event: PaymentEvent) -> None:
        shop.deliver(event)
        # The transaction of the delivery is the only one.
        assert len(connections[shop.alias].atomic_blocks) == 1

    shop.connect(does=deliver)
    assert shop.call(shop.paid(shop.order())).status_code == 200
    assert shop.books() == ("paid", ["PAID"])


@pytest.mark.parametrize("alias", KEPT, indirect=True)
def test_an_invoice_of_a_request_that_was_rolled_back_is_remembered(
    shop: Shop, atomic_requests: None
) -> None:
    token = client().tokens.get()
    answer = shop.browser.get(f"/orders/42?using={shop.alias}&fails=1")
    assert answer.status_code == 500
    assert not Order.objects.using(shop.alias).exists()
    [invoice] = shop.simulator.invoices()
    # Nothing is asked of QPay but the payment: invoice and token are known.
    Order.objects.using(shop.alias).create(number="42")
    shop.connect()
    payment_id = shop.simulator.pay(invoice.id, callbacks=0)
    reset_after_setting(setting="QPAY")  # so that the client has nothing in memory
    path = invoice.callback_url.removeprefix(ORIGIN)
    shop.simulator.requests.clear()
    assert shop.call(f"{path}&qpay_payment_id={payment_id}").content == b"SUCCESS"
    asked = [request.path for request in shop.simulator.requests]
    assert asked == [f"/v2/payment/{payment_id}"]
    assert client().tokens.get() == token
    assert shop.books() == ("paid", ["PAID"])


def test_a_request_that_goes_well_keeps_order_and_invoice(
    shop: Shop, atomic_requests: None
) -> None:
    invoice_id = shop.browser.get(f"/orders/42?using={shop.alias}").content.decode()
    shop.connect()
    shop.simulator.pay(invoice_id, callbacks=0)
    assert [reply.outcome for reply in dispatcher().check(invoice_id)] == ["delivered"]
    assert shop.books() == ("paid", ["PAID"])


@pytest.mark.parametrize("alias", KEPT, indirect=True)
def test_an_async_view_shares_token_and_invoices(shop: Shop) -> None:
    token = client().tokens.get()

    async def story() -> str:
        answer = await AsyncClient().get(f"/async-orders/42?using={shop.alias}")
        found: str = answer.content.decode()
        return found

    invoice_id = asyncio.run(story())
    shop.connect()
    shop.simulator.pay(invoice_id, callbacks=0)
    shop.simulator.requests.clear()
    assert [reply.outcome for reply in dispatcher().check(invoice_id)] == ["delivered"]
    assert all(f"/v2/invoice/{invoice_id}" != one.path for one in shop.simulator.requests)
    assert client().tokens.get() == token


@pytest.mark.parametrize("alias", KEPT, indirect=True)
def test_the_callback_works_under_asgi(shop: Shop) -> None:
    shop.connect()
    path = shop.paid(shop.order())

    async def story() -> list[int]:
        calls = [AsyncClient().get(path) for _ in range(4)]
        return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert asyncio.run(story()) == [200] * 4
    assert shop.books() == ("paid", ["PAID"])
    assert len(shop.events) == 1
