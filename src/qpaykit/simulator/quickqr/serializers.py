"""How the simulated Quick QR writes its answers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qpaykit.simulator.clock import iso
from qpaykit.simulator.money import text
from qpaykit.simulator.qr import png_base64
from qpaykit.simulator.serializers.invoices import bank_links
from qpaykit.simulator.validation.fields import as_list

if TYPE_CHECKING:
    from pydantic import JsonValue

    from qpaykit.simulator.quickqr.state import SubMerchant
    from qpaykit.simulator.state import Invoice, Payment

_IDS = uuid.UUID("0d1f7f64-7c2b-4a0f-8a57-0c1f9c1d7f35")
_STATUSES = {"OPEN": "OPEN", "CLOSED": "PAID", "CANCELED": "CANCELED"}


@dataclass
class Variant:
    """The names and forms of the answers, where captures of the wire differ.

    Attributes:
        invoice_id: What an invoice calls its id: "id" or "invoice_id".
        qr_text: What it calls the QR's text: "qr_code" or "qr_text".
        default: What a bank account calls whether it is the default: "is_default" or "default".
        paid: The status of a paid payment: "SUCCESS" or "PAID".
        wraps_places: Whether a list of places is wrapped in an object with `rows`.
    """

    invoice_id: str = "id"
    qr_text: str = "qr_code"
    default: str = "is_default"
    paid: str = "SUCCESS"
    wraps_places: bool = False


def merchant(one: SubMerchant) -> dict[str, JsonValue]:
    """`POST /merchant/company`, `POST /merchant/person` and `GET /merchant/{id}`."""
    return {
        "id": one.id,
        "vendor_id": one.account.username,
        "type": one.kind,
        **one.fields,
        "created_date": iso(one.created_at),
        "p2p_terminal_id": "90000001",
    }


def places(names: dict[str, str], variant: Variant) -> JsonValue:
    """`GET /aimaghot` and `GET /sumduureg/{code}`."""
    rows: list[JsonValue] = [{"code": code, "name": name} for code, name in names.items()]
    return {"rows": rows} if variant.wraps_places else rows


def created(invoice: Invoice, variant: Variant, terminal_id: str) -> dict[str, JsonValue]:
    """`POST /invoice`."""
    return {
        **detail(invoice, variant, terminal_id),
        "qr_image": png_base64(invoice.qr_text),
        "urls": bank_links(invoice.qr_text),
    }


def detail(invoice: Invoice, variant: Variant, terminal_id: str) -> dict[str, JsonValue]:
    """`GET /invoice/{id}`: without the bank links."""
    sent = invoice.request
    return {
        variant.invoice_id: invoice.id,
        "terminal_id": terminal_id,
        "amount": text(invoice.amount),
        "currency": sent["currency"],
        variant.qr_text: invoice.qr_text,
        "description": sent["description"],
        "invoice_status": _STATUSES[invoice.status],
        "invoice_status_date": iso(invoice.created_at),
        "callback_url": invoice.callback_url,
        "customer_name": sent.get("customer_name"),
        "customer_logo": sent.get("customer_logo"),
        "mcc_code": sent.get("mcc_code") or "",
        "legacy_id": f"{invoice.qr_text[-4:]}",
        "vendor_id": invoice.account.username,
        "process_code_id": "QUICKQR",
        "invoice_bank_accounts": [
            {
                "id": str(uuid.uuid5(_IDS, f"{invoice.id} {position}")),
                **{name: account[name] for name in account if name != "is_default"},
                variant.default: account["is_default"],
                "invoice_id": invoice.id,
            }
            for position, account in enumerate(as_list(sent["bank_accounts"]))
            if isinstance(account, dict)
        ],
    }


def check(invoice: Invoice, variant: Variant, terminal_id: str) -> dict[str, JsonValue]:
    """`POST /payment/check`: no count and no sum, amounts as text."""
    return {
        variant.invoice_id: invoice.id,
        "invoice_status": _STATUSES[invoice.status],
        "invoice_status_date": iso(invoice.created_at),
        "payments": [_payment(one, variant, terminal_id) for one in invoice.payments],
    }


def _payment(one: Payment, variant: Variant, terminal_id: str) -> dict[str, JsonValue]:
    status = variant.paid if one.status == "PAID" else one.status
    return {
        "id": one.id,
        "terminal_id": terminal_id,
        "wallet_customer_id": str(uuid.uuid5(_IDS, f"customer of {one.id}")),
        "amount": text(one.amount),
        "currency": "MNT",
        "payment_name": "",
        "payment_description": one.invoice.request["description"],
        "paid_by": one.method,
        "note": None,
        "payment_status": status,
        "payment_status_date": iso(one.paid_at),
        "ebarimt_customer_no": None,
        "transactions": [
            {
                "id": str(uuid.uuid5(_IDS, f"transaction of {one.id}")),
                "description": one.invoice.request["description"],
                "transaction_bank_code": "050000",
                "account_bank_code": "050000",
                "account_bank_name": "Хаан банк",
                "account_number": "50*******",
                "status": status,
                "amount": text(one.amount),
                "currency": "MNT",
            }
        ],
    }
