"""`GET /subscription/{id}`, and the subscription in the answer of `POST /invoice`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit.simulator.clock import iso
from qpaykit.simulator.money import from_fraction, text, text_of_tax
from qpaykit.simulator.serializers.common import id_of_part, stamps
from qpaykit.simulator.serializers.payments import check_row
from qpaykit.simulator.validation.fields import as_list
from qpaykit.simulator.validation.fields import number as read_number

if TYPE_CHECKING:
    from pydantic import JsonValue

    from qpaykit.simulator.state import Invoice
    from qpaykit.simulator.subscriptions import Subscription

_NO_CODE = ""


def subscription_fields(one: Subscription) -> dict[str, JsonValue]:
    """A subscription without its invoices and payments."""
    sent = one.invoice.request
    return {
        "id": one.id,
        "is_active": one.is_active,
        "merchant_id": one.invoice.account.merchant_id,
        "g_invoice_id": one.invoice.id,
        "webhook": sent.get("subscription_webhook"),
        "next_payment_date": iso(one.next_payment_at),
        "start_date": iso(one.created_at),
        "last_interval_date": iso(one.last_interval_at),
        "interval": one.interval,
        "note": sent.get("note"),
        **stamps(one.created_at, one.updated_at),
    }


def subscription(one: Subscription) -> dict[str, JsonValue]:
    """A subscription; invoices and payments are there once a card has paid."""
    paid = {payment.invoice.id for payment in one.payments}
    known = [invoice for invoice in (one.invoice, *one.invoices) if invoice.id in paid]
    return {
        **subscription_fields(one),
        "invoices": [_invoice(invoice) for invoice in known],
        "payments": [check_row(payment) for payment in one.payments],
    }


def _invoice(one: Invoice) -> dict[str, JsonValue]:
    """An invoice in the names that QPay uses inside."""
    sent, sums = one.request, one.sums
    amounts = {
        name: text(from_fraction(amount))
        for name, amount in (
            ("invoice_amount", sums.total),
            ("invoice_total_discount", sums.discount),
            ("invoice_total_surcharge", sums.surcharge),
            ("invoice_gross_amount", sums.gross),
            ("invoice_total_tax", sums.tax),
            ("total_amount", sums.total),
            ("gross_amount", sums.gross),
            ("tax_amount", sums.tax),
            ("surcharge_amount", sums.surcharge),
            ("discount_amount", sums.discount),
        )
    }
    return {
        "id": one.id,
        "legacy_id": id_of_part(one.id, "legacy"),
        "g_merchant_id": one.account.merchant_id,
        "object_type": "INVOICE",
        "object_id": one.id,
        "qr_linked": True,
        "qr_code": one.qr_text,
        "sender_invoice_no": sent.get("sender_invoice_no"),
        "sender_name": "TEST",
        "sender_logo": None,
        **{
            name: sent.get(name)
            for name in (
                "sender_branch_code",
                "sender_branch_data",
                "sender_staff_code",
                "sender_staff_data",
                "sender_terminal_code",
                "sender_terminal_data",
                "invoice_description",
                "invoice_due_date",
                "tax_customer_code",
                "line_tax_code",
                "minimum_amount",
                "maximum_amount",
                "callback_url",
                "note",
                "district_code",
            )
        },
        "receiver_code": sent.get("invoice_receiver_code"),
        "receiver_data": sent.get("invoice_receiver_data"),
        "invoice_no": sent.get("sender_invoice_no"),
        "invoice_date": iso(one.created_at)[:10],
        "invoice_name": None,
        "invoice_currency": "MNT",
        "invoice_status": one.status,
        "invoice_status_date": iso(one.created_at),
        "enable_expiry": sent.get("enable_expiry") in {True, "true"},
        "expiry_date": iso(one.created_at),
        "has_ebarimt": False,
        "has_vat": sums.tax > 0,
        "ebarimt_by": None,
        "ebarimt_customer_code": None,
        "is_debt": False,
        "allow_partial": bool(sent.get("allow_partial")),
        "allow_exceed": bool(sent.get("allow_exceed")),
        **amounts,
        "allow_card_trx": True,
        "g_card_terminal_id": id_of_part(one.account.merchant_id, "card terminal"),
        "allow_p2p_trx": False,
        "g_p2p_terminal_id": id_of_part(one.account.merchant_id, "p2p terminal"),
        "has_inform": False,
        "inform_id": _NO_CODE,
        "has_check": False,
        "check_api": _NO_CODE,
        "has_transaction": False,
        "has_service_fee": False,
        "service_fee_method": None,
        "service_fee_calc_type": None,
        "service_fee_onus": None,
        "service_fee_offus": None,
        "with_tag": False,
        "tag": None,
        "short_url": None,
        "package_id": None,
        "sub_package_id": None,
        "extra": None,
        **stamps(one.created_at, one.created_at),
        "invoice_lines": [
            _line(one, index, line)
            for index, line in enumerate(as_list(sent.get("lines")))
            if isinstance(line, dict)
        ],
        "invoice_transactions": [],
        "invoice_inputs": [],
        "qp_micro_cache_exp_minute": 0,
    }


def _line(one: Invoice, index: int, line: dict[str, JsonValue]) -> dict[str, JsonValue]:
    identifier = id_of_part(one.id, f"line {index}")
    return {
        "id": identifier,
        "g_merchant_id": one.account.merchant_id,
        "invoice_id": one.id,
        "customer_product_code": line.get("sender_product_code"),
        "tax_product_code": line.get("tax_product_code"),
        "barcode": line.get("barcode"),
        "classification_code": line.get("classification_code"),
        "line_description": line.get("line_description"),
        "line_quantity": text(from_fraction(read_number(line.get("line_quantity")))),
        "line_unit_price": text(from_fraction(read_number(line.get("line_unit_price")))),
        "note": line.get("note"),
        **stamps(one.created_at, one.created_at),
        "invoice_discounts": _charges(one, identifier, line, "discounts", "discount_code"),
        "invoice_surcharges": _charges(one, identifier, line, "surcharges", "surcharge_code"),
        "invoice_taxes": _charges(one, identifier, line, "taxes", "tax_code"),
    }


def _charges(
    one: Invoice, line_id: str, line: dict[str, JsonValue], name: str, code: str
) -> list[JsonValue]:
    return [
        {
            "id": id_of_part(line_id, f"{name} {index}"),
            "g_merchant_id": one.account.merchant_id,
            "invoice_id": one.id,
            "invoice_line_id": line_id,
            code: charge.get(code),
            "description": charge.get("description"),
            "amount": text_of_tax(read_number(charge.get("amount"))),
            "note": charge.get("note"),
            **({"city_tax": "0.00"} if name == "taxes" else {}),
            **stamps(one.created_at, one.created_at),
        }
        for index, charge in enumerate(as_list(line.get(name)))
        if isinstance(charge, dict)
    ]
