"""Limits are checked before anything is sent."""

from __future__ import annotations

import json
import time
from datetime import date, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from qpaykit import BranchData, InvoiceRequest, ReceiverData
from qpaykit.models import EbarimtRequest, InvoiceFields
from qpaykit.models.callback_urls import signed_callback_url
from qpaykit.models.ids import path_id
from qpaykit.models.times import format_time, period

NEEDED: dict[str, object] = {
    "sender_invoice_no": "42",
    "invoice_description": "Tea",
    "amount": 1500,
}


TIME_WANTED = 'must be a datetime, a date, or text as "2026-01-31" or "2026-01-31 23:59:59"'


def complaint(error: ValidationError) -> tuple[tuple[int | str, ...], str]:
    """Of an error with one problem: where it is, and what the user reads."""
    [problem] = error.errors()
    assert problem["type"] == "value_error"
    assert "input" not in str(error)
    return problem["loc"], problem["msg"]


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("invoice_code", 45),
        ("sender_invoice_no", 45),
        ("invoice_receiver_code", 45),
        ("invoice_description", 255),
        ("sender_branch_code", 45),
        ("sender_staff_code", 100),
        ("sender_terminal_code", 45),
        ("subscription_webhook", 255),
        ("note", 1000),
    ],
)
def test_a_text_has_its_limit(field: str, most: int) -> None:
    InvoiceRequest.model_validate({**NEEDED, field: "я" * most})
    with pytest.raises(ValidationError, match=field):
        InvoiceRequest.model_validate({**NEEDED, field: "я" * (most + 1)})


@pytest.mark.parametrize(
    "change",
    [
        {"sender_invoice_no": ""},
        {"sender_invoice_no": True},
        {"sender_invoice_no": 1.5},
        {"invoice_description": ""},
        {"amount": None},
        {"ammount": 1500},
        {"subscription_interval": "0D"},
        {"subscription_interval": "1Y"},
        {"district_code": "35"},
        {"minimum_amount": 5, "maximum_amount": 4},
        {"tax_type": "4"},
        {"expiry_date": 1700000000},
        {"expiry_date": "soon"},
    ],
    ids=str,
)
def test_what_qpay_would_refuse_is_refused_here(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        InvoiceRequest.model_validate({**NEEDED, **change})


def test_the_fields_for_type_checkers_are_the_models() -> None:
    assert set(InvoiceFields.__annotations__) == set(InvoiceRequest.model_fields)


def test_an_error_does_not_repeat_what_was_given() -> None:
    with pytest.raises(ValidationError) as caught:
        InvoiceRequest.model_validate({**NEEDED, "callback_url": "https://x/?secret=s3cr3t" * 99})
    assert "s3cr3t" not in str(caught.value)


def test_times_are_written_as_qpay_wants_each() -> None:
    moment = datetime(2026, 1, 31, 12, 0, 0, tzinfo=timezone(timedelta(hours=9)))
    request = InvoiceRequest.model_validate(
        {**NEEDED, "expiry_date": moment, "invoice_due_date": moment}
    )
    body = json.loads(request.to_json())
    assert body["expiry_date"] == "2026-01-31T03:00:00.000Z"
    assert body["invoice_due_date"] == "2026-01-31 11:00:00"


@pytest.mark.parametrize(
    ("value", "end", "written"),
    [
        (date(2026, 1, 31), False, "2026-01-31 00:00:00"),
        (date(2026, 1, 31), True, "2026-01-31 23:59:59"),
        ("2026-01-31", True, "2026-01-31 23:59:59"),
        ("2026-01-31 08:30:00", True, "2026-01-31 08:30:00"),
        ("2026-01-31T00:00:00Z", False, "2026-01-31 08:00:00"),
        (datetime(2026, 1, 31, 1, 2, 3), False, "2026-01-31 01:02:03"),  # noqa: DTZ001
        (datetime(2026, 1, 31, tzinfo=timezone.utc), False, "2026-01-31 08:00:00"),
    ],
)
def test_a_listed_time_is_ulaanbaatars(
    value: datetime | date | str, end: bool, written: str
) -> None:
    assert format_time(value, "start_date", end=end) == written


def test_a_period_may_be_a_moment_long() -> None:
    moment = "2026-01-31 08:30:00"
    assert period(moment, moment) == (moment, moment)


@pytest.mark.parametrize(
    ("start", "end", "place", "told"),
    [
        ("2026-02-01", "2026-01-31", "end_date", "must not be before start_date"),
        ("soon", "2026-01-31", "start_date", TIME_WANTED),
        ("2026-02-01", "late", "end_date", TIME_WANTED),
    ],
)
def test_a_period_that_is_none_is_refused_under_its_arguments_name(
    start: str, end: str, place: str, told: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        period(start, end)
    assert complaint(caught.value) == ((place,), told)


@pytest.mark.parametrize("value", ["", "31.01.2026", "2026-13-01", 5, None])
def test_a_time_that_is_none_is_refused_under_its_arguments_name(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        format_time(value, "start_date")
    assert complaint(caught.value) == (("start_date",), TIME_WANTED)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "a/b",
        "../../auth/token",
        "a?b",
        "a#b",
        "a%2Fb",
        "a b",
        "a\n",
        "a\x00",
        "я",
        "a" * 129,
        5,
        None,
        b"a",
    ],
)
def test_an_id_that_could_reach_another_path_is_refused(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        path_id(value, "payment_id")
    assert complaint(caught.value) == (
        ("payment_id",),
        "must be QPay's id as text: letters, digits, - and _, at most 128 of them",
    )


def test_a_signed_url_that_is_too_long_is_told_by_how_much() -> None:
    assert signed_callback_url("x" * 255) == "x" * 255
    with pytest.raises(ValidationError) as caught:
        signed_callback_url("x" * 256)
    assert complaint(caught.value) == (
        ("callback_url",),
        "would be 256 characters long, its signature included; QPay takes 255",
    )


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 10, 31, 10),  # noqa: DTZ001
        "2026-10-31 10:00:00",
        "2026-10-31T10:00:00+08:00",
        "2026-10-31T02:00:00Z",
        datetime(2026, 10, 31, 2, tzinfo=timezone.utc),
    ],
)
def test_a_moment_travels_alike_however_it_is_written(value: datetime | str) -> None:
    times = {"expiry_date": value, "next_payment_date": value, "invoice_due_date": value}
    sent = json.loads(InvoiceRequest.model_validate({**NEEDED, **times}).to_json())
    assert [sent[name] for name in times] == [
        "2026-10-31T02:00:00.000Z",
        "2026-10-31T02:00:00.000Z",
        "2026-10-31 10:00:00",
    ]


