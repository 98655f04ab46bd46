"""Errors: chosen by meaning, readable, picklable, and free of secrets."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import time
import traceback
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import ANY

import httpx
import pytest

import qpaykit
from helpers.answers import token_body
from helpers.settings import SETTINGS
from qpaykit import (
    ERROR_CODES,
    APIError,
    AuthenticationError,
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
    ("error", "message", "fields", "said"),
    [
        (
            {"a": {"type": "T"}, "b": {"message": "M"}, "c": "text"},
            None,
            {"a": ("T", "T"), "b": ("", "M"), "c": ("", "text")},
            "a: T; b: M; c: text",
        ),
        ({"a": {"type": "T", "message": 7}}, None, {"a": ("T", "T")}, "a: T"),
        ({"a": {"type": 7, "message": "M"}}, None, {"a": ("", "M")}, "a: M"),
        ({"a": {"type": 7, "message": 7}, "b": None}, None, {}, None),
        ({"type": "T", "message": "M"}, None, {"request": ("T", "M")}, "request: M"),
        (None, ["one", {"a": "two"}], {"0": ("", "one"), "1.a": ("", "two")}, "0: one; 1.a: two"),
        ({"a": "one"}, {"a": "two", "b": "three"}, {"a": ("", "one"), "b": ("", "three")}, ANY),
        ({"a": "one"}, "a sentence", {"a": ("", "one")}, "a sentence"),
        ({"password": "s3cret"}, None, {"password": ("", "***")}, "password: ***"),
    ],
)
def test_what_qpay_says_of_fields_is_told_by_their_names(
    client: QPayClient,
    qpay: respx.MockRouter,
    error: object,
    message: object,
    fields: dict[str, tuple[str, str]],
    said: object,
) -> None:
    answer = httpx.Response(400, json={"error": error, "message": message})
    found = error_of(client, qpay, answer)
    assert found.fields == fields
    assert found.message == said
    assert found.code == (next(iter(fields.values()))[0] or None if fields else None)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"<html>Bad</html>", b"\xff\xfe", b'{"error": 7}', b"[" * 9999],
    ids=["empty", "{}", "[]", "null", "html", "bytes", "number", "deep"],
)
def test_any_body_is_survived(client: QPayClient, qpay: respx.MockRouter, body: bytes) -> None:
    error = error_of(client, qpay, httpx.Response(400, content=body))
    assert (error.code, error.fields) == (None, {})


def test_a_long_message_of_qpays_is_cut(client: QPayClient, qpay: respx.MockRouter) -> None:
    long = {"error": "ODD", "message": "м" * 10_000}
    error = error_of(client, qpay, httpx.Response(400, json=long))
    assert error.message == "м" * 500
    assert len(str(error)) < 1000


def test_what_qpay_says_of_a_field_is_cut(client: QPayClient, qpay: respx.MockRouter) -> None:
    long = {"error": {"amount" * 200: {"type": "T" * 10_000, "message": "м" * 10_000}}}
    error = error_of(client, qpay, httpx.Response(400, json=long))
    [(name, field)] = error.fields.items()
    assert (len(name), len(field.type), len(field.message)) == (500, 500, 500)


def test_a_wait_of_any_number_of_digits_is_a_number_of_seconds(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    answer = httpx.Response(429, headers={"retry-after": "9" * 400})
    error = error_of(client, qpay, answer)
    assert error.retry_after == 999_999_999


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (" 7 ", 7.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_wait_is_a_number_of_seconds_or_a_date(
    client: QPayClient, qpay: respx.MockRouter, header: str, seconds: float | None
) -> None:
    answer = httpx.Response(400, headers={"retry-after": header})
    assert error_of(client, qpay, answer).retry_after == seconds


def test_a_wait_until_a_date_is_counted_from_now(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    answer = httpx.Response(400, headers={"retry-after": formatdate(time.time() + 100)})
    error = error_of(client, qpay, answer)
    assert error.retry_after == pytest.approx(100, abs=5)


def test_only_a_lost_invoice_is_to_be_made_again_under_a_new_number() -> None:
    def advice(operation: str, **subject: str) -> str:
        return str(
            OutcomeUnknownError(**REQUEST, operation=operation, reason="lost", subject=subject)
        )

    made = advice("invoices.create", sender_invoice_no="42")
    assert "Go on under a new sender_invoice_no" in made
    assert "Look at its state" not in made
    for other in (
        advice("invoices.cancel", invoice_id="i-1"),
        advice("payments.refund", payment_id="019"),
        advice("subscriptions.cancel", subscription_id="s-1"),
    ):
        assert "Check its state at QPay before you repeat it" in other
        assert "sender_invoice_no" not in other


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


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "through", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_an_error_survives_copying_and_pickling(error: QPayError, through: object) -> None:
    assert callable(through)
    twin = through(error)
    assert type(twin) is type(error)
    assert (str(twin), vars(twin)) == (str(error), vars(error))


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (401, {"json": {"error": "CLIENT_NOTFOUND"}}),
        (401, {"json": {"error": "MERCHANT_NOTFOUND"}}),
        (422, {"json": {"error": "MERCHANT_NOTFOUND"}}),
        (400, {"json": {"error": "VALIDATION"}}),
        (404, {"html": "<html>nginx</html>"}),
    ],
    ids=["client", "merchant", "merchant-422", "400", "a page"],
)
def test_a_refused_login_is_an_authentication_error_whatever_its_code(
    client: QPayClient, qpay: respx.MockRouter, status: int, answer: dict[str, object]
) -> None:
    qpay["token"].respond(status, **answer)  # type: ignore[arg-type]
    with pytest.raises(AuthenticationError):
        client.payments.get("p-1")


@pytest.mark.parametrize(
    ("status", "kind"), [(499, AuthenticationError), (500, ServerError), (429, RateLimitedError)]
)
def test_a_login_that_fails_for_another_reason_is_no_authentication_error(
    client: QPayClient, qpay: respx.MockRouter, status: int, kind: type[APIError]
) -> None:
    qpay["token"].respond(status, json={"error": "ODD"})
    with pytest.raises(APIError) as caught:
        client.with_options(max_retries=0).tokens.get()
    assert type(caught.value) is kind


def test_a_refused_login_shows_what_can_hold_no_token(
    client: QPayClient, qpay: respx.MockRouter
) -> None:
    said = {"message": "wrong for tok3n-that-nobody-knows", "error": {"a": {"type": "T"}}}
    qpay["token"].respond(401, json=said)
    with pytest.raises(AuthenticationError) as caught:
        client.tokens.get()
    error = caught.value
    assert (error.message, error.fields, error.code, error.body) == (
        "wrong for ***",
        {},
        None,
        "***",
    )
    assert error.path == "/auth/token"
    for code, shown in [("NO_CREDENTIALS", "NO_CREDENTIALS"), ("tok3n of a user", None)]:
        qpay["token"].respond(401, json={"error": code})
        with pytest.raises(AuthenticationError) as caught:
            client.tokens.get()
        assert (caught.value.code, caught.value.message) == (shown, None)


def test_a_refusal_that_names_no_error_shows_the_beginning_of_its_body() -> None:
    page = "<html>\n<head><title>403 Forbidden</title></head>" + "x" * 500
    text = str(APIError(403, "GET", "/invoice/1", body=page))
    assert "QPay answered 403 '<html> <head><title>403 Forbidden</title>" in text
    assert len(text) < 300


def test_a_401_says_what_to_try() -> None:
    text = str(AuthenticationError(401, "GET", "/invoice/1", code="NEW_CODE"))
    assert "Check username and password, and that base_url" in text


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_rebuilt_from_its_args_over_json(error: QPayError) -> None:
    rebuilt = type(error)(*json.loads(json.dumps(error.args)))
    assert str(rebuilt) == str(error)
    assert vars(rebuilt) | {"last": None} == vars(error) | {"last": None}


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


def test_the_text_of_an_error_shows_control_characters_of_qpays_as_escapes() -> None:
    error = InvalidRequestError(
        400, "GET", "/x", "\x1b[31m", "line\nline\u202e", {"amount": ["T", "\x9b"]}
    )
    assert r"\x1b[31m “line\nline\u202e” [amount: \x9b]" in str(error)
    assert str(error).isprintable()
    assert (error.code, error.message) == ("\x1b[31m", "line\nline\u202e")
