"""A day of a shop, strictly typed: no `is None` that a shop would find silly. Never run."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

from qpaykit import BankLink, CallbackDispatcher, PaymentEvent, QPayClient, bank_name


def sell(client: QPayClient, number: int, amount: Decimal) -> str:
    invoice = client.invoices.create(
        amount=amount, sender_invoice_no=number, invoice_description="Tea"
    )
    page = Path(f"order-{number}.html")
    page.write_text(invoice.to_html("mn") + invoice.qr_svg())
    Path(f"order-{number}.png").write_bytes(invoice.qr_png())
    print("Scan", invoice.qr_text.strip(), "or open", invoice.qpay_short_url.lower())
    for url in invoice.urls:
        print(button(url))
    return invoice.invoice_id


def button(url: BankLink) -> str:
    return f"{url.name.upper()}: {url.description.strip()} {url.logo.lower()} {url.link.strip()}"


def receipt(client: QPayClient, invoice_id: str, amount: Decimal) -> Decimal:
    check = client.payments.wait(invoice_id, amount=amount, timeout=60)
    for row in check.rows:
        payment = client.payments.get(row.payment_id)
        left: Decimal = payment.payment_amount - payment.payment_fee
        print(payment.payment_id.strip(), payment.payment_type, left, payment.payment_date)
        made = client.ebarimt.create(payment.payment_id)
        for item in made.barimt_items:
            print(item.name, item.quantity, item.total_amount)
    return check.paid_total() - sum((row.payment_fee for row in check.rows), Decimal(0))


def month(client: QPayClient, first: date, last: date) -> Decimal:
    total = Decimal(0)
    with Path("month.csv").open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        for row in client.payments.iterate(start_date=first, end_date=last):
            left = row.payment_amount - row.payment_fee
            table.writerow([row.payment_id.zfill(15), row.payment_date, row.payment_amount, left])
            total += left
    return total


def give_back(client: QPayClient, payment_id: str) -> None:
    payment = client.payments.get(payment_id)
    if payment.payment_type == "CARD" and payment.payment_amount > 0:
        client.payments.refund(payment.payment_id, note="cold")


def callbacks(client: QPayClient) -> CallbackDispatcher:
    dispatcher = CallbackDispatcher(client)

    @dispatcher.on_paid
    def deliver(event: PaymentEvent) -> None:
        missing: Decimal = event.due - event.amount
        print(event.order_no.strip(), event.payment_id.strip(), event.invoice_id.strip(), missing)

    @dispatcher.on_overpaid
    def refund(event: PaymentEvent) -> None:
        give_back(client, event.payment_id)

    return dispatcher


def books(client: QPayClient) -> Decimal:
    print(bank_name("050000", "mn"))
    return sum((one.amount for one in client.store.deliveries()), Decimal(0))
