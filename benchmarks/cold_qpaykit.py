"""A cold start with qpaykit: login, first invoice and first check."""

import sys

from qpaykit import QPayClient

client = QPayClient(
    username="bench",
    password="bench",
    invoice_code="TEST_INVOICE",
    callback_url="https://example.mn/payments?order=1234567",
    base_url=sys.argv[1],
)
invoice = client.invoices.create(
    amount=100, sender_invoice_no="1234567", invoice_description="test"
)
check = client.payments.check(invoice.invoice_id)
paid = check.is_paid()
