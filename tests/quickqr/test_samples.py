"""Every variant of an answer that is documented is read with the right values."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.invoices import make_invoice
from helpers.quickqr import COMPANY
from models.test_samples import dig
from qpaykit import AuthenticationError, ConflictError, InvoiceStatus, PaymentStatus
from qpaykit.quickqr import Merchant, MerchantPage, QuickCheck, QuickInvoice, QuickQRClient

if TYPE_CHECKING:
    import respx
    from pydantic import BaseModel

SAMPLES = Path(__file__).parent / "samples"
INVOICE = "00000000-0000-4000-8000-000000000003"
PAYMENT = "00000000-0000-4000-8000-000000000005"
MOMENT = datetime(2026, 9, 28, 3, tzinfo=timezone.utc)


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


PAID: dict[str, object] = {
    "invoice_id": INVOICE,
    "count": 1,
    "paid_amount": Decimal("100.00"),
    "payments.0.payment_id": PAYMENT,
    "payments.0.payment_status": PaymentStatus.PAID,
    "payments.0.payment_amount": Decimal("100.00"),
    "payments.0.payment_currency": "MNT",
    "payments.0.payment_date": MOMENT,
    "payments.0.payment_type": "P2P",
    "payments.0.object_id": INVOICE,
    "payments.0.wallet_customer_id": "00000000-0000-4000-8000-000000000006",
    "payments.0.p2p_transactions.0.account_bank_name": "Хаан банк",
    "payments.0.p2p_transactions.0.amount": Decimal("100.00"),
    "rows.0.payment_id": PAYMENT,
}
READINGS: list[tuple[str, type[BaseModel], dict[str, object]]] = [
    (
        "merchant-company",
        Merchant,
        {"type": "COMPANY", "register_number": "1234567", "owner_register_no": ""},
    ),
    ("merchant-person", Merchant, {"business_name": "Батын цай", "mcc_code": "5814"}),
    (
        "merchant-list",
        MerchantPage,
        {"count": 2, "rows.1.created_date": datetime(2026, 8, 11, 2, tzinfo=timezone.utc)},
    ),
    (
        "invoice-id-qr_code",
        QuickInvoice,
        {
            "invoice_id": INVOICE,
            "qr_text": "0002010102121531",
            "amount": Decimal("100.00"),
            "invoice_status": InvoiceStatus.OPEN,
            "invoice_status_date": MOMENT,
            "customer_name": "",
            "invoice_bank_accounts.0.is_default": True,
            "urls.0.description": "Хаан банк",
        },
    ),
    (
        "invoice-invoice_id-qr_text",
        QuickInvoice,
        {
            "invoice_id": INVOICE,
            "qr_text": "0002010102121531",
            "amount": Decimal(100),
            "invoice_bank_accounts.0.is_default": True,
        },
    ),
    (
        "invoice-both-names",
        QuickInvoice,
        {"invoice_id": INVOICE, "qr_text": "0002010102121531"},
    ),
    ("invoice-detail", QuickInvoice, {"invoice_status": "PAID", "urls": []}),
    ("check-unpaid", QuickCheck, {"count": 0, "paid_amount": Decimal(0), "payments": []}),
    ("check-success", QuickCheck, {**PAID, "invoice_status": "PAID"}),
    ("check-paid", QuickCheck, {**PAID, "invoice_status": InvoiceStatus.CLOSED}),
]


@pytest.mark.parametrize(("name", "model", "values"), READINGS, ids=[row[0] for row in READINGS])
def test_a_sample_is_read(name: str, model: type[BaseModel], values: dict[str, object]) -> None:
    read = model.model_validate_json(sample(name))
    assert {path: dig(read, path) for path in values} == values


def test_every_sample_is_read_by_a_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in SAMPLES.iterdir() if f'"{path.stem}"' not in here] == []


@pytest.mark.parametrize("name", ["places-list", "places-in-an-object"])
def test_places_are_read_from_a_list_and_from_an_object(
    quickqr: QuickQRClient, qpay: respx.MockRouter, name: str
) -> None:
    qpay.get("/aimaghot").respond(content=sample(name))
    qpay.get("/sumduureg/11000").respond(content=sample(name))
    for found in (quickqr.places.cities(), quickqr.places.districts("11000")):
        assert [(one.code, one.name) for one in found] == [
            ("11000", "Улаанбаатар"),
            ("21000", "Дорнод"),
        ]


@pytest.mark.parametrize(
    "name", ["invoice-id-qr_code", "invoice-invoice_id-qr_text", "invoice-both-names"]
)
def test_an_invoice_is_made_under_each_of_its_names(
    quickqr: QuickQRClient, qpay: respx.MockRouter, name: str
) -> None:
    qpay.post("/invoice").respond(content=sample(name))
    invoice = make_invoice(quickqr)
    assert (invoice.invoice_id, invoice.qr_text) == (INVOICE, "0002010102121531")


@pytest.mark.parametrize(
    ("name", "status_code", "kind"),
    [("error-registered", 409, ConflictError), ("error-unauthorized", 401, AuthenticationError)],
)
def test_an_error_is_raised_by_what_it_means(
    quickqr: QuickQRClient,
    qpay: respx.MockRouter,
    name: str,
    status_code: int,
    kind: type[ConflictError | AuthenticationError],
) -> None:
    qpay.post("/merchant/company").respond(status_code, content=sample(name))
    with pytest.raises(kind) as caught:
        quickqr.merchants.create_company(**COMPANY)
    assert caught.value.code == json.loads(sample(name))["error"]


def test_what_a_cancellation_is_answered_with_makes_no_difference(
    quickqr: QuickQRClient, qpay: respx.MockRouter
) -> None:
    qpay.delete(f"/invoice/{INVOICE}").respond(content=sample("cancelled"))
    quickqr.invoices.cancel(INVOICE)


@pytest.mark.parametrize(
    "model", [Merchant, MerchantPage, QuickInvoice, QuickCheck], ids=lambda model: model.__name__
)
def test_everything_may_be_missing_or_null(model: type[BaseModel]) -> None:
    model.model_validate({})
    model.model_validate(dict.fromkeys(model.model_fields))
