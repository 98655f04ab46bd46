"""Every recorded body is read with the right values."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from qpaykit import (
    CallbackPayment,
    Ebarimt,
    Invoice,
    InvoiceDetail,
    InvoiceRequest,
    Payment,
    PaymentCheck,
    PaymentPage,
    PaymentStatus,
    PaymentType,
)
from qpaykit.models import CancelRequest, CheckRequest, EbarimtRequest, ListRequest, TokenResponse

if TYPE_CHECKING:
    from pydantic import BaseModel

SAMPLES = Path(__file__).parent.parent / "samples"
ID = "d50f49f2-9032-4a74-8929-530531f28f63"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def dig(value: object, path: str) -> object:
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else getattr(value, step)
    return value


READINGS: list[tuple[str, type[BaseModel], dict[str, object]]] = [
    (
        "auth-1",
        TokenResponse,
        {
            "expires_in": Decimal(1646967792),
            "refresh_expires_in": Decimal(1646967792),
            "access_token": "<access-jwt>",
            "refresh_token": "<refresh-jwt>",
            "not_before_policy": "0",
            "session_state": "prod",
        },
    ),
    ("auth-2", TokenResponse, {"expires_in": Decimal(1769756525), "session_state": "sandbox"}),
    (
        "token-production",
        TokenResponse,
        {"expires_in": Decimal(1770981746), "refresh_expires_in": None, "scope": None},
    ),
    (
        "invoice-create-1",
        Invoice,
        {
            "invoice_id": ID,
            "qpay_short_url": "https://s.qpay.mn/EXAMPLE01",
            "urls.0.name": "Khan bank",
            "urls.0.description": "Хаан банк",
            "urls.0.logo": "https://qpay.mn/q/logo/khanbank.png",
        },
    ),
    (
        "invoice-create-empty-image",
        Invoice,
        {"invoice_id": ID, "qr_image": "", "urls": [], "wallet_link": None},
    ),
    (
        "invoice-get-1",
        InvoiceDetail,
        {
            "invoice_status": "OPEN",
            "total_amount": Decimal("220.00"),
            "gross_amount": Decimal(200),
            "tax_amount": Decimal(20),
            "minimum_amount": None,
            "enable_expiry": True,
            "expiry_date": utc("2025-10-29T07:48:01.724"),
            "lines.0.line_quantity": Decimal("1.00"),
            "lines.0.line_unit_price": Decimal("200.00"),
            "transactions": [],
        },
    ),
    (
        "payment-get-p2p-1",
        Payment,
        {
            "payment_id": "493622150113497",
            "payment_status": PaymentStatus.PAID,
            "payment_fee": Decimal("1.00"),
            "payment_amount": Decimal("100.00"),
            "payment_date": utc("2022-03-11T05:57:47.336"),
            "transaction_type": PaymentType.P2P,
            "object_id": ID,
            "next_payment_date": None,
            "card_transactions": [],
            "p2p_transactions.0.amount": Decimal("99.00"),
            "p2p_transactions.0.account_bank_name": "Хаан банк",
        },
    ),
    (
        "payment-get-card-1",
        Payment,
        {
            "payment_id": "8e25b4d5-fe5a-4d0f-b050-def68a82aaad",
            "transaction_type": PaymentType.CARD,
            "card_transactions.0.amount": Decimal("100.00"),
            "card_transactions.0.currency": "MNT",
            "card_transactions.0.status": "SUCCESS",
            "card_transactions.0.date": utc("2022-03-11T06:23:49.233"),
            "card_transactions.0.card_number": "6234 58** **** 0000",
            "card_transactions.0.is_cross_border": False,
        },
    ),
    (
        "payment-check-p2p-1",
        PaymentCheck,
        {
            "count": 1,
            "paid_amount": Decimal(100),
            "rows.0.trx_fee": Decimal("1.00"),
            "rows.0.payment_type": PaymentType.P2P,
            "rows.0.payment_date": None,
            "rows.0.payment_wallet": "Хаан банк апп",
            "rows.0.p2p_transactions.0.settlement_status": "SETTLED",
        },
    ),
    (
        "payment-check-card-1",
        PaymentCheck,
        {
            "rows.0.card_transactions.0.amount": Decimal("100.00"),
            "rows.0.card_transactions.0.date": utc("2022-03-11T06:23:48.586"),
            "rows.0.card_transactions.0.settlement_status": "PENDING",
        },
    ),
    (
        "payment-check-sparse",
        PaymentCheck,
        {
            "rows.0.payment_amount": Decimal(100),
            "rows.0.payment_wallet": None,
            "rows.0.card_transactions": [],
        },
    ),
    ("payment-check-unpaid-1", PaymentCheck, {"count": 0, "paid_amount": Decimal(0), "rows": []}),
    ("payment-list-empty-1", PaymentPage, {"count": 0, "rows": []}),
    (
        "ebarimt-v3-create-1",
        Ebarimt,
        {
            "barimt_status": "REGISTERED",
            "amount": Decimal("200.00"),
            "vat_amount": Decimal("0.00"),
            "merchant_register_no": "0000000",
            "ebarimt_receipt_id": "0" * 33,
            "barimt_status_date": utc("2024-11-04T05:45:42.945"),
        },
    ),
    ("ebarimt-v3-cancel-1", Ebarimt, {"barimt_status": "CANCELED", "vat_amount": Decimal("9.09")}),
    ("empty-1", Ebarimt, {"id": None, "amount": None, "barimt_items": []}),
    (
        "callback-post",
        CallbackPayment,
        {
            "payment_id": "593744473409193",
            "payment_fee": Decimal("1.0"),
            "payment_amount": Decimal(1500),
            "payment_description": "Цай",
            "sender_invoice_no": "42",
        },
    ),
]


@pytest.mark.parametrize(("name", "model", "expected"), READINGS, ids=[r[0] for r in READINGS])
def test_an_answer_is_read_with_its_values(
    name: str, model: type[BaseModel], expected: dict[str, object]
) -> None:
    answer = model.model_validate_json(sample(name))
    assert {path: dig(answer, path) for path in expected} == expected


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("invoice-create-req-simple-1", InvoiceRequest),
        ("invoice-create-req-ebarimt-1", InvoiceRequest),
        ("payment-check-req-1", CheckRequest),
        ("payment-list-req-1", ListRequest),
        ("payment-cancel-req-1", CancelRequest),
        ("payment-refund-req-1", CancelRequest),
        ("ebarimt-create-req-1", EbarimtRequest),
        ("ebarimt-create-req-3", EbarimtRequest),
    ],
)
def test_a_request_is_written_as_qpays_own_example(name: str, model: type[BaseModel]) -> None:
    expected = json.loads(sample(name))
    written = json.loads(model.model_validate(expected).model_dump_json(exclude_none=True))
    if name == "invoice-create-req-ebarimt-1":
        # Taxes are always written with four decimals: 90.91 is 90.9100.
        expected["lines"][1]["taxes"][0]["amount"] = "90.9100"
    assert written == expected


def test_qpays_full_example_is_taken_without_its_slips() -> None:
    example = json.loads(sample("invoice-create-req-full-1"))
    with pytest.raises(ValidationError, match=r"amount is 200\.00, and the lines come to 220\.00"):
        InvoiceRequest.model_validate(example)
    request = InvoiceRequest.model_validate({**example, "amount": 220})
    assert request.enable_expiry is False
    assert request.lines is not None
    assert request.lines[0].line_unit_price == Decimal(200)


def test_the_subscription_example_is_taken() -> None:
    request = InvoiceRequest.model_validate(json.loads(sample("invoice-create-req-subscription-1")))
    assert request.subscription_interval == "9999M"
    assert json.loads(request.to_json())["expiry_date"] == "2025-10-31"


@pytest.mark.parametrize(
    "model", [Invoice, InvoiceDetail, Payment, PaymentCheck, PaymentPage, Ebarimt, TokenResponse]
)
def test_everything_may_be_missing_or_null(model: type[BaseModel]) -> None:
    model.model_validate({})
    names = {name: None for name in model.model_fields if name != "invoice_id"}
    model.model_validate(names)


def test_unknown_fields_and_unknown_words_are_kept() -> None:
    payment = Payment.model_validate({"payment_status": "ON_HOLD", "new_field": 7})
    assert payment.payment_status == "ON_HOLD"
    assert payment.model_extra == {"new_field": 7}


def test_a_status_is_both_a_name_and_its_text() -> None:
    status = Payment.model_validate({"payment_status": "PAID"}).payment_status
    assert status is PaymentStatus.PAID
    assert (status, f"{status}") == ("PAID", "PAID")


def test_a_number_for_an_id_becomes_text() -> None:
    assert Payment.model_validate_json('{"payment_id": 193}').payment_id == "193"


def test_the_older_edition_of_a_check_is_read() -> None:
    row = {"payment_date": "2020-01-02 03:04:05", "payment_fee": 1, "transaction_type": "P2P"}
    read = PaymentCheck.model_validate({"rows": [row]}).rows[0]
    assert read.trx_fee == 1
    assert read.payment_type == "P2P"
    assert read.payment_date is not None
    assert read.payment_date.utcoffset() == timedelta(hours=8)


def test_the_names_of_qpays_tables_are_read_too() -> None:
    link = {"name": "Khan bank", "link": "khanbank://q?qPay_QRcode=1"}
    assert Invoice.model_validate({"qPay_deeplink": [link]}).urls[0].name == "Khan bank"
    payment = Payment.model_validate({"card_tansactions": [{"amount": "1.00"}]})
    assert payment.card_transactions[0].amount == 1


def test_the_wallets_link_is_not_a_banks_link_with_qpay_in_its_query() -> None:
    bank = {"name": "Khan bank", "link": "khanbank://q?qPay_QRcode=1"}
    wallet = {"name": "Wallet", "link": "qpaywallet://q?qPay_QRcode=1"}
    assert Invoice.model_validate({"urls": [bank]}).wallet_link is None
    assert Invoice.model_validate({"urls": [bank, wallet]}).wallet_link == wallet["link"]


def test_an_unreadable_time_does_not_break_the_payment() -> None:
    payment = Payment.model_validate({"payment_date": "yesterday", "payment_amount": "5.00"})
    assert payment.payment_date is None
    assert payment.payment_amount == 5


def test_answers_cannot_be_changed() -> None:
    payment = Payment.model_validate({"payment_amount": "5.00"})
    with pytest.raises(ValueError, match="frozen"):
        payment.payment_amount = Decimal(7)


def test_a_number_keeps_its_digits() -> None:
    assert Payment.model_validate_json('{"payment_amount": 219.99}').payment_amount == Decimal(
        "219.99"
    )


def test_tokens_are_not_shown() -> None:
    shown = repr(TokenResponse.model_validate_json(sample("auth-1")))
    assert "<access-jwt>" not in shown
    assert "<refresh-jwt>" not in shown
