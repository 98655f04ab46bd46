"""`client.request` and `extra`: what QPay adds can be sent before qpaykit knows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
import respx
from pydantic import ValidationError

from helpers.settings import SETTINGS
from qpaykit import (
    AsyncQPayClient,
    NotFoundError,
    OutcomeUnknownError,
    QPayClient,
    UnexpectedResponseError,
)

ORDER: dict[str, Any] = {"amount": 1, "sender_invoice_no": 7, "invoice_description": "Tea"}
MUST_BE = {
    "method": "must be an HTTP method, such as GET",
    "path": "must be a path below the base URL, such as /terminal/1",
}


@pytest.mark.parametrize("path", ["/terminal/1", "terminal/1", "/v2/terminal/1"])
def test_the_answer_is_plain_data(qpay: respx.MockRouter, client: QPayClient, path: str) -> None:
    route = qpay.get("/terminal/1").respond(json={"terminal_id": "1", "rows": [1, None]})
    assert client.request("GET", path) == {"terminal_id": "1", "rows": [1, None]}
    assert route.calls.last.request.headers["authorization"] == "Bearer access-1"


def test_a_body_is_sent_as_json_and_an_empty_answer_is_none(
    qpay: respx.MockRouter, client: QPayClient
) -> None:
    route = qpay.post("/terminal").respond(200)
    assert client.request("post", "/terminal", json={"name": "Цай"}) is None
    assert json.loads(route.calls.last.request.content) == {"name": "Цай"}


def test_an_error_is_raised_by_its_meaning(qpay: respx.MockRouter, client: QPayClient) -> None:
    qpay.get("/terminal/1").respond(422, json={"error": "P2P_TERMINAL_NOTFOUND"})
    with pytest.raises(NotFoundError):
        client.request("GET", "/terminal/1")


def test_a_lost_answer_is_sent_again_only_where_that_is_safe(
    qpay: respx.MockRouter, client: QPayClient
) -> None:
    lost = qpay.post("/terminal").mock(side_effect=httpx.ReadError("lost"))
    with pytest.raises(OutcomeUnknownError):
        client.request("POST", "/terminal", json={})
    assert lost.call_count == 1
    lost.mock(side_effect=[httpx.ReadError("lost"), httpx.Response(200, json={})])
    assert client.request("POST", "/terminal", json={}, safe=True) == {}


@pytest.mark.parametrize(
    ("method", "path", "wrong"),
    [
        ("GET", "https://elsewhere.test/x", "path"),
        ("GET", "//elsewhere.test/x", "path"),
        ("GET", "/a/../b", "path"),
        ("GET", "/a b", "path"),
        ("GET", "/a\n", "path"),
        ("GET", "", "path"),
        ("G T", "/a", "method"),
    ],
)
def test_what_is_no_path_below_the_base_url_is_refused(
    qpay: respx.MockRouter, client: QPayClient, method: str, path: str, wrong: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        client.request(method, path)
    [problem] = caught.value.errors()
    assert (problem["loc"], problem["msg"]) == ((wrong,), MUST_BE[wrong])
    assert qpay.calls.call_count == 0


@pytest.mark.parametrize("path", ["/a/1", "/a/", "/a.b/~c", "/a?b=c,d&e=1", "/v2/v2/a"])
def test_a_path_below_the_base_url_is_sent_as_it_is(
    qpay: respx.MockRouter, client: QPayClient, path: str
) -> None:
    qpay.get(path.removeprefix("/v2")).respond(json={})
    assert client.request("GET", path) == {}


def test_an_error_in_a_2xx_response_is_raised(qpay: respx.MockRouter, client: QPayClient) -> None:
    qpay.get("/terminal/1").respond(json={"error": "SYSTEM_BUSY"})
    with pytest.raises(UnexpectedResponseError, match="an error, with the status of a success"):
        client.request("GET", "/terminal/1")


def test_what_is_only_read_is_asked_again_when_the_answer_is_lost(
    qpay: respx.MockRouter, client: QPayClient
) -> None:
    answers: list[httpx.Response | Exception] = [
        httpx.ReadError("lost"),
        httpx.Response(200, json={}),
    ]
    route = qpay.get("/terminal/1").mock(side_effect=answers)
    assert client.request("get", "/terminal/1") == {}
    assert route.call_count == 2


def test_a_request_whose_outcome_is_unknown_names_its_path(
    qpay: respx.MockRouter, client: QPayClient
) -> None:
    qpay.post("/terminal").mock(side_effect=httpx.ReadError("lost"))
    with pytest.raises(OutcomeUnknownError) as caught:
        client.request("POST", "terminal", json={})
    assert "path='/terminal'" in str(caught.value)
    assert (caught.value.operation, caught.value.method) == ("request", "POST")


def test_the_async_client_has_it_too(qpay: respx.MockRouter, async_client: AsyncQPayClient) -> None:
    qpay.get("/terminal/1").respond(json=[1])

    async def main() -> object:
        async with async_client as client:
            return await client.request("GET", "/terminal/1")

    assert anyio.run(main) == [1]


CALLS: dict[str, Callable[[QPayClient, Any], object]] = {
    "POST /invoice": lambda client, extra: client.invoices.create(**ORDER, extra=extra),
    "POST /payment/check": lambda client, extra: client.payments.check("i-1", extra=extra),
    "POST /payment/list": lambda client, extra: client.payments.list(extra=extra),
    "DELETE /payment/refund/p-1": lambda client, extra: client.payments.refund(
        "p-1", note="n", extra=extra
    ),
    "DELETE /payment/cancel/p-1": lambda client, extra: client.payments.cancel(
        "p-1", note="n", extra=extra
    ),
    "POST /ebarimt_v3/create": lambda client, extra: client.ebarimt.create("p-1", extra=extra),
    "DELETE /ebarimt_v3/p-1": lambda client, extra: client.ebarimt.cancel(
        "p-1", note="n", extra=extra
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_extra_fields_are_sent_beside_the_others(qpay: respx.MockRouter, name: str) -> None:
    method, _, path = name.partition(" ")
    route = qpay.request(method, path).respond(json={"invoice_id": "i-1"})
    with QPayClient(**SETTINGS) as client:
        CALLS[name](client, {"new_field": {"a": 1}})
    body = json.loads(route.calls.last.request.content)
    assert body.pop("new_field") == {"a": 1}
    assert body


def test_an_extra_field_that_has_an_argument_is_refused(qpay: respx.MockRouter) -> None:
    with (
        QPayClient(**SETTINGS) as client,
        pytest.raises(ValidationError, match="has an argument of its own"),
    ):
        client.invoices.create(**ORDER, extra={"note": "x"})
    assert qpay.calls.call_count == 0


def test_an_order_number_may_be_a_whole_number(qpay: respx.MockRouter) -> None:
    route = qpay.post("/invoice").respond(json={"invoice_id": "i-1"})
    with QPayClient(**SETTINGS) as client:
        invoice = client.invoices.create(**ORDER)
    sent = json.loads(route.calls.last.request.content)
    assert sent["sender_invoice_no"] == "7"
    assert invoice.callback_url == sent["callback_url"]


def test_payments_are_listed_without_dates_and_by_branch(
    qpay: respx.MockRouter, client: QPayClient
) -> None:
    route = qpay.post("/payment/list").respond(json={"count": 0, "rows": []})
    client.payments.list(merchant_branch_code="B1")
    assert list(client.payments.iterate(merchant_staff_code="S1")) == []
    first, second = (json.loads(call.request.content) for call in route.calls)
    assert (first["merchant_branch_code"], "start_date" in first) == ("B1", False)
    assert second["merchant_staff_code"] == "S1"
    with pytest.raises(ValidationError, match="both dates or neither"):
        client.payments.list(start_date="2026-01-01")
