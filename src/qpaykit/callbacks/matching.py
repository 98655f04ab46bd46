"""Compares a signed callback URL with the invoice that was paid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from qpaykit._callback_url import comparable_number, order_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qpaykit._invoice_record import InvoiceRecord
    from qpaykit.signing import SignedOrder

Match = Literal["match", "contradiction", "unknown"]


def match(record: InvoiceRecord, signed: SignedOrder, signature: str) -> Match:
    """Compare an invoice with the order that a callback URL was signed for.

    The URL is signed before the invoice has an id, so the id cannot be compared. A field that QPay
    leaves out of its answer is no contradiction.

    Args:
        record: The invoice that was paid.
        signed: What the URL was signed for.
        signature: The signature itself.
    """
    number, echoed = record.sender_invoice_no, record.signature
    if number and comparable_number(number) != comparable_number(signed.sender_invoice_no):
        return "contradiction"
    # QPay may truncate the URL that it repeats.
    if echoed and not signature.startswith(echoed):
        return "contradiction"
    return "match" if number or echoed == signature else "unknown"


def merge(record: InvoiceRecord, signed: SignedOrder, params: Mapping[str, str]) -> InvoiceRecord:
    """Add to what is known of an invoice what its callback URL was signed for.

    Args:
        record: What is known of the invoice.
        signed: What the URL was signed for.
        params: The URL's other parameters, which are signed too.
    """
    order_no = record.order_no
    if comparable_number(order_no) in {"", comparable_number(signed.sender_invoice_no)}:
        order_no = order_of(signed.sender_invoice_no, params)
    record = replace(
        record,
        order_no=order_no,
        sender_invoice_no=signed.sender_invoice_no,
        currency=signed.currency,
    )
    if signed.amount is None:
        return record
    # The invoice may be another one of the same number, made for another sum.
    total = signed.amount if record.total is None else max(signed.amount, record.total)
    return replace(record, total=total, minimum=None, is_open=False)