@pytest.mark.parametrize(
    ("value", "field"),
    [("0001-01-01 00:00:00", "expiry_date"), ("9999-12-31T23:59:59Z", "invoice_due_date")],
)
def test_a_moment_that_a_zone_has_no_time_for_is_refused(value: str, field: str) -> None:
    for moment in (value, datetime.fromisoformat(value.replace("Z", "+00:00"))):
        with pytest.raises(ValidationError, match=field):
            InvoiceRequest.model_validate({**NEEDED, field: moment})


@pytest.mark.parametrize("field", ["expiry_date", "invoice_due_date"])
def test_a_day_travels_as_it_is(field: str) -> None:
    for value in (date(2026, 1, 31), "2026-01-31"):
        request = InvoiceRequest.model_validate({**NEEDED, field: value})
        assert json.loads(request.to_json())[field] == "2026-01-31"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system's zone cannot be set")
def test_the_machines_own_zone_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "America/New_York")
        time.tzset()
        moment = datetime(2026, 1, 31, 12, 0, 0, 999_000)  # noqa: DTZ001
        fields = {**NEEDED, "expiry_date": moment, "invoice_due_date": moment}
        body = json.loads(InvoiceRequest.model_validate(fields).to_json())
        listed = format_time(moment, "start_date")
    time.tzset()
    assert body["expiry_date"] == "2026-01-31T04:00:00.999Z"
    assert body["invoice_due_date"] == listed == "2026-01-31 12:00:00"


def test_a_company_is_named() -> None:
    with pytest.raises(ValidationError, match="register"):
        EbarimtRequest.model_validate({"payment_id": "1", "ebarimt_receiver_type": "COMPANY"})


@pytest.mark.parametrize("party", [BranchData, ReceiverData])
def test_a_party_without_a_register_number_is_sent_without_one(party: type[BranchData]) -> None:
    assert party(name="Bat").to_json() == b'{"name":"Bat"}'
