"""What a type checker must refuse: every marked line is an error, and no other line is."""

from __future__ import annotations

import httpx

from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    InvoiceLine,
    InvoiceRequest,
    PaymentEvent,
    QPayClient,
)
from qpaykit.integrations import wsgi
from qpaykit.quickqr import AsyncQuickQRClient, QuickQRClient

client = QPayClient(user="x")  # error
client = QPayClient(timeout="15")  # error
client = QPayClient(http_client=httpx.AsyncClient())  # error
client = QPayClient(http_client="httpx")  # error
client = QPayClient(store={})  # error
client = QPayClient("SHOP", "password")  # error
client.invoices.create(ammount=1500, sender_invoice_no="42", invoice_description="x")  # error
client.invoices.create(amount=[], sender_invoice_no="42", invoice_description="x")  # error
client.invoices.create(amount=1500, invoice_description="x")  # error
client.invoices.create(amount=1500, sender_invoice_no=4.2, invoice_description="x")  # error
client.invoices.create(sender_invoice_no="42", invoice_description="x", lines=1)  # error
client.invoices.create("42")  # error
client.invoices.get(42)  # error
client.invoices.get()  # error
client.payments.refund("8e25")  # error
client.payments.refund("8e25", "cold")  # error
client.payments.check("i-1", page=2)  # error
client.payments.list(start_date=20260101)  # error
client.invoices.get("i-1").total()  # error
InvoiceRequest(amount=1500, sender_invoice_no="42", description="x")  # error
InvoiceLine(line_description="x", line_quantity=None, line_unit_price=1)  # error
InvoiceLine.with_vat(line_description="x", price=1)  # error

awaited_client = AsyncQPayClient()
AsyncQPayClient(http_client=httpx.Client())  # error
awaited_client.invoices.create(sender_invoice_no=42, invoice_description="x")  # error
awaited_client.invoices.create(amount=1500, invoice_description="x")  # error
awaited_client.invoices.get("i-1").cancel()  # error
awaited_client.payments.refund("8e25")  # error

quickqr = QuickQRClient(invoice_code="x")  # error
quickqr.invoices.create(merchant_id="m", amount=1, order="1", description="x")  # error
quickqr.invoices.get(42)  # error
quickqr.merchants.create_company(register_number="1234567", name="x")  # error
quickqr.merchants.ensure_person(first_name=1)  # error
quickqr.merchants.get("m-1").total()  # error
quickqr.payments.get("p-1")  # error
AsyncQuickQRClient().places.cities().sort()  # error
CallbackDispatcher(AsyncQuickQRClient())  # error

dispatcher = CallbackDispatcher(client)
awaited = AsyncCallbackDispatcher(awaited_client)
CallbackDispatcher(awaited_client)  # error
AsyncCallbackDispatcher(client)  # error


def sync_handler(event: PaymentEvent) -> None: ...


def wrong_handler(event: str) -> None: ...


def counting_handler(event: PaymentEvent) -> int:
    return 1


async def async_handler(event: PaymentEvent) -> None: ...


def of_no_session(event: PaymentEvent) -> None:
    event.session.add(1)  # error


wsgi.callback_app(awaited)  # error


dispatcher.on_paid(wrong_handler)  # error
dispatcher.on("PARTIAL")(wrong_handler)  # error
dispatcher.on_paid(async_handler)  # error
dispatcher.on("PARTIAL")(async_handler)  # error
dispatcher.on_other(async_handler)  # error
awaited.on_paid(sync_handler)  # error
awaited.on("PARTIAL")(sync_handler)  # error
dispatcher.on_paid(sync_handler)(event="PAID")  # error
dispatcher.on_paid(counting_handler)  # error
awaited.on_paid(async_handler)
dispatcher.on_paid(sync_handler)
