"""What each call puts on the wire, and that both clients put the same."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from pydantic import ValidationError

from helpers.answers import token_body
from helpers.settings import BASE, SETTINGS
from qpaykit import (
    AsyncQPayClient,
    ConfigurationError,
    InvoiceRequest,
    OutcomeUnknownError,
    QPayClient,
    UnexpectedResponseError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import respx

DATES = {"start_date": "2026-01-01", "end_date": "2026-01-31"}
LISTED = {"start_date": "2026-01-01 00:00:00", "end_date": "2026-01-31 23:59:59"}
PAGE = {"page_number": 1, "page_limit": 100}

REQUEST = InvoiceRequest(
    invoice_code="OTHER_INVOICE", amount=2500, sender_invoice_no="43", invoice_description="Сүү"
)
CALLS: list[tuple[str, Callable[[Any], Any], str, str, object]] = [
    (
        "invoices.create",
        lambda c: c.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Цай"),
        "POST",
        "/invoice",
        {
            "invoice_code": "TEST_INVOICE",
            "sender_invoice_no": "42",
            "invoice_receiver_code": "terminal",
            "invoice_description": "Цай",
            "amount": 1500,
            "callback_url": "https://shop.test/callback?order=42",
        },
    ),
    (
        "invoices.create of a request",
        lambda c: c.invoices.create(REQUEST, extra={"new_field": 1}),
        "POST",
        "/invoice",
        {
            "invoice_code": "OTHER_INVOICE",
            "sender_invoice_no": "43",
            "invoice_receiver_code": "terminal",
            "invoice_description": "Сүү",
            "amount": 2500,
            "callback_url": "https://shop.test/callback?order=42",
            "new_field": 1,
        },
    ),
    ("invoices.get", lambda c: c.invoices.get("i-1"), "GET", "/invoice/i-1", None),
    ("invoices.cancel", lambda c: c.invoices.cancel("i-1"), "DELETE", "/invoice/i-1", None),
    ("payments.get", lambda c: c.payments.get("019"), "GET", "/payment/019", None),
    (
        "payments.check",
        lambda c: c.payments.check("i-1"),
        "POST",
        "/payment/check",
        {"object_type": "INVOICE", "object_id": "i-1", "offset": PAGE},
    ),
    (
        "payments.check of a QR text",
        lambda c: c.payments.check("0002…", object_type="QR", page_number=2, page_limit=5),
        "POST",
        "/payment/check",
        {
            "object_type": "QR",
            "object_id": "0002…",
            "offset": {"page_number": 2, "page_limit": 5},
        },
    ),
    (
        "payments.list",
        lambda c: c.payments.list(**DATES),
        "POST",
        "/payment/list",
        {"object_type": "INVOICE", "object_id": "TEST_INVOICE", **LISTED, "offset": PAGE},
    ),
    (
        "payments.list of a merchant",
        lambda c: c.payments.list(**DATES, object_type="MERCHANT", object_id="m-1"),
        "POST",
        "/payment/list",
        {"object_type": "MERCHANT", "object_id": "m-1", **LISTED, "offset": PAGE},
    ),
    (
        "payments.cancel",
        lambda c: c.payments.cancel("8e25", note="cold", callback_url="https://s.test/c"),
        "DELETE",
        "/payment/cancel/8e25",
        {"note": "cold", "callback_url": "https://s.test/c"},
    ),
    (
        "payments.refund",
        lambda c: c.payments.refund("8e25", note="cold"),
        "DELETE",
        "/payment/refund/8e25",
        {"note": "cold"},
    ),
    (
        "ebarimt.create",
        lambda c: c.ebarimt.create(
            "019", receiver="99000000", district_code="3505", classification_code="0000010"
        ),
        "POST",
        "/ebarimt_v3/create",
        {
            "payment_id": "019",
            "ebarimt_receiver_type": "CITIZEN",
            "ebarimt_receiver": "99000000",
            "district_code": "3505",
            "classification_code": "0000010",
        },
    ),
    (
        "ebarimt.create, legacy",
        lambda c: c.ebarimt.create("019", legacy=True),
        "POST",
        "/ebarimt/create",
        {"payment_id": "019", "ebarimt_receiver_type": "CITIZEN"},
    ),
    ("ebarimt.get", lambda c: c.ebarimt.get("e-1"), "GET", "/ebarimt_v3/e-1", None),
    (
        "ebarimt.get, legacy",
        lambda c: c.ebarimt.get("e-1", legacy=True),
        "GET",
        "/ebarimt/e-1",
        None,
    ),
    (
        "ebarimt.cancel",
        lambda c: c.ebarimt.cancel("019", note="wrong"),
        "DELETE",
        "/ebarimt_v3/019",
        {"note": "wrong"},
    ),
    ("subscriptions.get", lambda c: c.subscriptions.get("s-1"), "GET", "/subscription/s-1", None),
    (
        "subscriptions.cancel",
        lambda c: c.subscriptions.cancel("s-1"),
        "DELETE",
        "/subscription/s-1",
        None,
    ),
]


@pytest.mark.parametrize("face", ["sync", "async"])
@pytest.mark.parametrize(
    ("name", "call", "method", "path", "body"), CALLS, ids=[one[0] for one in CALLS]
)
def test_a_call_is_this_request(
    qpay: respx.MockRouter,
    caplog: pytest.LogCaptureFixture,
    face: str,
    name: str,
    call: Callable[[Any], Any],
    method: str,
    path: str,
    body: object,
) -> None:
    caplog.set_level(logging.INFO, "qpaykit")
    route = qpay.request(method, path).respond(json={"invoice_id": "i-1"})
    if face == "sync":
        with QPayClient(**SETTINGS) as client:
            call(client)
    else:

        async def run() -> None:
            async with AsyncQPayClient(**SETTINGS) as client:
                await call(client)

        anyio.run(run)
    request = route.calls.last.request
    assert str(request.url) == BASE + path
    assert request.headers["authorization"] == "Bearer access-1"
    assert request.headers["user-agent"].startswith("qpaykit/")
    assert "cookie" not in request.headers
    assert (json.loads(request.content) if request.content else None) == body
    operations = [getattr(record, "operation", None) for record in caplog.records]
    assert operations == ["tokens.login", name.replace(",", " ").split()[0]]


def test_the_login_is_basic_with_an_empty_body(client: QPayClient, qpay: respx.MockRouter) -> None:
    assert client.tokens.get() == "access-1"
    request = qpay["token"].calls.last.request
    assert request.headers["authorization"] == "Basic U0hPUDpodW50ZXIyLXRoZS1wYXNzd29yZA=="
    assert request.content == b""


def test_nothing_is_sent_at_construction(client: QPayClient, qpay: respx.MockRouter) -> None:
    assert repr(client)
    assert qpay.calls.call_count == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.ebarimt.create("a\x00b"),
        lambda c: c.payments.check(""),
        lambda c: c.payments.check("i-1", page_limit=101),
        lambda c: c.payments.check("i-1", page_number=0),
        lambda c: c.payments.list(**DATES, object_type="MERCHANT"),
        lambda c: c.payments.list(start_date="2026-02-01", end_date="2026-01-31"),
        lambda c: c.payments.refund("8e25", note="x" * 256),
        lambda c: c.invoices.create(
            amount=0.1 + 0.2, sender_invoice_no="1", invoice_description="x"
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    client: QPayClient, qpay: respx.MockRouter, call: Callable[[Any], Any]
) -> None:
    with pytest.raises(ValidationError):
        call(client)
    assert qpay.calls.call_count == 0


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda c: c.payments.refund("../../auth/token", note="x"), "payment_id"),
        (lambda c: c.payments.cancel("a/b", note="x"), "payment_id"),
        (lambda c: c.payments.get(""), "payment_id"),
        (lambda c: c.invoices.get(".."), "invoice_id"),
        (lambda c: c.invoices.cancel("a?b"), "invoice_id"),
        (lambda c: c.ebarimt.get("a#b"), "ebarimt_id"),
        (lambda c: c.ebarimt.cancel("a#b", note="x"), "payment_id"),
        (lambda c: c.subscriptions.get("a b"), "subscription_id"),
        (lambda c: c.subscriptions.cancel("a\r\nb"), "subscription_id"),
    ],
)
def test_an_id_that_cannot_stand_in_a_path_is_refused_by_its_name(
    client: QPayClient, qpay: respx.MockRouter, call: Callable[[Any], Any], name: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        call(client)
    assert [problem["loc"] for problem in caught.value.errors()] == [(name,)]
    assert qpay.calls.call_count == 0


@pytest.mark.parametrize("name", ["list", "iterate"])
def test_a_list_without_an_invoice_code_says_what_is_missing(
    qpay: respx.MockRouter, name: str
) -> None:
    settings: dict[str, Any] = {**SETTINGS, "invoice_code": None}
    with (
        QPayClient(**settings) as client,
        pytest.raises(ConfigurationError, match="QPAY_INVOICE_CODE"),
    ):
        tuple(getattr(client.payments, name)(**DATES))
    assert qpay.calls.call_count == 0


def test_a_dict_in_place_of_a_request_says_how_its_fields_are_passed(client: QPayClient) -> None:
    fields: Any = {"amount": 1, "sender_invoice_no": "1", "invoice_description": "x"}
    with pytest.raises(TypeError, match=r"create\(\*\*fields\)"):
        client.invoices.create(fields)


def test_a_request_and_fields_beside_it_are_refused(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    create: Any = client.invoices.create
    request = InvoiceRequest(amount=1, sender_invoice_no="1", invoice_description="x")
    with pytest.raises(TypeError, match="not both"):
        create(request, amount=2)
    assert qpay.calls.call_count == 0


@pytest.mark.parametrize("name", ["invoice_code", "callback_url"])
def test_an_invoice_without_a_default_says_which_setting_is_missing(
    qpay: respx.MockRouter, name: str
) -> None:
    settings: dict[str, Any] = {**SETTINGS, name: None}
    with (
        QPayClient(**settings) as client,
        pytest.raises(ConfigurationError, match=f"{name}.*QPAY_{name.upper()}"),
    ):
        client.invoices.create(amount=1, sender_invoice_no="1", invoice_description="x")
    assert qpay.calls.call_count == 0


def test_a_given_client_is_used_and_left_open(qpay: respx.MockRouter) -> None:
    route = qpay.get("/invoice/i-1").respond(json={})
    with httpx.Client(headers={"x-trace": "7"}, cookies={"a": "b"}) as own:
        with QPayClient(**SETTINGS, http_client=own) as client:
            client.invoices.get("i-1")
        assert not own.is_closed
    assert route.calls.last.request.headers["x-trace"] == "7"
    assert "cookie" not in route.calls.last.request.headers


def test_qpays_session_cookie_is_not_sent_back(client: QPayClient, qpay: respx.MockRouter) -> None:
    cookie = {"set-cookie": "qpay_merchant_openapi.sid=1; Path=/"}
    route = qpay.get("/invoice/i-1").respond(json={}, headers=cookie)
    client.invoices.get("i-1")
    client.invoices.get("i-1")
    assert "cookie" not in route.calls.last.request.headers


def test_a_redirect_is_not_followed_with_the_token(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    elsewhere = qpay.get("https://evil.test/").respond(json={})
    qpay.get("/invoice/i-1").respond(302, headers={"location": "https://evil.test/"})
    with pytest.raises(Exception, match="302"):
        client.invoices.get("i-1")
    assert elsewhere.call_count == 0


def test_a_success_that_carries_an_error_is_no_success(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    qpay.get("/invoice/i-1").respond(json={"error": "SYSTEM_BUSY"})
    with pytest.raises(UnexpectedResponseError):
        client.invoices.get("i-1")


@pytest.mark.parametrize(
    ("odd", "lost"),
    [
        ({"subscription": "a-uuid"}, "subscription"),
        ({"subscription": [1]}, "subscription"),
        ({"urls": [None, "https://x"]}, "urls"),
        ({"qPay_deeplink": [{"link": {}}]}, "urls"),
        ({"qr_image": False}, "qr_image"),
        ({"qPay_shortUrl": {}}, "qpay_short_url"),
    ],
)
def test_an_invoice_that_was_made_is_not_lost_for_a_field_that_cannot_be_read(
    client: QPayClient,
    qpay: respx.MockRouter,
    caplog: pytest.LogCaptureFixture,
    odd: dict[str, object],
    lost: str,
) -> None:
    qpay.post("/invoice").respond(json={"invoice_id": "i-1", "qr_text": "q", **odd})
    invoice = client.invoices.create(
        amount=1, sender_invoice_no="1", invoice_description="x", callback_url="https://s.mn"
    )
    assert (invoice.invoice_id, invoice.qr_text) == ("i-1", "q")
    assert not getattr(invoice, lost)
    field = next(iter(odd))
    assert caplog.messages == [f"QPay sent fields of Invoice that cannot be read: {field}"]


@pytest.mark.parametrize(
    "body", [{"invoice_id": {}}, {"invoice_id": ["i-1"], "qr_text": "q"}, [], "i-1"]
)
def test_an_invoice_without_an_id_that_can_be_read_is_in_doubt(
    client: QPayClient, qpay: respx.MockRouter, body: object
) -> None:
    qpay.post("/invoice").respond(json=body)
    with pytest.raises(OutcomeUnknownError):
        client.invoices.create(amount=1, sender_invoice_no="1", invoice_description="x")


def test_a_token_from_qpay_that_cannot_be_sent_is_refused(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    qpay["token"].respond(json=token_body("a\r\nX-Evil: 1"))
    with pytest.raises(UnexpectedResponseError):
        client.tokens.get()
