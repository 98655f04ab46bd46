"""Two merchants of one QPay: neither sees, changes or pays back what is the other's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from qpaykit import ULAANBAATAR, Invoice, NotFoundError, PermissionDeniedError, QPayClient
from qpaykit.simulator import Simulator


class Sale(NamedTuple):
    """What one merchant has: an invoice that was paid by card, and its receipt."""

    invoice: Invoice
    payment_id: str
    receipt_id: str


@pytest.fixture
def sale(qpay_simulator: Simulator, qpay_client: QPayClient) -> Sale:
    invoice = qpay_client.invoices.create(
        amount=1500,
        sender_invoice_no="42",
        invoice_description="Tea",
        allow_subscribe=True,
        subscription_interval="1M",
        subscription_webhook="https://shop.test/subscription",
    )
    payment_id = qpay_simulator.pay(invoice.invoice_id, method="CARD", callbacks=0)
    receipt = qpay_client.ebarimt.create(payment_id)
    assert receipt.id
    return Sale(invoice, payment_id, receipt.id)


@pytest.fixture
def other(qpay_simulator: Simulator) -> Iterator[QPayClient]:
    """A merchant whose invoice code has the same name."""
    qpay_simulator.add_account("OTHER", "password")
    settings = qpay_simulator.credentials
    settings["username"], settings["password"] = "OTHER", "password"
    with QPayClient(**settings) as client:
        yield client


# A day more on both sides, for the clock may strike midnight in between.
DAY = timedelta(days=1)
SPAN: dict[str, Any] = {
    "start_date": datetime.now(ULAANBAATAR) - DAY,
    "end_date": datetime.now(ULAANBAATAR) + DAY,
}
LOOKS: dict[str, Callable[[QPayClient, Sale], object]] = {
    "an invoice": lambda c, sale: c.invoices.get(sale.invoice.invoice_id),
    "a payment": lambda c, sale: c.payments.get(sale.payment_id),
    "an invoice's payments": lambda c, sale: c.payments.check(sale.invoice.invoice_id),
    "a QR code's payments": lambda c, sale: c.payments.check(
        sale.invoice.qr_text or "", object_type="QR"
    ),
    "a receipt": lambda c, sale: c.ebarimt.get(sale.receipt_id),
    "a payment's receipt": lambda c, sale: c.ebarimt.get(sale.payment_id),
    "an older receipt": lambda c, sale: c.ebarimt.get(sale.payment_id, legacy=True),
    "a subscription": lambda c, sale: c.subscriptions.get(subscription_of(sale)),
}
CHANGES: dict[str, Callable[[QPayClient, Sale], object]] = {
    "an invoice": lambda c, sale: c.invoices.cancel(sale.invoice.invoice_id),
    "a refund": lambda c, sale: c.payments.refund(sale.payment_id, note="cold"),
    "a payment": lambda c, sale: c.payments.cancel(sale.payment_id, note="cold"),
    "a receipt": lambda c, sale: c.ebarimt.create(sale.payment_id),
    "a receipt's end": lambda c, sale: c.ebarimt.cancel(sale.payment_id, note="cold"),
    "a subscription": lambda c, sale: c.subscriptions.cancel(subscription_of(sale)),
}


def subscription_of(sale: Sale) -> str:
    assert sale.invoice.subscription is not None
    return str(sale.invoice.subscription["id"])


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_what_is_anothers_is_not_found(
    qpay_client: QPayClient,
    other: QPayClient,
    sale: Sale,
    look: Callable[[QPayClient, Sale], object],
) -> None:
    look(qpay_client, sale)
    with pytest.raises(NotFoundError):
        look(other, sale)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_anothers_is_not_changed(
    qpay_client: QPayClient,
    other: QPayClient,
    sale: Sale,
    change: Callable[[QPayClient, Sale], object],
) -> None:
    before = [look(qpay_client, sale) for look in LOOKS.values()]
    with pytest.raises(NotFoundError):
        change(other, sale)
    assert [look(qpay_client, sale) for look in LOOKS.values()] == before


def test_an_invoice_code_of_the_same_name_lists_ones_own_payments(
    qpay_client: QPayClient, other: QPayClient, sale: Sale
) -> None:
    assert len(qpay_client.payments.list(**SPAN).rows) == 1
    assert other.payments.list(**SPAN).rows == []


def test_another_merchants_payments_are_not_listed(
    qpay_client: QPayClient, other: QPayClient, sale: Sale
) -> None:
    owner = qpay_client.subscriptions.get(subscription_of(sale)).merchant_id
    everything = {**SPAN, "object_type": "MERCHANT", "object_id": owner}
    assert len(qpay_client.payments.list(**everything).rows) == 1
    with pytest.raises(PermissionDeniedError):
        other.payments.list(**everything)
