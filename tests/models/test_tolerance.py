"""Whatever an answer lacks, or says in an unknown way, it is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import AliasChoices

from qpaykit import models
from qpaykit.models import Payment, PaymentCheck, TokenResponse
from qpaykit.models.base import ResponseModel

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

ANSWERS = [
    model
    for name in models.__all__
    if isinstance(model := getattr(models, name), type) and issubclass(model, ResponseModel)
]


def spellings(name: str, field: FieldInfo) -> list[str]:
    if isinstance(field.validation_alias, AliasChoices):
        return [str(choice) for choice in field.validation_alias.choices]
    return [field.alias or name]


FIELDS = [
    pytest.param(model, name, spelling, id=f"{model.__name__}.{spelling}")
    for model in ANSWERS
    for name, field in model.model_fields.items()
    for spelling in spellings(name, field)
]


@pytest.mark.parametrize(("model", "name", "spelling"), FIELDS)
def test_a_field_that_is_null_is_a_field_that_is_missing(
    model: type[ResponseModel], name: str, spelling: str
) -> None:
    read = model.model_validate_json(json.dumps({spelling: None}))
    assert getattr(read, name) == getattr(model.model_validate_json("{}"), name)


@pytest.mark.parametrize(("model", "name", "spelling"), FIELDS)
def test_an_empty_text_stays_text_or_is_a_field_that_is_missing(
    model: type[ResponseModel], name: str, spelling: str
) -> None:
    read = getattr(model.model_validate_json(json.dumps({spelling: ""})), name)
    missing = getattr(model.model_validate_json("{}"), name)
    plain_text = "Enum" not in str(model.model_fields[name].annotation) and read == ""
    assert plain_text or read == missing


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (models.Payment, "payment_status"),
        (models.Payment, "transaction_type"),
        (models.Payment, "object_type"),
        (models.PaymentRow, "payment_type"),
        (models.PaymentListRow, "paid_by"),
        (models.CallbackPayment, "payment_status"),
        (models.InvoiceDetail, "invoice_status"),
        (models.InvoiceDetailCharge, "tax_code"),
        (models.Ebarimt, "barimt_status"),
        (models.Ebarimt, "ebarimt_receiver_type"),
        (models.Ebarimt, "tax_type"),
    ],
)
def test_an_unknown_word_is_kept_and_an_empty_one_is_none(
    model: type[ResponseModel], name: str
) -> None:
    assert getattr(model.model_validate({name: "WHAT_IS_THIS"}), name) == "WHAT_IS_THIS"
    assert getattr(model.model_validate({name: ""}), name) is None


def test_an_unreadable_boolean_does_not_break_the_check() -> None:
    card = {"is_cross_border": "perhaps", "amount": "100.00"}
    check = PaymentCheck.model_validate(
        {"rows": [{"payment_status": "PAID", "payment_amount": 100, "card_transactions": [card]}]}
    )
    assert check.is_paid(100)
    assert check.rows[0].card_transactions[0].is_cross_border is None


def test_an_unreadable_amount_is_an_error() -> None:
    # Unlike a date: whether an order is delivered hangs on it.
    with pytest.raises(ValueError, match="payment_amount"):
        Payment.model_validate({"payment_amount": "1,500.00"})


def test_an_unknown_field_beside_the_tokens_is_kept_but_not_shown() -> None:
    answer = TokenResponse.model_validate({"access_token": "s3cr3t", "id_token": "s3cr3t"})
    assert answer.model_extra == {"id_token": "s3cr3t"}
    assert "s3cr3t" not in repr(answer) + str(answer)
