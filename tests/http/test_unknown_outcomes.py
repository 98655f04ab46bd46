"""Requests whose answer was lost: the status check at QPay, and what follows from it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from helpers.quickqr import QUICKQR_SETTINGS
from qpaykit import ConflictError, OutcomeUnknownError, QPayClient, QPayError
from qpaykit._http import retry
from qpaykit.quickqr import QuickQRClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import respx

PAID, REFUNDED = {"payment_status": "PAID"}, {"payment_status": "REFUNDED"}
ORDER: dict[str, Any] = {"amount": 1, "sender_invoice_no": "42", "invoice_description": "Tea"}
LOST = httpx.ReadTimeout("slow")
DONE = httpx.Response(200, json={})


def refund(client: QPayClient) -> None:
    client.payments.refund("8e25", note="cold")


def cancel(client: QPayClient) -> None:
    client.payments.cancel("8e25", note="cold")


@pytest.fixture(params=[(refund, "refund"), (cancel, "cancel")], ids=["refund", "cancel"])
def call(request: pytest.FixtureRequest) -> tuple[Callable[[QPayClient], None], str]:
    chosen: tuple[Callable[[QPayClient], None], str] = request.param
    return chosen


def answer_status_checks(qpay: respx.MockRouter, *statuses: dict[str, str]) -> respx.Route:
    return qpay.get("/payment/8e25").mock(
        side_effect=[httpx.Response(200, json=status) for status in statuses]
    )


@pytest.mark.parametrize(
    "lost", [LOST, httpx.Response(500), httpx.Response(502, html="<html>")], ids=str
)
def test_what_was_done_is_not_sent_again(
    client: QPayClient,
    qpay: respx.MockRouter,
    call: tuple[Callable[[QPayClient], None], str],
    lost: httpx.Response | Exception,
) -> None:
    send, verb = call
    route = qpay.delete(f"/payment/{verb}/8e25").mock(side_effect=[lost, DONE])
    checked = answer_status_checks(qpay, REFUNDED)
    send(client)
    assert (route.call_count, checked.call_count) == (1, 1)


@pytest.mark.parametrize("word", ["REFUNDED", "REFUND", "CANCELED", "CANCELLED"])
def test_each_word_of_qpays_for_a_payment_that_was_given_back_is_known(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture, word: str
) -> None:
    caplog.set_level(logging.INFO, "qpaykit")
    route = qpay.delete("/payment/refund/8e25").mock(side_effect=[LOST, DONE])
    answer_status_checks(qpay, {"payment_status": word})
    refund(client)
    assert route.call_count == 1
    operations = [getattr(record, "operation", None) for record in caplog.records]
    assert operations[-2:] == ["payments.refund", "payments.get"]


def test_what_was_not_done_is_sent_once_more(
    client: QPayClient, qpay: respx.MockRouter, call: tuple[Callable[[QPayClient], None], str]
) -> None:
    send, verb = call
    route = qpay.delete(f"/payment/{verb}/8e25").mock(side_effect=[LOST, DONE])
    answer_status_checks(qpay, PAID)
    send(client)
    assert route.call_count == 2


def test_after_two_lost_answers_the_status_is_checked_again(
    client: QPayClient, qpay: respx.MockRouter, call: tuple[Callable[[QPayClient], None], str]
) -> None:
    send, verb = call
    route = qpay.delete(f"/payment/{verb}/8e25").mock(side_effect=[LOST, LOST, DONE])
    answer_status_checks(qpay, PAID, REFUNDED)
    send(client)
    assert route.call_count == 2


def test_a_payment_that_stays_paid_after_two_lost_answers_is_unknown(
    client: QPayClient, qpay: respx.MockRouter, call: tuple[Callable[[QPayClient], None], str]
) -> None:
    send, verb = call
    route = qpay.delete(f"/payment/{verb}/8e25").mock(side_effect=[LOST, LOST, DONE])
    answer_status_checks(qpay, PAID, PAID)
    with pytest.raises(OutcomeUnknownError) as caught:
        send(client)
    assert route.call_count == 2
    assert caught.value.payment_id == "8e25"
    assert caught.value.operation == f"payments.{verb}"


def test_a_conflict_of_the_second_attempt_means_that_the_first_succeeded(
    client: QPayClient, qpay: respx.MockRouter, call: tuple[Callable[[QPayClient], None], str]
) -> None:
    send, verb = call
    refused = httpx.Response(400, json={"error": "PAYMENT_ALREADY_CANCELED"})
    qpay.delete(f"/payment/{verb}/8e25").mock(side_effect=[LOST, refused])
    answer_status_checks(qpay, PAID, REFUNDED)
    send(client)


@pytest.mark.parametrize("status", [{"payment_status": "FAILED"}, {}, {"payment_status": "ODD"}])
def test_an_unclear_status_check_leaves_the_outcome_unknown(
    client: QPayClient, qpay: respx.MockRouter, status: dict[str, str]
) -> None:
    route = qpay.delete("/payment/refund/8e25").mock(side_effect=[LOST, DONE])
    answer_status_checks(qpay, status)
    with pytest.raises(OutcomeUnknownError):
        refund(client)
    assert route.call_count == 1


def test_a_failed_status_check_leaves_the_outcome_unknown(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    route = qpay.delete("/payment/refund/8e25").mock(side_effect=[LOST, DONE])
    qpay.get("/payment/8e25").mock(side_effect=httpx.ConnectError("gone"))
    with pytest.raises(OutcomeUnknownError):
        refund(client)
    assert route.call_count == 1


@pytest.mark.parametrize("body", [b"{}", b"", b"null", b"[]", b"true", b'"OK"', b'{"a": 1}'])
def test_any_2xx_counts_as_accepted(
    client: QPayClient, qpay: respx.MockRouter, body: bytes
) -> None:
    route = qpay.delete("/payment/refund/8e25").respond(200, content=body)
    refund(client)
    assert route.call_count == 1


@pytest.mark.parametrize("body", [b"<html>", b'{"a"', b'{"error": "ODD"}'])
def test_a_2xx_with_an_unreadable_body_is_checked_and_never_sent_again(
    client: QPayClient, qpay: respx.MockRouter, body: bytes
) -> None:
    route = qpay.delete("/payment/refund/8e25").respond(200, content=body)
    checked = answer_status_checks(qpay, PAID)
    with pytest.raises(OutcomeUnknownError):
        refund(client)
    assert (route.call_count, checked.call_count) == (1, 1)


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(httpx.ConnectError("refused"), id="not sent"),
        pytest.param(httpx.Response(400, json={"error": "ODD"}), id="refused"),
        pytest.param(RuntimeError("broken"), id="no error of ours"),
    ],
)
def test_a_failed_second_attempt_leaves_the_outcome_unknown(
    client: QPayClient, qpay: respx.MockRouter, again: httpx.Response | Exception
) -> None:
    qpay.delete("/payment/refund/8e25").mock(side_effect=[LOST, again, again, again])
    answer_status_checks(qpay, PAID, PAID)
    with pytest.raises(OutcomeUnknownError, match="ReadTimeout"):
        refund(client)


def test_an_error_in_the_status_check_leaves_the_outcome_unknown(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    qpay.delete("/payment/refund/8e25").mock(side_effect=[LOST, DONE])
    qpay.get("/payment/8e25").mock(side_effect=RuntimeError("broken"))
    with pytest.raises(OutcomeUnknownError) as caught:
        refund(client)
    assert caught.value.payment_id == "8e25"


def test_without_retries_nothing_is_resent_after_the_status_check(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    route = qpay.delete("/payment/refund/8e25").mock(side_effect=[LOST, DONE])
    answer_status_checks(qpay, PAID)
    with pytest.raises(OutcomeUnknownError):
        refund(client.with_options(max_retries=0))
    assert route.call_count == 1


def test_without_retries_a_failed_status_check_is_not_repeated(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    qpay.delete("/payment/refund/8e25").mock(side_effect=LOST)
    checked = qpay.get("/payment/8e25").respond(503)
    with pytest.raises(OutcomeUnknownError):
        refund(client.with_options(max_retries=0))
    assert checked.call_count == 1


def test_a_refusal_by_qpay_needs_no_status_check(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    body = {"error": "PAYMENT_SETTLED", "message": "PAYMENT_SETTLED"}
    route = qpay.delete("/payment/refund/8e25").respond(400, json=body)
    with pytest.raises(ConflictError) as caught:
        refund(client)
    assert caught.value.code == "PAYMENT_SETTLED"
    assert route.call_count == 1


@pytest.fixture
def quickqr(qpay: respx.MockRouter, quick_retries: None) -> Iterator[QuickQRClient]:
    with QuickQRClient(**QUICKQR_SETTINGS) as client:
        yield client


@pytest.fixture(params=["merchant", "quickqr"])
def either(
    request: pytest.FixtureRequest, client: QPayClient, quickqr: QuickQRClient
) -> QPayClient | QuickQRClient:
    return client if request.param == "merchant" else quickqr


@pytest.mark.parametrize(("status", "sent"), [("CANCELED", 1), ("OPEN", 2)])
def test_the_status_check_of_a_cancelled_invoice_fetches_the_invoice(
    either: QPayClient | QuickQRClient, qpay: respx.MockRouter, status: str, sent: int
) -> None:
    route = qpay.delete("/invoice/i-1").mock(side_effect=[LOST, DONE])
    qpay.get("/invoice/i-1").respond(json={"invoice_status": status})
    either.invoices.cancel("i-1")
    assert route.call_count == sent


GONE = httpx.Response(404, json={"error": "MERCHANT_NOTFOUND"})
THERE = httpx.Response(200, json={"id": "m-1"})


@pytest.mark.parametrize(("status", "sent"), [(GONE, 1), (THERE, 2)], ids=["gone", "there"])
def test_the_status_check_of_a_deleted_sub_merchant_fetches_it(
    quickqr: QuickQRClient, qpay: respx.MockRouter, status: httpx.Response, sent: int
) -> None:
    route = qpay.delete("/merchant/m-1").mock(side_effect=[LOST, DONE])
    qpay.get("/merchant/m-1").mock(return_value=status)
    quickqr.merchants.delete("m-1")
    assert route.call_count == sent


@pytest.mark.parametrize(
    "status",
    [httpx.Response(404, html="<html>"), httpx.Response(200, json={}), httpx.ReadTimeout("slow")],
    ids=["a gateway's page", "no id", "lost"],
)
def test_a_deletion_is_unknown_where_the_status_check_is_unclear(
    quickqr: QuickQRClient, qpay: respx.MockRouter, status: httpx.Response | Exception
) -> None:
    route = qpay.delete("/merchant/m-1").mock(side_effect=[LOST, DONE])
    qpay.get("/merchant/m-1").mock(side_effect=[status] * 3)
    with pytest.raises(OutcomeUnknownError) as caught:
        quickqr.merchants.delete("m-1")
    assert (route.call_count, caught.value.merchant_id) == (1, "m-1")


def test_a_cancelled_invoice_that_quick_qr_no_longer_knows_is_cancelled(
    quickqr: QuickQRClient, qpay: respx.MockRouter
) -> None:
    route = qpay.delete("/invoice/i-1").mock(side_effect=[LOST, DONE])
    qpay.get("/invoice/i-1").respond(404, json={"error": "INVOICE_NOTFOUND"})
    quickqr.invoices.cancel("i-1")
    assert route.call_count == 1


@pytest.mark.parametrize(("active", "sent"), [(False, 1), (True, 2)])
def test_the_status_check_of_a_cancelled_subscription_fetches_the_subscription(
    client: QPayClient, qpay: respx.MockRouter, active: bool, sent: int
) -> None:
    route = qpay.delete("/subscription/s-1").mock(side_effect=[LOST, DONE])
    qpay.get("/subscription/s-1").respond(json={"is_active": active})
    client.subscriptions.cancel("s-1")
    assert route.call_count == sent


@pytest.mark.parametrize("status", [{}, {"is_active": None}], ids=["missing", "null"])
def test_a_subscription_that_does_not_say_whether_it_is_active_leaves_its_end_in_doubt(
    client: QPayClient, qpay: respx.MockRouter, status: dict[str, None]
) -> None:
    route = qpay.delete("/subscription/s-1").mock(side_effect=[LOST, DONE])
    qpay.get("/subscription/s-1").respond(json=status)
    with pytest.raises(OutcomeUnknownError):
        client.subscriptions.cancel("s-1")
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("operation", "call", "name", "value"),
    [
        ("invoices.create", lambda c: c.invoices.create(**ORDER), "sender_invoice_no", "42"),
        ("invoices.cancel", lambda c: c.invoices.cancel("i-1"), "invoice_id", "i-1"),
        ("payments.cancel", lambda c: c.payments.cancel("p-1", note="x"), "payment_id", "p-1"),
        ("payments.refund", lambda c: c.payments.refund("p-1", note="x"), "payment_id", "p-1"),
        ("ebarimt.create", lambda c: c.ebarimt.create("p-1"), "payment_id", "p-1"),
        ("ebarimt.cancel", lambda c: c.ebarimt.cancel("p-1", note="x"), "payment_id", "p-1"),
        (
            "subscriptions.cancel",
            lambda c: c.subscriptions.cancel("s-1"),
            "subscription_id",
            "s-1",
        ),
    ],
)
def test_an_unknown_outcome_names_the_operation_and_its_object(
    client: QPayClient,
    qpay: respx.MockRouter,
    operation: str,
    call: Callable[[QPayClient], object],
    name: str,
    value: str,
) -> None:
    qpay.route().mock(side_effect=httpx.ReadError("lost"))
    with pytest.raises(OutcomeUnknownError) as caught:
        call(client)
    doubt = caught.value
    sent = next(one.request for one in qpay.calls if "auth" not in str(one.request.url))
    assert (doubt.operation, getattr(doubt, name)) == (operation, value)
    assert (doubt.method, f"/v2{doubt.path}") == (sent.method, sent.url.path)


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        (httpx.ReadTimeout("slow"), "the answer was lost (ReadTimeout"),
        (httpx.Response(500, json={"error": "SYSTEM_BUSY"}), "QPay answered 500 SYSTEM_BUSY."),
        (httpx.Response(502, html="<html>"), "QPay answered 502."),
        (httpx.Response(200, html="<html>"), "QPay answered 200 with a body that cannot be read"),
    ],
    ids=["lost", "busy", "a page", "no JSON"],
)
def test_an_unknown_outcome_says_why_it_is_unknown(
    client: QPayClient, qpay: respx.MockRouter, lost: httpx.Response | Exception, reason: str
) -> None:
    route = qpay.post("/invoice").mock(side_effect=[lost, DONE])
    with pytest.raises(OutcomeUnknownError) as caught:
        client.invoices.create(**ORDER)
    assert route.call_count == 1
    assert reason in str(caught.value)
    assert isinstance(caught.value.__cause__, QPayError)


def test_the_status_check_waits_for_the_first_backoff(
    client: QPayClient, qpay: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[object] = []

    async def sleep(seconds: float) -> None:
        events.append(seconds)

    def status(request: httpx.Request) -> httpx.Response:
        events.append("checked")
        return httpx.Response(200, json=REFUNDED)

    monkeypatch.setattr(
        "qpaykit._http.transport.SyncTransport.sleep", lambda _, seconds: sleep(seconds)
    )
    qpay.delete("/payment/refund/8e25").mock(side_effect=LOST)
    qpay.get("/payment/8e25").mock(side_effect=status)
    refund(client)
    [pause, checked] = events
    assert checked == "checked"
    assert isinstance(pause, float)
    assert retry.FIRST_DELAY_SECONDS / 2 <= pause <= retry.FIRST_DELAY_SECONDS
