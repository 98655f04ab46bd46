"""A cold start by hand: login, first invoice and first check, with httpx and pydantic."""

import sys
from decimal import Decimal

import httpx
from pydantic import BaseModel


class InvoiceRequest(BaseModel):
    invoice_code: str
    sender_invoice_no: str
    invoice_receiver_code: str
    invoice_description: str
    amount: Decimal
    callback_url: str


class BankLink(BaseModel):
    name: str
    description: str
    logo: str
    link: str


class Invoice(BaseModel):
    invoice_id: str
    qr_text: str
    qr_image: str
    qPay_shortUrl: str
    urls: list[BankLink]


class PaymentRow(BaseModel):
    payment_id: str
    payment_status: str
    payment_amount: Decimal
    payment_currency: str


class PaymentCheck(BaseModel):
    count: int
    paid_amount: Decimal
    rows: list[PaymentRow]


url = sys.argv[1]
client = httpx.Client(base_url=url, timeout=15)
answer = client.post("/v2/auth/token", auth=("bench", "bench"))
answer.raise_for_status()
token = answer.json()["access_token"]
bearer = {"Authorization": f"Bearer {token}"}
request = InvoiceRequest(
    invoice_code="TEST_INVOICE",
    sender_invoice_no="1234567",
    invoice_receiver_code="terminal",
    invoice_description="test",
    amount=Decimal(100),
    callback_url="https://example.mn/payments?order=1234567",
)
answer = client.post(
    "/v2/invoice",
    content=request.model_dump_json(),
    headers={**bearer, "Content-Type": "application/json"},
)
answer.raise_for_status()
invoice = Invoice.model_validate_json(answer.content)
answer = client.post(
    "/v2/payment/check",
    json={
        "object_type": "INVOICE",
        "object_id": invoice.invoice_id,
        "offset": {"page_number": 1, "page_limit": 100},
    },
    headers=bearer,
)
answer.raise_for_status()
check = PaymentCheck.model_validate_json(answer.content)
paid = any(row.payment_status == "PAID" for row in check.rows)
