"""Errors: chosen by meaning, readable, picklable, and free of secrets."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

import qpaykit
from callbacks.payments import QUERY
from qpaykit import (
    ERROR_CODES,
    APIError,
    AsyncQPayClient,
    AuthenticationError,
    CallbackDispatcher,
    CallbackError,
    CallbackSignatureError,
    ConfigurationError,
    ConflictError,
    FieldError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    QPayClient,
    QPayError,
    RateLimitedError,
    ServerError,
    TransportError,
    TransportTimeout,
    UnexpectedResponseError,
    WaitTimeoutError,
)
from qpaykit.models import PaymentCheck
from support import SETTINGS, shown, token_body

if TYPE_CHECKING:
    import respx

SAMPLES = Path(__file__).parent / "samples"


def error_of(client: QPayClient, qpay: respx.MockRouter, answer: httpx.Response) -> APIError:
    qpay.get("/invoice/i-1").mock(return_value=answer)
    with pytest.raises(APIError) as caught:
        client.with_options(max_retries=0).invoices.get("i-1")
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "INVOICE_NOTFOUND", NotFoundError),
        (422, "PAYMENT_NOTFOUND", NotFoundError),
        (422, "BARIMT_NOT_FOUND", NotFoundError),
        (400, "SOMETHING_NEW_NOTFOUND", NotFoundError),
        (400, "INVOICE_PAID", ConflictError),
        (400, "INVOICE_ALREADY_CANCELED", ConflictError),
        (422, "PAYMENT_ALREADY_CANCELED", ConflictError),
        (400, "PAYMENT_SETTLED", ConflictError),
        (409, "ACCOUNT_BANK_DUPLICATED", ConflictError),
        (400, "THING_DUPLICATED", ConflictError),
        (400, "PAYMENT_NOT_PAID", InvalidRequestError),
        (400, "INVOICE_CODE_INVALID", InvalidRequestError),
        (403, "EBARIMT_CANCEL_NOTSUPPERDED", PermissionDeniedError),
        (401, "PERMISSION_DENIED", PermissionDeniedError),
        (400, "EBARIMT_NOT_REGISTERED", InvalidRequestError),
        (500, "SYSTEM_BUSY", ServerError),
        (500, "TypeError", ServerError),
        (400, None, InvalidRequestError),
        (403, None, PermissionDeniedError),
        (404, None, NotFoundError),
        (409, None, ConflictError),
        (418, None, InvalidRequestError),
        (422, None, NotFoundError),
        (429, None, RateLimitedError),
        (500, None, ServerError),
        (504, None, ServerError),
    ],
)
def test_an_error_is_chosen_by_what_qpay_means(
    client: QPayClient,
    qpay: respx.MockRouter,
    status: int,
    code: str | None,
    kind: type[APIError],
) -> None:
    body = {"error": code} if code else {}
    error = error_of(client, qpay, httpx.Response(status, json=body))
    assert type(error) is kind
    assert (error.status_code, error.code) == (status, code)


@pytest.mark.parametrize(
    ("name", "status", "code", "message"),
    [
        ("error-1", 400, "AUTHENTICATION_FAILED", "Нэвтрэх нэр, нууц үг буруу"),
        ("error-3", 400, "INVOICE_ALREADY_CANCELED", "Нэхэмжлэл цуцлагдсан байна"),
        ("error-4", 400, "PAYMENT_SETTLED", "PAYMENT_SETTLED"),
        ("error-5", 500, "SYSTEM_BUSY", "SYSTEM_BUSY"),
        ("error-6", 500, "SYSTEM_BUSY", None),
        ("error-7", 400, "PAYMENT_NOT_PAID", "Төлбөр төлөлт хийгдээгүй байна"),
    ],
    ids=shown,
)
def test_a_recorded_error_is_read(
    client: QPayClient,
    qpay: respx.MockRouter,
    name: str,
    status: int,
    code: str,
    message: str | None,
) -> None:
    body = (SAMPLES / f"{name}.json").read_bytes()
    error = error_of(client, qpay, httpx.Response(status, content=body))
    assert (error.code, error.message) == (code, message)
    assert (error.method, error.path) == ("GET", "/invoice/i-1")
    assert error.body == body.decode()
    assert error.description == ERROR_CODES[code].english
    assert error.description_mn == ERROR_CODES[code].mongolian


def test_an_error_in_the_form_of_an_object_is_flattened(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    body = (SAMPLES / "error-8.json").read_bytes()
    error = error_of(client, qpay, httpx.Response(400, content=body))
    assert type(error) is InvalidRequestError
    assert error.code == "MIN_NUMBER"
    assert error.fields == {"page_limit": FieldError("MIN_NUMBER", "Number min value [1]!")}
    assert "page_limit: Number min value [1]!" in str(error)


def test_both_error_and_message_may_be_the_object(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    inner = {"lines": [{"note": {"type": "MAX_LENGTH", "message": "Max length [100]!"}}]}
    error = error_of(client, qpay, httpx.Response(400, json={"error": inner, "message": inner}))
    assert error.fields == {"lines.0.note": FieldError("MAX_LENGTH", "Max length [100]!")}


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"<html>Bad</html>", b"\xff\xfe", b'{"error": 7}', b"[" * 9999],
    ids=["empty", "{}", "[]", "null", "html", "bytes", "number", "deep"],
)
def test_any_body_is_survived(client: QPayClient, qpay: respx.MockRouter, body: bytes) -> None:
    error = error_of(client, qpay, httpx.Response(400, content=body))
    assert (error.code, error.fields) == (None, {})


def test_the_message_tells_what_was_asked_what_qpay_said_and_what_to_do(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    body = {"error": "INVOICE_NOTFOUND", "message": "Нэхэмжлэл олдсонгүй"}
    text = str(error_of(client, qpay, httpx.Response(422, json=body)))
    assert text == (
        "GET /invoice/i-1: QPay answered 422 INVOICE_NOTFOUND “Нэхэмжлэл олдсонгүй” "
        "(Invoice is not found!). Check the invoice_id; a payment's id is not an invoice's."
    )


REQUEST = {"method": "POST", "path": "/invoice"}
ERRORS: list[QPayError] = [
    QPayError("x"),
    ConfigurationError("x"),
    TransportError(**REQUEST, sent=True, reason="broken"),
    TransportTimeout(**REQUEST, sent=False, reason="slow"),
    OutcomeUnknownError(
        **REQUEST,
        operation="invoices.create",
        reason="lost.",
        subject={"sender_invoice_no": "42"},
    ),
    *(
        kind(
            **REQUEST,
            status_code=400,
            code="INVOICE_PAID",
            message="м",
            fields={"a": FieldError("t", "m")},
            body="{}",
            retry_after=1.5,
        )
        for kind in (
            APIError,
            AuthenticationError,
            PermissionDeniedError,
            NotFoundError,
            ConflictError,
            InvalidRequestError,
            RateLimitedError,
            ServerError,
        )
    ),
    UnexpectedResponseError(**REQUEST, status_code=200, reason="odd", body="<", garbled=True),
    CallbackError("x"),
    CallbackSignatureError("x"),
    WaitTimeoutError(invoice_id="i-1", timeout=3, last=PaymentCheck(count=2)),
]


def pickled(error: QPayError) -> object:
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "through", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_an_error_survives_copying_and_pickling(error: QPayError, through: object) -> None:
    assert callable(through)
    twin = through(error)
    assert type(twin) is type(error)
    assert (str(twin), vars(twin)) == (str(error), vars(error))


def test_every_error_is_exported_and_in_the_tree() -> None:
    tree = {type(error).__name__ for error in ERRORS}
    exported = {name for name in qpaykit.__all__ if name.endswith(("Error", "Timeout"))}
    assert exported == tree | {"FieldError"}
    assert all(name in (qpaykit.errors.__doc__ or "") for name in tree)


def test_exports_are_sorted_and_whole() -> None:
    assert all(hasattr(qpaykit, name) for name in qpaykit.__all__)
    assert len(set(qpaykit.__all__)) == len(qpaykit.__all__)


PASSWORD = SETTINGS["password"]
SECRETS = (PASSWORD, "U0hPUDpodW50ZXIy", "access-1", "refresh-of-access-1")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={"error": "SYSTEM_BUSY", "message": "SYSTEM_BUSY"}),
        httpx.Response(401, json={"error": "NO_CREDENTIALS"}),
        httpx.Response(200, content=b"{"),
        httpx.ReadTimeout("slow"),
        None,
    ],
    ids=str,
)
@pytest.mark.usefixtures("quick_retries")
def test_no_secret_is_shown_anywhere_not_even_by_a_traceback_with_variables(
    qpay: respx.MockRouter,
    caplog: pytest.LogCaptureFixture,
    answer: httpx.Response | Exception | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = QPayClient(**SETTINGS)
    route = qpay.get("/invoice/i-1")
    if answer is None:
        # h11 repeats the header that it objects to.
        route.mock(side_effect=httpx.LocalProtocolError("Illegal header value b'Bearer access-1'"))
    else:
        route.mock(side_effect=[answer] * 9)
    with pytest.raises(QPayError) as caught:
        client.invoices.get("i-1")
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "\n".join(
        (
            "".join(report.format()),
            caplog.text,
            repr(client),
            str(client),
            repr(vars(client)),
            repr(vars(client.invoices)),
            repr(vars(client.store)),
            repr(client.settings),
            repr(vars(caught.value)),
        )
    )
    assert not [secret for secret in SECRETS if secret in shown.replace("refresh-of-", "")]


def test_a_token_answer_that_is_broken_is_not_repeated_in_the_error(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    whole = json.dumps(token_body("t0k3n")).encode()
    for body in (whole[:-1], whole[: whole.index(b"t0k3n") + 9], b"[" + whole + b"]"):
        qpay["token"].respond(content=body)
        with pytest.raises(UnexpectedResponseError) as caught:
            client.with_options(max_retries=0).tokens.get()
        assert "t0k3n" not in str(caught.value) + caught.value.body


@pytest.mark.parametrize("name", ["username", "password"])
def test_a_missing_login_is_named_with_its_variable(name: str) -> None:
    settings = SETTINGS.copy()
    settings[name] = ""  # type: ignore[literal-required]
    with pytest.raises(ConfigurationError, match=rf"{name}.*QPAY_{name.upper()}"):
        QPayClient(**settings)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
    monkeypatch.setenv("QPAY_CALLBACK_SECRET", "the new, old,")
    settings = QPayClient().settings
    assert (settings.username, settings.invoice_code) == ("SHOP", "TEST_INVOICE")
    assert [s.get_secret_value() for s in settings.callback_secrets] == ["the new", "old"]


@pytest.mark.parametrize(
    "secret",
    ["s", SecretStr("s"), ["s"], (SecretStr("s"),)],
    ids=["text", "masked", "list", "tuple"],
)
def test_a_callback_secret_may_come_masked_and_with_others(secret: Any) -> None:
    settings = QPayClient(**SETTINGS, callback_secret=secret).settings
    assert [one.get_secret_value() for one in settings.callback_secrets] == ["s"]
    reply = CallbackDispatcher(verify=False, callback_secret=secret).handle(query=QUERY)
    assert reply.outcome == "forged"


@pytest.mark.parametrize("secret", ["", b"s", [b"s"], [""], 5, {"s": 1}, [None]], ids=repr)
def test_a_callback_secret_is_text(secret: Any) -> None:
    with pytest.raises(ConfigurationError, match="callback_secret must"):
        QPayClient(**SETTINGS, callback_secret=secret)
    with pytest.raises(ConfigurationError, match="callback_secret must"):
        CallbackDispatcher(verify=False, callback_secret=secret)


def test_a_user_name_with_a_colon_is_refused() -> None:
    settings: dict[str, Any] = {**SETTINGS, "username": "SHOP:1"}
    with pytest.raises(ConfigurationError, match="QPAY_USERNAME"):
        QPayClient(**settings)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (" https://merchant.qpay.mn ", "https://merchant.qpay.mn/v2"),
        ("https://merchant.qpay.mn", "https://merchant.qpay.mn/v2"),
        ("https://merchant.qpay.mn/", "https://merchant.qpay.mn/v2"),
        ("https://merchant.qpay.mn/v2", "https://merchant.qpay.mn/v2"),
        ("https://merchant.qpay.mn/v2/", "https://merchant.qpay.mn/v2"),
        ("https://gateway.test/qpay", "https://gateway.test/qpay/v2"),
        ("http://127.0.0.1:8899/v2", "http://127.0.0.1:8899/v2"),
        ("http://localhost:1", "http://localhost:1/v2"),
        ("http://[::1]:1/", "http://[::1]:1/v2"),
        (None, "https://merchant.qpay.mn/v2"),
    ],
)
def test_a_base_url_is_taken_with_and_without_its_end(given: str | None, used: str) -> None:
    assert QPayClient(username="u", password="p", base_url=given).settings.base_url == used


@pytest.mark.parametrize(
    "url",
    [
        "http://merchant.qpay.mn/v2",
        "http://127.0.0.1.evil.test",
        "ftp://merchant.qpay.mn",
        "merchant.qpay.mn",
        "https://user:pass@merchant.qpay.mn",
        "https://merchant.qpay.mn/?a=b",
        "https://[",
        "https://[v1.a]",
        "https://merchant.qpay.mn\x00",
        "https://merchant qpay.mn",
        "https://",
    ],
)
def test_a_base_url_that_would_give_the_password_away_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="QPAY_BASE_URL") as caught:
        QPayClient(username="u", password="p", base_url=url)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), None, "5", True], ids=repr)
def test_a_timeout_is_a_number_above_zero(timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout must be a number of seconds above 0"):
        QPayClient(**SETTINGS, timeout=timeout)


@pytest.mark.parametrize("number", [-1, None, "2", 1.5, True], ids=repr)
def test_a_number_of_retries_is_a_whole_one(number: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_retries must be a whole number"):
        QPayClient(**SETTINGS, max_retries=number)


@pytest.mark.parametrize("kind", [QPayClient, AsyncQPayClient])
def test_what_is_no_store_is_refused(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"str has no get.* release"):
        kind(**SETTINGS, store="qpay.db")


def test_a_long_refusal_of_a_login_is_read_at_once(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    qpay["token"].respond(401, json={"error": "NO", "message": "a" * 500_000})
    started = time.process_time()
    with pytest.raises(AuthenticationError):
        client.tokens.get()
    # Where the time grew with the square of the length, it took minutes.
    assert time.process_time() - started < 5


def test_a_closed_client_says_so(client: QPayClient) -> None:
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        client.invoices.get("i-1")
