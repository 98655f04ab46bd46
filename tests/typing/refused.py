"""What a type checker must refuse: every marked line is an error, and no other line is."""

from __future__ import annotations

from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    InvoiceLine,
    InvoiceRequest,
    PaymentEvent,
    QPayClient,
)

client = QPayClient(user="x")  # error
client = QPayClient(timeout="15")  # error
client.invoices.create(ammount=1500, sender_invoice_no="42", invoice_description="x")  # error
client.invoices.create(amount=[], sender_invoice_no="42", invoice_description="x")  # error
client.invoices.create(amount=1500, invoice_description="x")  # error
client.invoices.create(amount=1500, sender_invoice_no=42, invoice_description="x")  # error
client.invoices.create("42")  # error
client.invoices.get(42)  # error
client.invoices.get()  # error
client.payments.refund("8e25")  # error
client.payments.refund("8e25", "cold")  # error
client.payments.check("i-1", page=2)  # error
client.payments.list(start_date="2026-01-01")  # error
client.invoices.get("i-1").total()  # error
InvoiceRequest(amount=1500, sender_invoice_no="42", description="x")  # error
InvoiceLine(line_description="x", line_quantity=None, line_unit_price=1)  # error
InvoiceLine.with_vat(line_description="x", price=1)  # error

dispatcher = CallbackDispatcher(client)
awaited = AsyncCallbackDispatcher(AsyncQPayClient())
CallbackDispatcher(AsyncQPayClient())  # error


def sync_handler(event: PaymentEvent) -> None: ...


def wrong_handler(event: str) -> None: ...


async def async_handler(event: PaymentEvent) -> None: ...


dispatcher.on_paid(wrong_handler)  # error
awaited.on_paid(sync_handler)  # error
awaited.on_paid(async_handler)
dispatcher.on_paid(sync_handler)
