"""The one table of QPay's error codes, and the rule for codes that it does not know."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import MutableMapping
from typing import Any, cast

import pytest

from qpaykit import (
    ERROR_CODES,
    AuthenticationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    QPayError,
)
from qpaykit.error_codes import ErrorCode, ErrorKind, kind_of
from qpaykit.errors import api_error_class

SEEN_ON_THE_WIRE = {
    "NO_CREDENTIALS",
    "PAYMENT_SETTLED",
    "SYSTEM_BUSY",
    "BARIMT_NOT_FOUND",
    "TypeError",
    "VAT_AMOUNT_INVALID",
    "CLASSIFICATION_CODE_INVALID",
    "MAX_LENGTH",
    "MIN_NUMBER",
}
LEFT_TO_THE_STATUS = {
    "EBARIMT_CANCEL_NOTSUPPERDED",
    "EBARIMT_NOT_REGISTERED",
    "MERCHANT_INACTIVE",
    "OBJECT_DATA_ERROR",
    "PAYMENT_NOT_PAID",
    "QRACCOUNT_INACTIVE",
    "TRANSACTION_NOT_APPROVED",
}

every_code = pytest.mark.parametrize("entry", ERROR_CODES.values(), ids=lambda entry: entry.code)


def test_the_official_codes_are_fifty_two() -> None:
    assert sum(entry.listed for entry in ERROR_CODES.values()) == 52


def test_codes_that_were_only_seen_are_marked_as_such() -> None:
    unlisted = {entry.code for entry in ERROR_CODES.values() if not entry.listed}
    assert unlisted == SEEN_ON_THE_WIRE


@pytest.mark.parametrize(
    ("code", "english", "mongolian"),
    [
        (
            "CLIENT_USERNAME_DUPLICATED",
            "Client username is already exist!",
            "Клиентийн хэрэглэгчийн нэр давхацсан",
        ),
        (
            "NO_CREDENDIALS",
            "Your credential is invalid. Please login!",
            "Хандах эрхгүй байна. Нэвтрэнэ үү.",
        ),
        (
            "EBARIMT_CANCEL_NOTSUPPERDED",
            "qPay service eBarimt unregister function not supported",
            "qPay үйлчилгээ и-баримтыг цуцлах боломжгүй байна.",
        ),
    ],
)
def test_official_texts_keep_their_slips(code: str, english: str, mongolian: str) -> None:
    assert (ERROR_CODES[code].english, ERROR_CODES[code].mongolian) == (english, mongolian)


@every_code
def test_every_entry_stands_under_its_own_code(entry: ErrorCode) -> None:
    assert ERROR_CODES[entry.code] is entry


@every_code
def test_every_entry_gives_one_short_sentence_of_advice_in_both_languages(entry: ErrorCode) -> None:
    for advice in (entry.advice, entry.advice_mn):
        assert advice.endswith(".")
        assert len(advice) <= 120
        assert ". " not in advice
    assert not re.search("[А-яӨөҮү]", entry.english + entry.advice)
    assert re.search("[а-яөү]", entry.mongolian)
    assert re.search("[а-яөү]", entry.advice_mn)


@every_code
def test_the_table_and_the_rule_agree(entry: ErrorCode) -> None:
    assert entry.kind is kind_of(entry.code)
    assert (entry.kind is None) == (entry.code in LEFT_TO_THE_STATUS)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INVOICE_PAID", ErrorKind.CONFLICT),
        ("QRCODE_USED", ErrorKind.CONFLICT),
        ("CUSTOMER_DUPLICATE", ErrorKind.CONFLICT),
        ("PAYMENT_SETTLED", ErrorKind.CONFLICT),
        ("NO_CREDENTIALS", ErrorKind.AUTHENTICATION),
        ("NO_CREDENDIALS", ErrorKind.AUTHENTICATION),
        ("AUTHENTICATION_FAILED", ErrorKind.AUTHENTICATION),
        ("PERMISSION_DENIED", ErrorKind.PERMISSION),
        ("SYSTEM_BUSY", ErrorKind.SERVER),
        ("TypeError", ErrorKind.SERVER),
    ],
)
def test_a_code_of_its_own_form_has_the_kind_that_qpay_means(code: str, kind: ErrorKind) -> None:
    assert kind_of(code) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("WALLET_NOTFOUND", ErrorKind.NOT_FOUND),
        ("WALLET_NOT_FOUND", ErrorKind.NOT_FOUND),
        ("WALLET_DUPLICATED", ErrorKind.CONFLICT),
        ("WALLET_ALREADY_CANCELED", ErrorKind.CONFLICT),
        ("WALLET_ALREADY_LINKED", ErrorKind.CONFLICT),
        ("WALLET_CODE_REGISTERED", ErrorKind.CONFLICT),
        ("WALLET_REQUIRED", ErrorKind.INVALID_REQUEST),
        ("WALLET_INVALID", ErrorKind.INVALID_REQUEST),
        ("INVALID_WALLET", ErrorKind.INVALID_REQUEST),
        ("MAX_WALLETS", ErrorKind.INVALID_REQUEST),
        ("MIN_WALLETS", ErrorKind.INVALID_REQUEST),
    ],
)
def test_a_code_that_is_not_known_is_read_by_its_form(code: str, kind: ErrorKind) -> None:
    assert code not in ERROR_CODES
    assert kind_of(code) is kind


@pytest.mark.parametrize("code", [None, "", "SOMETHING_ELSE", "WALLET_NOT_REGISTERED"])
def test_what_has_no_known_form_is_left_to_the_status(code: str | None) -> None:
    assert kind_of(code) is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TOKEN_INVALID", AuthenticationError),
        ("INVALID_TOKEN", AuthenticationError),
        ("AUTHORIZATION_REQUIRED", AuthenticationError),
        ("SESSION_NOT_FOUND", AuthenticationError),
        ("TOKEN_ALREADY_USED", AuthenticationError),
        (None, AuthenticationError),
        ("NO_CREDENTIALS", AuthenticationError),
        ("PERMISSION_DENIED", PermissionDeniedError),
        ("INVOICE_PAID", ConflictError),
        ("INVOICE_NOTFOUND", NotFoundError),
    ],
)
def test_beside_a_401_only_a_code_of_the_table_decides(
    code: str | None, kind: type[QPayError]
) -> None:
    assert api_error_class(401, code) is kind


def test_the_table_cannot_be_changed() -> None:
    table = cast("MutableMapping[str, Any]", ERROR_CODES)
    with pytest.raises(TypeError):
        table["INVOICE_PAID"] = None
    entry: Any = ERROR_CODES["INVOICE_PAID"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.english = "changed"
