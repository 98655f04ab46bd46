"""What the log says: one record for each attempt, its fields, and what it never holds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import pytest

from helpers.answers import token_body
from helpers.scripted_server import plain
from qpaykit import CallbackDispatcher, NotFoundError, QPayClient, TransportError

if TYPE_CHECKING:
    import respx

    from helpers.clients import Opener
    from helpers.scripted_server import ScriptedServer
    from helpers.settings import Settings

FIELDS = ("operation", "method", "path", "attempt", "status", "code", "error")


def attempts(caplog: pytest.LogCaptureFixture) -> list[tuple[object, ...]]:
    return [
        tuple(getattr(record, field) for field in FIELDS)
        for record in caplog.records
        if record.name == "qpaykit.http" and record.levelno == logging.INFO
    ]


def test_each_attempt_has_a_record_with_its_fields(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qpaykit")
    busy = httpx.Response(503, json={"error": "SYSTEM_BUSY"})
    good = httpx.Response(200, json={"payment_id": "p-1"})
    qpay.get("/payment/p-1").mock(side_effect=[busy, good])
    client.payments.get("p-1")
    call = ("payments.get", "GET", "/payment/p-1")
    assert attempts(caplog) == [
        ("tokens.login", "POST", "/auth/token", 1, 200, None, None),
        (*call, 1, 503, "SYSTEM_BUSY", "ServerError"),
        (*call, 2, 200, None, None),
    ]


def test_an_attempt_that_is_repeated_is_warned_of_with_its_pause(
    client: QPayClient,
    qpay: respx.MockRouter,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    busy = httpx.Response(429, headers={"retry-after": "7"})
    qpay.get("/payment/p-1").mock(side_effect=[busy, httpx.Response(200, json={})])
    client.payments.get("p-1")
    [warning] = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warning == "payments.get: attempt 1 failed (RateLimitedError). Trying again in 7.00 s."


def test_an_attempt_without_an_answer_has_no_status(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qpaykit")
    qpay.get("/payment/p-1").mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(TransportError):
        client.with_options(max_retries=0).payments.get("p-1")
    call = ("payments.get", "GET", "/payment/p-1")
    assert attempts(caplog)[-1] == (*call, 1, None, None, "TransportError")
    assert "no answer TransportError" in caplog.text


def test_an_attempt_that_is_followed_by_another_has_a_warning_with_its_fields(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "qpaykit")
    good = httpx.Response(200, json={"payment_id": "p-1"})
    qpay.get("/payment/p-1").mock(side_effect=[httpx.ReadTimeout("slow"), good])
    client.payments.get("p-1")
    (told,) = [vars(record) for record in caplog.records]
    assert [told[field] for field in ("operation", "attempt", "error")] == [
        "payments.get",
        1,
        "TransportTimeout",
    ]
    assert 0 <= told["pause"] < 1


def test_the_duration_in_the_log_is_in_seconds(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qpaykit")
    qpay.get("/payment/p-1").respond(json={"payment_id": "p-1"})
    client.payments.get("p-1")
    durations = [vars(record)["duration"] for record in caplog.records]
    assert len(durations) == 2
    assert all(isinstance(seconds, float) and 0 < seconds < 5 for seconds in durations)


def test_info_holds_no_bodies(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qpaykit")
    qpay.get("/payment/p-1").respond(404, json={"error": "PAYMENT_NOTFOUND", "message": "Байхгүй"})
    with pytest.raises(NotFoundError):
        client.payments.get("p-1")
    assert "PAYMENT_NOTFOUND" in caplog.text
    assert "Байхгүй" not in caplog.text


def test_debug_adds_both_bodies_with_secrets_masked(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "qpaykit")
    qpay.post("/invoice").respond(
        json={"invoice_id": "i-1", "account_number": "5003217788", "echo": "Bearer access-1"}
    )
    client.invoices.create(amount=100, sender_invoice_no="42", invoice_description="Tea")
    assert '"sender_invoice_no":"42"' in caplog.text
    assert '"invoice_id": "i-1"' in caplog.text
    assert "5003217788" not in caplog.text
    assert "access-1" not in caplog.text
    bodies = [vars(record) for record in caplog.records if record.levelno == logging.DEBUG]
    assert [(one["operation"], one["attempt"], one["status"]) for one in bodies] == [
        ("tokens.login", 1, 200),
        ("invoices.create", 1, 200),
    ]


def test_both_tokens_are_masked_wherever_qpay_repeats_them(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "qpaykit")
    qpay["token"].respond(json={**token_body("first-of-all"), "refresh_token": "second-to-none"})
    qpay.get("/payment/p-1").respond(json={"echo": "first-of-all, second-to-none"})
    client.payments.get("p-1")
    assert "echo" in caplog.text
    assert "first-of-all" not in caplog.text
    assert "second-to-none" not in caplog.text


def test_a_token_that_replaces_another_is_masked_too(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "qpaykit")
    client.tokens.get()
    qpay["token"].respond(json=token_body("third-time-lucky"))
    answers = [httpx.Response(401, json={}), httpx.Response(200, json={"x": "third-time-lucky"})]
    qpay.get("/payment/p-1").mock(side_effect=answers)
    client.payments.get("p-1")
    assert '"x"' in caplog.text
    assert "third-time-lucky" not in caplog.text


def test_a_callback_has_a_record_of_its_outcome(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qpaykit.callbacks")
    qpay.get("/payment/p-1").respond(json={"payment_id": "p-1", "payment_status": "PAID"})
    dispatcher = CallbackDispatcher(client)
    dispatcher.on_paid(lambda event: None)
    dispatcher.handle(query="qpay_payment_id=p-1")
    told = [vars(record) for record in caplog.records if record.name == "qpaykit.callbacks"]
    assert [(one["outcome"], one["payment_id"]) for one in told] == [("delivered", "p-1")]


def test_the_http_librarys_own_log_speaks_only_for_a_client_that_is_handed_in(
    scripted: ScriptedServer,
    server_settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    scripted.play([plain(200, {"payment_id": "p-1"})])
    caplog.set_level(logging.INFO)

    def urls_told(http_client: httpx.Client | None) -> list[str]:
        caplog.clear()
        with QPayClient(**server_settings, http_client=http_client) as client:
            client.payments.get("p-1")
        return [record.getMessage() for record in caplog.records if record.name == "httpx"]

    assert urls_told(None) == []
    with httpx.Client() as http_client:
        assert f"{server_settings['base_url']}/v2/payment/p-1" in urls_told(http_client)[-1]
        caplog.set_level(logging.WARNING, "httpx")
        assert urls_told(http_client) == []


def test_at_debug_of_every_logger_neither_password_nor_token_is_told(
    scripted: ScriptedServer,
    server_settings: Settings,
    new_client: Opener,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted.play([plain(200, {"count": 0, "rows": []})])
    caplog.set_level(logging.DEBUG)
    new_client(**server_settings).payments.check("i-1")
    told = "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "receive_response_headers.complete" in told
    for secret in (server_settings["password"], "access-1", "U0hPUDpo"):
        assert secret not in told


CONTROL = "\x1b[31m\x9b31m\u202e\x07\x85\u2028\r\nWARNING a forged line"


def test_control_characters_of_qpays_are_written_as_escapes(
    client: QPayClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "qpaykit")
    payment = {"payment_id": "1", "payment_status": CONTROL, "payment_amount": "1.00"}
    qpay.get("/payment/1").respond(json=payment)
    qpay.get("/payment/2").respond(400, json={"error": CONTROL, "message": CONTROL})
    dispatcher = CallbackDispatcher(client, patience=0)
    dispatcher.handle(query="qpay_payment_id=1")
    dispatcher.handle(query="qpay_payment_id=2")
    assert [one for one in caplog.messages if not one.isprintable()] == []
    told = [one for one in caplog.messages if r"is \x1b[31m\x9b31m\u202e\x07\x85\u2028\r\n" in one]
    assert len(told) == 1
