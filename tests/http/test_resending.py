"""What is on the wire when QPay fails: each column of the table, with a mocked QPay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest

from helpers.answers import CHECK_UNPAID, token_body
from helpers.invoices import make_invoice
from helpers.products import MERCHANT, QUICKQR, AnyClient, ProductOpener
from helpers.quickqr import COMPANY, PERSON
from qpaykit import (
    AuthenticationError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    QPayClient,
    RateLimitedError,
    ServerError,
    TransportError,
    TransportTimeout,
    UnexpectedResponseError,
)
from qpaykit.quickqr import QuickQRClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import respx

HTML = httpx.Response(502, html="<html><h1>502 Bad Gateway</h1></html>")
LOST = [
    pytest.param(httpx.ReadError("reset"), id="reset"),
    pytest.param(httpx.ReadTimeout("slow"), id="timeout"),
    pytest.param(httpx.RemoteProtocolError("closed"), id="closed"),
    pytest.param(httpx.WriteError("broken"), id="broken pipe"),
    pytest.param(httpx.Response(500, json={"error": "SYSTEM_BUSY"}), id="500"),
    pytest.param(httpx.Response(500, json={"error": "NO_CREDENTIALS"}), id="500 of the token"),
    pytest.param(HTML, id="502 HTML"),
    pytest.param(httpx.Response(503, headers={"retry-after": "0"}), id="503 Retry-After"),
    pytest.param(httpx.Response(200, html="<html>login</html>"), id="200 HTML"),
    pytest.param(httpx.Response(200, content=b'{"invoice_id": "x'), id="cut off"),
]
NOT_SENT = [
    pytest.param(httpx.ConnectError("refused"), id="refused"),
    pytest.param(httpx.ConnectTimeout("slow"), id="connect timeout"),
    pytest.param(httpx.PoolTimeout("busy"), id="pool timeout"),
    pytest.param(httpx.ProxyError("refused"), id="proxy"),
    pytest.param(httpx.UnsupportedProtocol("no scheme"), id="unsupported protocol"),
]


def make_receipt(client: QPayClient) -> object:
    return client.ebarimt.create("019")


def cancel_receipt(client: QPayClient) -> None:
    client.ebarimt.cancel("019", note="wrong")


def make_company(client: QuickQRClient) -> object:
    return client.merchants.create_company(**COMPANY)


def make_person(client: QuickQRClient) -> object:
    return client.merchants.create_person(**PERSON)


MADE = {"invoice_id": "i"}
UNSAFE = [
    pytest.param(MERCHANT, make_invoice, "POST", "/invoice", MADE, id="invoice"),
    pytest.param(MERCHANT, make_receipt, "POST", "/ebarimt_v3/create", {"id": "e"}, id="e-barimt"),
    pytest.param(MERCHANT, cancel_receipt, "DELETE", "/ebarimt_v3/019", {}, id="e-barimt cancel"),
    pytest.param(QUICKQR, make_invoice, "POST", "/invoice", MADE, id="invoice of Quick QR"),
    pytest.param(QUICKQR, make_company, "POST", "/merchant/company", {"id": "m"}, id="company"),
    pytest.param(QUICKQR, make_person, "POST", "/merchant/person", {"id": "m"}, id="person"),
]


@pytest.fixture
def client(open_client: ProductOpener, quick_retries: None) -> Iterator[AnyClient]:
    with open_client() as client:
        yield client


@pytest.mark.parametrize("answer", LOST)
@pytest.mark.parametrize(
    ("open_client", "call", "method", "path", "body"), UNSAFE, indirect=["open_client"]
)
def test_a_lost_answer_is_not_sent_again_where_twice_is_not_once(
    client: AnyClient,
    qpay: respx.MockRouter,
    call: Callable[[AnyClient], object],
    method: str,
    path: str,
    body: dict[str, str],
    answer: httpx.Response | Exception,
) -> None:
    route = qpay.request(method, path).mock(side_effect=[answer, httpx.Response(200, json=body)])
    with pytest.raises(OutcomeUnknownError) as caught:
        call(client)
    assert route.call_count == 1
    assert (caught.value.method, caught.value.path) == (method, path)
    about = caught.value.sender_invoice_no or caught.value.order or caught.value.payment_id
    assert about in ({None} if "/merchant" in path else {"42", "019"})


@pytest.mark.parametrize("answer", [*LOST, *NOT_SENT])
def test_a_check_is_repeated_after_any_of_them(
    client: AnyClient, qpay: respx.MockRouter, answer: httpx.Response | Exception
) -> None:
    good = httpx.Response(200, json=CHECK_UNPAID)
    route = qpay.post("/payment/check").mock(side_effect=[answer, answer, good])
    assert client.payments.check("i-1").count == 0
    assert route.call_count == 3


def test_a_refusal_after_a_failure_is_final(client: AnyClient, qpay: respx.MockRouter) -> None:
    refused = httpx.Response(404, json={"error": "INVOICE_NOTFOUND"})
    route = qpay.get("/invoice/i-1").mock(side_effect=[HTML, refused, httpx.Response(200)])
    with pytest.raises(NotFoundError):
        client.invoices.get("i-1")
    assert route.call_count == 2


@pytest.mark.parametrize("answer", NOT_SENT)
def test_an_invoice_that_was_never_sent_is_sent_again(
    client: AnyClient, qpay: respx.MockRouter, answer: Exception
) -> None:
    made = httpx.Response(200, json={"invoice_id": "i-1"})
    route = qpay.post("/invoice").mock(side_effect=[answer, made])
    make_invoice(client)
    assert route.call_count == 2


def test_an_invoice_refused_for_haste_is_sent_again_after_the_time_asked(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    busy = httpx.Response(429, headers={"retry-after": "1"})
    made = httpx.Response(200, json={"invoice_id": "i-1"})
    route = qpay.post("/invoice").mock(side_effect=[busy, made])
    started = time.monotonic()
    make_invoice(client)
    assert time.monotonic() - started >= 1
    assert route.call_count == 2


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitedError), (503, ServerError)])
def test_a_longer_wait_than_thirty_seconds_is_left_to_the_caller(
    client: AnyClient,
    qpay: respx.MockRouter,
    status: int,
    kind: type[RateLimitedError | ServerError],
) -> None:
    route = qpay.post("/payment/check").respond(status, headers={"retry-after": "31"})
    with pytest.raises(kind) as caught:
        client.payments.check("i-1")
    assert caught.value.retry_after == 31
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ReadTimeout("slow"), TransportTimeout),
        (httpx.ReadError("reset"), TransportError),
        (httpx.Response(500, json={"error": "SYSTEM_BUSY"}), ServerError),
        (httpx.Response(200, html="<html>"), UnexpectedResponseError),
    ],
)
def test_attempts_end_and_the_last_error_is_raised(
    client: AnyClient,
    qpay: respx.MockRouter,
    answer: httpx.Response | Exception,
    kind: type[Exception],
) -> None:
    route = qpay.post("/payment/check").mock(side_effect=[answer] * 9)
    with pytest.raises(kind):
        client.payments.check("i-1")
    assert route.call_count == 3


def test_with_options_changes_the_attempts_of_that_client_alone(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    route = qpay.post("/payment/check").respond(500)
    with pytest.raises(ServerError):
        client.with_options(max_retries=0).payments.check("i-1")
    assert route.call_count == 1
    with pytest.raises(ServerError):
        client.payments.check("i-1")
    assert route.call_count == 4


def test_a_login_that_fails_leaves_the_invoice_unsent_and_says_so(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    qpay["token"].mock(side_effect=httpx.ReadTimeout("slow"))
    route = qpay.post("/invoice").respond(json={"invoice_id": "i-1"})
    with pytest.raises(TransportTimeout):
        make_invoice(client.with_options(max_retries=0))
    assert route.call_count == 0


def test_a_refused_token_means_one_login_and_one_replay(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    qpay["token"].mock(
        side_effect=[
            httpx.Response(200, json=token_body("old")),
            httpx.Response(200, json=token_body("new")),
        ]
    )
    refused = httpx.Response(401, json={"error": "NO_CREDENDIALS"})
    made = httpx.Response(200, json={"invoice_id": "i-1"})
    route = qpay.post("/invoice").mock(side_effect=[refused, made])
    make_invoice(client)
    sent = [call.request.headers["authorization"] for call in route.calls]
    assert sent == ["Bearer old", "Bearer new"]
    assert qpay["token"].call_count == 2


def test_a_token_that_is_always_refused_ends_after_one_replay(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    tokens = (httpx.Response(200, json=token_body(f"t{n}")) for n in range(9))
    qpay["token"].mock(side_effect=tokens)
    route = qpay.post("/invoice").respond(401, json={"error": "NO_CREDENTIALS"})
    with pytest.raises(AuthenticationError):
        make_invoice(client)
    assert route.call_count == 2
    assert qpay["token"].call_count == 2


def test_permission_denied_is_no_old_token(client: AnyClient, qpay: respx.MockRouter) -> None:
    denied = qpay.post("/payment/check").respond(401, json={"error": "PERMISSION_DENIED"})
    with pytest.raises(PermissionDeniedError):
        client.payments.check("i-1")
    assert denied.call_count == 1
    assert qpay["token"].call_count == 1


def test_a_wrong_password_is_tried_once(client: AnyClient, qpay: respx.MockRouter) -> None:
    body = {"error": "AUTHENTICATION_FAILED", "message": "Нэвтрэх нэр, нууц үг буруу"}
    qpay["token"].respond(401, json=body)
    with pytest.raises(AuthenticationError, match="Нэвтрэх"):
        make_invoice(client)
    assert qpay["token"].call_count == 1
