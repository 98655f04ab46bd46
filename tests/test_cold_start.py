"""A process that starts, makes an invoice and checks it loads nothing that this does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIRST_CALLS = """
import sys

import httpx
from qpaykit import QPayClient

ANSWERS = {
    "/v2/auth/token": {"access_token": "t", "expires_in": 4_000_000_000},
    "/v2/invoice": {"invoice_id": "i-1", "qr_text": "q", "urls": [{"name": "Khan", "link": "k:"}]},
    "/v2/payment/check": {"count": 1, "rows": [{"payment_id": "1", "payment_status": "PAID"}]},
}
qpay = httpx.MockTransport(lambda asked: httpx.Response(200, json=ANSWERS[asked.url.path]))
client = QPayClient(
    username="SHOP",
    password="hunter2-the-password",
    invoice_code="SHOP_INVOICE",
    callback_url="https://shop.mn/callback",
    http_client=httpx.Client(transport=qpay),
)
invoice = client.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Tea")
client.payments.check(invoice.invoice_id)
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-c", FIRST_CALLS], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_the_first_calls_load_their_own_models(loaded: set[str]) -> None:
    assert {"qpaykit.models.invoices", "qpaykit.models.payments"} <= loaded


@pytest.mark.parametrize(
    "module",
    [
        "pydantic.functional_serializers",
        "qpaykit.error_codes",
        "qpaykit.models.ebarimt",
        "qpaykit.models.invoice_detail",
        "qpaykit.models.payment_list",
        "qpaykit.signing",
        "tenacity",
    ],
)
def test_the_first_calls_do_not_load(loaded: set[str], module: str) -> None:
    assert module not in loaded
