"""How QPay writes what it knows: text here, numbers there, names that differ by endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit.simulator.clock import iso, parse
from qpaykit.simulator.money import add_up, fee_of, number, subtract, text, vat_within
from qpaykit.simulator.qr import png_base64

if TYPE_CHECKING:
    from pydantic import JsonValue

    from qpaykit.simulator.state import Invoice, Payment, TokenPair

_BANKS = (
    ("Khan bank", "Хаан банк", "khanbank"),
    ("State bank", "Төрийн банк", "statebank"),
    ("Xac bank", "Хас банк", "xacbank"),
    ("Trade and Development bank", "TDB online", "tdbbank"),
    ("Golomt bank", "Голомт банк", "golomtbank"),
    ("Most money", "МОСТ мони", "most"),
    ("National investment bank", "Үндэсний хөрөнгө оруулалтын банк", "nibank"),
    ("Chinggis khaan bank", "Чингис Хаан банк", "ckbank"),
    ("Capitron bank", "Капитрон банк", "capitronbank"),
    ("Bogd bank", "Богд банк", "bogdbank"),
    ("M bank", "М банк", "mbank"),
    ("qPay wallet", "qPay хэтэвч", "qpaywallet"),
)


def token(pair: TokenPair) -> dict[str, JsonValue]:
    """Both expiries are points in time, and the same one."""
    ends = int(pair.access_ends)
    return {
        "token_type": "bearer",
        "refresh_expires_in": ends,
        "refresh_token": pair.refresh,
        "access_token": pair.access,
        "expires_in": ends,
        "scope": "get_token",
        "not-before-policy": "0",
        "session_state": "sandbox",
    }


def created(invoice: Invoice, page_url: str) -> dict[str, JsonValue]:
    """`POST /invoice`: no amount, no status."""
    answer: dict[str, JsonValue] = {
        "invoice_id": invoice.id,
        "qr_text": invoice.qr_text,
        "qr_image": png_base64(invoice.qr_text),
        "qPay_shortUrl": page_url,
        "urls": [
            {
                "name": name,
                "description": description,
                "logo": f"https://qpay.mn/q/logo/{scheme}.png",
                "link": f"{scheme}://q?qPay_QRcode={invoice.qr_text}",
            }
            for name, description, scheme in _BANKS
        ],
    }
    if invoice.subscription_id:
        answer["subscription"] = {"id": invoice.subscription_id}
    return answer


def detail(invoice: Invoice) -> dict[str, JsonValue]:
    """`GET /invoice/{id}`: the total is text, its parts are numbers, null limits."""
    sent = invoice.request
    ends = sent.get("expiry_date")
    return {
        "invoice_id": invoice.id,
        "invoice_status": invoice.status,
        **{
            name: sent.get(name)
            for name in (
                "sender_invoice_no",
                "sender_branch_code",
                "sender_branch_data",
                "sender_staff_code",
                "sender_staff_data",
                "sender_terminal_code",
                "sender_terminal_data",
                "invoice_description",
                "invoice_due_date",
            )
        },
        "enable_expiry": sent.get("enable_expiry") in {True, "true"},
        # With expiry off this is the time of creation, which is always past.
        "expiry_date": iso(parse(ends) if isinstance(ends, str) else invoice.created_at),
        "allow_partial": bool(sent.get("allow_partial")),
        "minimum_amount": sent.get("minimum_amount"),
        "allow_exceed": bool(sent.get("allow_exceed")),
        "maximum_amount": sent.get("maximum_amount"),
        "total_amount": text(invoice.amount),
        "gross_amount": number(invoice.amount),
        "tax_amount": 0,
        "surcharge_amount": 0,
        "discount_amount": 0,
        "callback_url": invoice.callback_url,
        "note": sent.get("note"),
        "lines": sent.get("lines") or [],
        "transactions": sent.get("transactions") or [],
        "inputs": [],
    }


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
        "rows": [_check_row(one) for one in shown],
    }


def _check_row(one: Payment) -> dict[str, JsonValue]:
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


def receipt(one: Payment, identifier: str, sent: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A tax receipt of 3.0."""
    return {
        "id": identifier,
        "ebarimt_by": "QPAY",
        "ebarimt_receiver_type": sent.get("ebarimt_receiver_type"),
        "ebarimt_receiver": sent.get("ebarimt_receiver"),
        "ebarimt_district_code": sent.get("district_code") or "3505",
        "merchant_branch_code": one.invoice.request.get("sender_branch_code"),
        "merchant_staff_code": one.invoice.request.get("sender_staff_code"),
        "merchant_register_no": "0000000",
        "g_payment_id": one.id,
        "paid_by": one.method,
        "object_type": "INVOICE",
        "object_id": one.invoice.id,
        "amount": text(one.amount),
        "vat_amount": text(vat_within(one.amount)),
        "city_tax_amount": "0.00",
        "ebarimt_qr_data": "0" * 20,
        "ebarimt_lottery": "HV 00000000",
        "barimt_status": "REGISTERED",
        "barimt_status_date": iso(one.paid_at),
        "ebarimt_receiver_phone": "99*000*0",
        "tax_type": str(one.invoice.request.get("tax_type") or "1"),
        "merchant_tin": "0" * 11,
        "ebarimt_receipt_id": "0" * 33,
        "status": True,
    }


def legacy_receipt(content: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The same in the names from before 3.0, QPay's misspelling included."""
    names = {
        "ebarimt_receiver_type": "ebarim_receiver_type",
        "merchant_register_no": "merchant_register",
        "barimt_status": "ebarimt_status",
        "barimt_status_date": "ebarimt_status_date",
    }
    return {names.get(name, name): value for name, value in content.items()}


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
