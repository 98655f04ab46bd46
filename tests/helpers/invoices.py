"""Makes an invoice of either product."""

from __future__ import annotations

from helpers.quickqr import ACCOUNT
from qpaykit import Invoice, QPayClient
from qpaykit.quickqr import QuickQRClient


def make_invoice(
    client: QPayClient | QuickQRClient,
    *,
    amount: int = 100,
    order: str = "42",
    merchant_id: str = "m-1",
) -> Invoice:
    """Make the invoice of an order, whichever product the client is for.

    Args:
        client: The client.
        amount: What it costs, in MNT.
        order: The order's number.
        merchant_id: Whose invoice it is, where the client is for Quick QR.
    """
    if not hasattr(client, "merchants"):
        assert not isinstance(client, QuickQRClient)
        return client.invoices.create(
            amount=amount, sender_invoice_no=order, invoice_description="Tea"
        )
    assert not isinstance(client, QPayClient)
    return client.invoices.create(
        merchant_id=merchant_id,
        amount=amount,
        order=order,
        description="Tea",
        bank_accounts=[ACCOUNT],
    )
