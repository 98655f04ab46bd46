"""The wrong twin of shop.py: every marked line is a wrong call, and no other line is an error."""

from __future__ import annotations

from qpaykit import CallbackDispatcher, Invoice, Payment, PaymentEvent, QPayClient


def sell(client: QPayClient, invoice: Invoice, payment: Payment) -> None:
    client.invoices.create(amount=[1], sender_invoice_no=7, invoice_description="Tea")  # error
    client.invoices.create(amount=1, sender_invoice_no=7.5, invoice_description="Tea")  # error
    client.invoices.create(amount=1, sender_invoice_no=7)  # error
    invoice.to_html("fr")  # error
    invoice.to_html(logo=True)  # error
    invoice.qr_svg(8)  # error
    number: int = payment.payment_id  # error
    cents: int = payment.payment_amount  # error
    client.payments.wait(invoice, amount=1)  # error
    client.payments.iterate(start=1)  # error
    client.payments.list(merchant_branch="B1")  # error
    client.ebarimt.create(payment)  # error
    client.payments.refund(payment.payment_id)  # error
    client.request("GET")  # error
    client.request("GET", "/terminal", body={})  # error
    client.store.deliveries("2026-01-01")  # error
    del number, cents


def callbacks(client: QPayClient, event: PaymentEvent) -> None:
    dispatcher = CallbackDispatcher(client)
    dispatcher.on_overpaid(lambda: None)  # error
    dispatcher.on_overpaid("handler")  # error
    order: int = event.order_no  # error
    due: str = event.due  # error
    del order, due
