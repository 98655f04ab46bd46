"""The Lambda handler, as its function is called and as its command serves it."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from examples.running import EXAMPLES, environment, open_shop
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

Handler = Callable[[dict[str, object], object], dict[str, object]]


def event(route: str, path: str, query: str = "") -> dict[str, object]:
    """Make the event of an API Gateway, payload version 2.0."""
    method = route.partition(" ")[0]
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "shop.test"},
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "isBase64Encoded": False,
    }


@pytest.fixture
def handler(
    qpay_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Handler]:
    monkeypatch.chdir(tmp_path)
    settings = environment(qpay_simulator.credentials, "http://127.0.0.1:9/callback")
    for name in settings.keys() - os.environ.keys():
        monkeypatch.setenv(name, settings[name])
    module = runpy.run_path(str(EXAMPLES / "lambda_handler.py"))
    with module["client"]:
        yield module["handler"]
    module["client"].store.close()


def test_an_event_of_api_gateway_delivers_an_order(
    handler: Handler, qpay_simulator: Simulator
) -> None:
    assert handler(event("POST /orders", "/orders"), None)["statusCode"] == 201
    (invoice,) = qpay_simulator.invoices()
    path = f"/orders/{invoice.request['sender_invoice_no']}"
    show = event("GET /orders/{number}", path)
    assert handler(show, None) == {"statusCode": 200, "body": '{"state": "open"}'}
    payment_id = qpay_simulator.pay(invoice.id, callbacks=0)
    query = f"{urlsplit(invoice.callback_url).query}&qpay_payment_id={payment_id}"
    call = event("GET /callback", "/callback", query)
    assert handler(call, None) == {"statusCode": 200, "body": "SUCCESS"}
    assert handler(show, None) == {"statusCode": 200, "body": '{"state": "paid"}'}


def test_an_event_without_the_signature_is_refused(
    handler: Handler, qpay_simulator: Simulator
) -> None:
    handler(event("POST /orders", "/orders"), None)
    payment_id = qpay_simulator.pay(qpay_simulator.invoices()[0].id, callbacks=0)
    call = event("GET /callback", "/callback", f"qpay_payment_id={payment_id}")
    assert handler(call, None)["statusCode"] == 403


def test_an_unknown_order_is_not_found(handler: Handler) -> None:
    show = event("GET /orders/{number}", "/orders/unknown")
    assert handler(show, None)["statusCode"] == 404


def test_its_command_serves_an_order_until_it_is_paid(
    qpay_simulator: Simulator, tmp_path: Path
) -> None:
    with (
        open_shop("lambda_handler", tmp_path, qpay_simulator, ready=404) as shop,
        httpx.Client(base_url=shop.url, trust_env=False) as buyer,
    ):
        made = buyer.post("/orders").json()
        (invoice,) = qpay_simulator.invoices()
        assert made["pay"].endswith(invoice.id)
        shop.count_deliveries()
        qpay_simulator.pay(invoice.id, callbacks=2)
        assert buyer.get(made["order"]).json() == {"state": "paid"}
        assert shop.deliveries() == 1


def test_a_lost_callback_is_made_good_when_the_buyer_is_back(
    handler: Handler, qpay_simulator: Simulator
) -> None:
    handler(event("POST /orders", "/orders"), None)
    (invoice,) = qpay_simulator.invoices()
    qpay_simulator.pay(invoice.id, callbacks=0)
    path = f"/orders/{invoice.request['sender_invoice_no']}"
    back = handler(event("GET /orders/{number}", path, "back=1"), None)
    assert back == {"statusCode": 200, "body": '{"state": "paid"}'}
