"""`GET /payment/{id}`, `POST /payment/check`, `POST /payment/list` and the old callback's body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit._arithmetic import add_up
from qpaykit.simulator.clock import iso
from qpaykit.simulator.money import fee_of, number, subtract, text

if TYPE_CHECKING:
    from pydantic import JsonValue

    from qpaykit.simulator.state import Payment


def payment(one: Payment) -> dict[str, JsonValue]:
    """`GET /payment/{id}`: payment_fee, transaction_type, transaction_* in a card's row."""
    return {
        "payment_id": one.id,
        "payment_status": one.status,
        "payment_fee": text(fee_of(one.amount)),
        "payment_amount": text(one.amount),
        "payment_currency": "MNT",
        "payment_date": iso(one.paid_at),
        "payment_wallet": "0fc9b71c-cd87-4ffd-9cac-2279ebd9deb0",
        "object_type": "INVOICE",
        "object_id": one.invoice.id,
        "next_payment_date": None,
        "next_payment_datetime": None,
        "transaction_type": one.method,
        "card_transactions": [_card(one, "transaction_")] if one.method == "CARD" else [],
        "p2p_transactions": [_p2p(one)] if one.method == "P2P" else [],
    }


def callback_body(one: Payment) -> dict[str, JsonValue]:
    """The POST callback of the older document."""
    return {
        "payment_id": one.id,
        "payment_date": iso(one.paid_at),
        "payment_status": one.status,
        "payment_fee": number(fee_of(one.amount)),
        "payment_amount": number(one.amount),
        "payment_currency": "MNT",
        "payment_wallet": "Wallet",
        "payment_name": str(one.invoice.request["sender_invoice_no"]),
        "payment_description": str(one.invoice.request["invoice_description"]),
        "paid_by": one.method,
        "object_type": "INVOICE",
        "object_id": one.invoice.id,
        "sender_invoice_no": str(one.invoice.request["sender_invoice_no"]),
    }


def check(payments: list[Payment], shown: list[Payment]) -> dict[str, JsonValue]:
    """`POST /payment/check`: no paid_amount without a payment; trx_fee, payment_type."""
    if not payments:
        return {"count": 0, "rows": []}
    paid = add_up(one.amount for one in payments if one.status == "PAID")
    return {
        "count": len(payments),
        "paid_amount": number(paid),
        "rows": [check_row(one) for one in shown],
    }


def check_row(one: Payment) -> dict[str, JsonValue]:
    return {
        "payment_id": one.id,
        "payment_status": one.status,
        "payment_amount": text(one.amount),
        "trx_fee": text(fee_of(one.amount)),
        "payment_currency": "MNT",
        "payment_wallet": "Хаан банк апп" if one.method == "P2P" else "qPay wallet",
        "payment_type": one.method,
        "next_payment_date": None,
        "next_payment_datetime": None,
        "card_transactions": [_card(one, "")] if one.method == "CARD" else [],
        "p2p_transactions": [_p2p(one)] if one.method == "P2P" else [],
    }


def listed(count: int, shown: list[Payment]) -> dict[str, JsonValue]:
    """`POST /payment/list`: payment_fee, paid_by."""
    return {
        "count": count,
        "rows": [
            {
                "payment_id": one.id,
                "payment_date": iso(one.paid_at),
                "payment_status": one.status,
                "payment_fee": text(fee_of(one.amount)),
                "payment_amount": text(one.amount),
                "payment_currency": "MNT",
                "payment_wallet": "Хаан банк апп",
                "payment_name": str(one.invoice.request["sender_invoice_no"]),
                "payment_description": str(one.invoice.request["invoice_description"]),
                "qr_code": one.invoice.qr_text,
                "paid_by": one.method,
                "object_type": "INVOICE",
                "object_id": one.invoice.id,
            }
            for one in shown
        ],
    }


def _card(one: Payment, prefix: str) -> dict[str, JsonValue]:
    row: dict[str, JsonValue] = {
        "card_type": "UNIONPAY",
        "is_cross_border": False,
        f"{prefix}amount": text(one.amount),
        f"{prefix}currency": "MNT",
        f"{prefix}date": iso(one.paid_at),
        f"{prefix}status": "SUCCESS",
        "settlement_status": "PENDING",
        "settlement_status_date": iso(one.paid_at),
    }
    if prefix:
        row |= {
            "card_merchant_code": "WQPAYMN",
            "card_terminal_code": "WQPAYMN",
            "card_number": "6234 58** **** 0000",
        }
    return row


def _p2p(one: Payment) -> dict[str, JsonValue]:
    return {
        "transaction_bank_code": "050000",
        "account_bank_code": "050000",
        "account_bank_name": "Хаан банк",
        "account_number": "50*******",
        "status": "SUCCESS",
        "amount": text(subtract(one.amount, fee_of(one.amount))),
        "currency": "MNT",
        "settlement_status": "SETTLED",
    }
