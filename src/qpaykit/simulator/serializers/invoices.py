"""`POST /invoice` and `GET /invoice/{id}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit.simulator.clock import iso, parse
from qpaykit.simulator.money import from_fraction, number, text, text_of_tax
from qpaykit.simulator.qr import png_base64
from qpaykit.simulator.serializers.subscriptions import subscription_fields
from qpaykit.simulator.validation.fields import as_list
from qpaykit.simulator.validation.fields import number as read_number

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from pydantic import JsonValue

    from qpaykit.simulator.state import Invoice

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
_ECHOED = (
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


def created(invoice: Invoice, page_url: str) -> dict[str, JsonValue]:
    """`POST /invoice`: no amount, no status."""
    answer: dict[str, JsonValue] = {
        "invoice_id": invoice.id,
        "qr_text": invoice.qr_text,
        "qr_image": png_base64(invoice.qr_text),
        "qPay_shortUrl": page_url,
        "urls": bank_links(invoice.qr_text),
    }
    if invoice.subscription is not None:
        answer["subscription"] = subscription_fields(invoice.subscription)
    return answer


def bank_links(qr_text: str) -> list[JsonValue]:
    """Return the links that open a QR in the banks' apps."""
    return [
        {
            "name": name,
            "description": description,
            "logo": f"https://qpay.mn/q/logo/{scheme}.png",
            "link": f"{scheme}://q?qPay_QRcode={qr_text}",
        }
        for name, description, scheme in _BANKS
    ]


def detail(invoice: Invoice) -> dict[str, JsonValue]:
    """`GET /invoice/{id}`: the total is text, null limits, lines in one form however sent.

    The other sums are numbers; of an invoice without lines they are text.
    """
    sent = invoice.request
    ends = sent.get("expiry_date")
    lines = [line for line in as_list(sent.get("lines")) if isinstance(line, dict)]

    def part(amount: Fraction) -> JsonValue:
        exact = from_fraction(amount)
        return number(exact) if lines else text(exact)

    return {
        "invoice_id": invoice.id,
        "invoice_status": invoice.status,
        **{name: sent.get(name) for name in _ECHOED},
        "enable_expiry": sent.get("enable_expiry") in {True, "true"},
        # With expiry off this is the time of creation, which is always past.
        "expiry_date": iso(parse(ends) if isinstance(ends, str) else invoice.created_at),
        "allow_partial": bool(sent.get("allow_partial")),
        "minimum_amount": sent.get("minimum_amount"),
        "allow_exceed": bool(sent.get("allow_exceed")),
        "maximum_amount": sent.get("maximum_amount"),
        "total_amount": text(invoice.amount),
        "gross_amount": part(invoice.sums.gross),
        "tax_amount": part(invoice.sums.tax),
        "surcharge_amount": part(invoice.sums.surcharge),
        "discount_amount": part(invoice.sums.discount),
        "callback_url": invoice.callback_url,
        "note": sent.get("note"),
        "lines": [_line(line) for line in lines],
        "transactions": sent.get("transactions") or [],
        "inputs": [],
    }


def _line(line: dict[str, JsonValue]) -> dict[str, JsonValue]:
    optional = ("sender_product_code", "barcode", "classification_code")
    return {
        **{name: line[name] for name in optional if line.get(name) is not None},
        "tax_product_code": line.get("tax_product_code"),
        "line_description": line.get("line_description"),
        "line_quantity": _two_decimals(line.get("line_quantity")),
        "line_unit_price": _two_decimals(line.get("line_unit_price")),
        "note": line.get("note"),
        "discounts": _charges(line, "discounts", "discount_code", _two_decimals),
        "surcharges": _charges(line, "surcharges", "surcharge_code", _two_decimals),
        "taxes": _charges(line, "taxes", "tax_code", _four_decimals),
    }


def _charges(
    line: dict[str, JsonValue], name: str, code: str, written: Callable[[JsonValue], str]
) -> list[JsonValue]:
    return [
        {
            code: charge.get(code),
            "description": charge.get("description"),
            "amount": written(charge.get("amount")),
            "note": charge.get("note"),
        }
        for charge in as_list(line.get(name))
        if isinstance(charge, dict)
    ]


def _two_decimals(value: JsonValue) -> str:
    return text(from_fraction(read_number(value)))


def _four_decimals(value: JsonValue) -> str:
    return text_of_tax(read_number(value))
