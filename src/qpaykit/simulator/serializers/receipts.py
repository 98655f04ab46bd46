"""Tax receipts: `/ebarimt_v3/…`, and `/ebarimt/…` from before 3.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit.simulator.clock import iso
from qpaykit.simulator.money import text, vat_within
from qpaykit.simulator.serializers.common import id_of_part, stamps
from qpaykit.simulator.validation.fields import as_list

if TYPE_CHECKING:
    from pydantic import JsonValue

    from qpaykit.simulator.state import Receipt

_BRANCH = "BRANCH1"
_DISTRICT = "3505"
_NO_REGISTER = "0000000"
_NO_TIN = "0" * 11
_RECEIPT_ID = "0" * 33
_QR_DATA = "0" * 20
_LOTTERY = "HV 00000000"
_MASKED_PHONE = "99*000*0"


def receipt(one: Receipt) -> dict[str, JsonValue]:
    """A receipt of 3.0: merchant_register_no, barimt_status, items and histories."""
    return {
        **_who(one),
        "ebarimt_receiver_type": one.request.get("ebarimt_receiver_type"),
        **_common(one),
        "merchant_register_no": _NO_REGISTER,
        "merchant_tin": _NO_TIN,
        "ebarimt_receipt_id": _RECEIPT_ID,
        "ebarimt_sent_email": None,
        "ebarimt_receiver_phone": _MASKED_PHONE,
        "barimt_status": one.status,
        "barimt_status_date": iso(one.status_at),
        "barimt_items": _items(one),
        "barimt_transactions": [],
        "barimt_histories": [_history(one)],
        **stamps(one.created_at, one.status_at),
    }


def old_receipt(one: Receipt) -> dict[str, JsonValue]:
    """A receipt from before 3.0, with QPay's misspelt ebarim_receiver_type."""
    return {
        **_who(one),
        "ebarim_receiver_type": one.request.get("ebarimt_receiver_type"),
        **_common(one),
        "merchant_register": _NO_REGISTER,
        "ebarimt_status": one.status,
        "ebarimt_status_date": iso(one.status_at),
        **stamps(one.created_at, one.status_at),
    }


def _who(one: Receipt) -> dict[str, JsonValue]:
    return {
        "id": one.id,
        "ebarimt_by": "QPAY",
        "g_wallet_id": id_of_part(one.id, "wallet"),
        "g_wallet_customer_id": id_of_part(one.id, "customer"),
    }


def _common(one: Receipt) -> dict[str, JsonValue]:
    payment, sent = one.payment, one.payment.invoice.request
    return {
        "ebarimt_receiver": one.request.get("ebarimt_receiver"),
        "ebarimt_district_code": one.request.get("district_code")
        or sent.get("district_code")
        or _DISTRICT,
        "ebarimt_bill_type": "1" if one.request.get("ebarimt_receiver_type") == "CITIZEN" else "3",
        "g_merchant_id": payment.invoice.account.merchant_id,
        "merchant_branch_code": sent.get("sender_branch_code") or _BRANCH,
        "merchant_terminal_code": sent.get("sender_terminal_code"),
        "merchant_staff_code": sent.get("sender_staff_code") or "online",
        "g_payment_id": payment.id,
        "paid_by": payment.method,
        "object_type": "INVOICE",
        "object_id": payment.invoice.id,
        "amount": text(payment.amount),
        "vat_amount": _vat(one),
        "city_tax_amount": "0.00",
        "ebarimt_qr_data": _QR_DATA,
        "ebarimt_lottery": _LOTTERY,
        "note": None,
        "tax_type": _tax_type(one),
    }


def _items(one: Receipt) -> list[JsonValue]:
    payment = one.payment
    lines = [line for line in as_list(payment.invoice.request.get("lines")) if line]
    first = lines[0] if lines and isinstance(lines[0], dict) else {}
    description = first.get("line_description")
    return [
        {
            "id": id_of_part(one.id, "item"),
            "barimt_id": one.id,
            "merchant_product_code": first.get("sender_product_code"),
            "tax_product_code": first.get("tax_product_code") or "",
            "bar_code": first.get("barcode"),
            "name": description or payment.invoice.request.get("invoice_description"),
            "unit_price": text(payment.amount),
            "quantity": "1.00",
            "amount": text(payment.amount),
            "city_tax_amount": "0.00",
            "vat_amount": _vat(one),
            "note": None,
            **stamps(one.created_at, one.status_at),
        }
    ]


def _history(one: Receipt) -> dict[str, JsonValue]:
    return {
        "id": id_of_part(one.id, "history"),
        "barimt_id": one.id,
        "ebarimt_receiver_type": one.request.get("ebarimt_receiver_type"),
        "ebarimt_receiver": one.request.get("ebarimt_receiver"),
        "ebarimt_register_no": None,
        "ebarimt_bill_id": _RECEIPT_ID,
        "ebarimt_date": iso(one.created_at),
        "ebarimt_mac_address": "",
        "ebarimt_internal_code": "",
        "ebarimt_bill_type": "1",
        "ebarimt_qr_data": _QR_DATA,
        "ebarimt_lottery": _LOTTERY,
        "ebarimt_lottery_msg": None,
        "ebarimt_error_code": None,
        "ebarimt_error_msg": None,
        "ebarimt_response_code": None,
        "ebarimt_response_msg": None,
        "note": None,
        "barimt_status": one.status,
        "barimt_status_date": iso(one.status_at),
        "ebarimt_sent_email": None,
        "ebarimt_receiver_phone": _MASKED_PHONE,
        "tax_type": _tax_type(one),
        **stamps(one.created_at, one.status_at),
    }


def _tax_type(one: Receipt) -> str:
    return str(one.payment.invoice.request.get("tax_type") or "1")


def _vat(one: Receipt) -> str:
    return text(vat_within(one.payment.amount)) if _tax_type(one) == "1" else "0.00"
