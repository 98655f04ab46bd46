"""What QPay's requests and answers are made of, and a checker for them.

Written down from QPay's own tables and from the record of its sandbox of 2026, where that agrees
with its own examples. Where sources differ in a type, both are taken.

A leaf is a word: `text`, `number`, `money` (a number, or decimal text), `flag`, `time` (UTC, with
milliseconds), `id` (a uuid), `party` (an object, text or null), `any`. `text 45` is at most so
long, and a word with `|null` may be null. A list of one shape is a list of such things.

A name of a request that ends in `!` is required, all others may be left out. A name of an answer
that ends in `?` may be missing, all others are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Shape: TypeAlias = "str | Mapping[str, Shape] | list[Shape]"

_ADDRESS: Shape = {
    "city": "text 100",
    "district": "text 100",
    "street": "text 100",
    "building": "text 100",
    "address": "text 100",
    "zipcode": "text 20",
    "longitude": "text 20",
    "latitude": "text 20",
}
_PARTY: Shape = {
    "register": "text 20",
    "name": "text 100",
    "email": "text 255",
    "phone": "text 20",
    "address": _ADDRESS,
}


def _charge(code: str, *, required: bool) -> Shape:
    return {
        f"{code}{'!' if required else ''}": "text 45",
        "description!": "text 100",
        "amount!": "money",
        "note": "text 255",
        **({"city_tax": "money"} if required else {}),
    }


_LINE: Shape = {
    "sender_product_code": "text 45",
    "tax_product_code": "text 45",
    "line_description!": "text 255",
    "line_quantity!": "money",
    "line_unit_price!": "money",
    "note": "text 100",
    "barcode": "text",
    "classification_code": "text 7",
    "discounts": [_charge("discount_code", required=False)],
    "surcharges": [_charge("surcharge_code", required=False)],
    "taxes": [_charge("tax_code", required=True)],
}
_BANK_ACCOUNT: Shape = {
    "account_bank_code": "text 6",
    "account_number": "text 100",
    "iban_number": "text 100",
    "account_name": "text 100",
    "account_currency": "text 3",
    "is_default": "flag",
}
_OFFSET: Shape = {"page_number!": "number", "page_limit!": "number"}

REQUESTS: dict[str, Shape] = {
    "POST /auth/token": {},
    "POST /invoice": {
        "invoice_code!": "text 45",
        "sender_invoice_no!": "text 45",
        "invoice_receiver_code!": "text 45",
        "invoice_description!": "text 255",
        "callback_url!": "text 255",
        "amount": "money",
        "sender_branch_code": "text 45",
        "sender_branch_data": _PARTY,
        "sender_staff_code": "text 100",
        "sender_staff_data": {"name": "text 100", "email": "text 255", "phone": "text 20"},
        "sender_terminal_code": "text 45",
        "sender_terminal_data": {"name": "text 100"},
        "invoice_receiver_data": _PARTY,
        "invoice_due_date": "text",
        "enable_expiry": "flag",
        "expiry_date": "text",
        "calculate_vat": "flag",
        "tax_type": "text 1",
        "tax_customer_code": "text 45",
        "line_tax_code": "text 45",
        "district_code": "text 4",
        "allow_partial": "flag",
        "minimum_amount": "money",
        "allow_exceed": "flag",
        "maximum_amount": "money",
        "allow_subscribe": "flag",
        "subscription_interval": "text 20",
        "subscription_webhook": "text 255",
        "next_payment_date": "text",
        "note": "text 1000",
        "lines": [_LINE],
        "transactions": [
            {"description!": "text 100", "amount!": "money", "accounts": [_BANK_ACCOUNT]}
        ],
    },
    "GET /invoice/{id}": {},
    "DELETE /invoice/{id}": {},
    "GET /payment/{id}": {},
    "POST /payment/check": {
        "object_type!": "text 30",
        "object_id!": "text 50",
        "offset": _OFFSET,
    },
    "POST /payment/list": {
        "object_type!": "text",
        "object_id!": "text",
        "start_date": "text 19",
        "end_date": "text 19",
        "merchant_branch_code": "text 45",
        "merchant_terminal_code": "text 45",
        "merchant_staff_code": "text 100",
        "offset": _OFFSET,
    },
    "DELETE /payment/cancel/{id}": {"note": "text 255", "callback_url": "text 255"},
    "DELETE /payment/refund/{id}": {"note": "text 255", "callback_url": "text 255"},
    "POST /ebarimt_v3/create": {
        "payment_id!": "text",
        "ebarimt_receiver_type!": "text",
        "ebarimt_receiver": "text",
        "district_code": "text 4",
        "classification_code": "text 7",
        "callback_url": "text 255",
    },
    "GET /ebarimt_v3/{id}": {},
    "DELETE /ebarimt_v3/{id}": {"note": "text 255"},
    "POST /ebarimt/create": {
        "payment_id!": "text",
        "ebarimt_receiver_type!": "text",
        "ebarimt_receiver": "text",
        "callback_url": "text 255",
    },
    "GET /ebarimt/{id}": {},
    "DELETE /ebarimt/{id}": {"note": "text 255"},
    "GET /subscription/{id}": {},
    "DELETE /subscription/{id}": {},
}

_STAMPS: dict[str, Shape] = {
    "created_by": "text",
    "created_date": "time",
    "updated_by": "text",
    "updated_date": "time",
    "status": "flag",
}
_SUBSCRIPTION: dict[str, Shape] = {
    "id": "id",
    "is_active": "flag",
    "merchant_id": "id",
    "g_invoice_id": "id",
    "webhook": "text|null",
    "next_payment_date": "time",
    "start_date": "time",
    "last_interval_date": "time",
    "interval": "text 20",
    "note": "text|null",
    **_STAMPS,
}
_P2P: Shape = {
    "transaction_bank_code": "text 6",
    "account_bank_code": "text 6",
    "account_bank_name": "text",
    "account_number": "text",
    "status": "text",
    "amount": "money",
    "currency": "text 3",
    "settlement_status": "text",
    "id?": "text",
}
_CARD_OF_CHECK: dict[str, Shape] = {
    "card_type": "text",
    "is_cross_border": "flag",
    "amount": "money",
    "currency": "text 3",
    "date": "time",
    "status": "text",
    "settlement_status": "text",
    "settlement_status_date": "time",
}
_CARD_OF_PAYMENT: Shape = {
    "card_merchant_code": "text",
    "card_terminal_code": "text",
    "card_number": "text",
    "card_type": "text",
    "is_cross_border": "flag",
    "transaction_amount": "money",
    "transaction_currency": "text 3",
    "transaction_date": "time",
    "transaction_status": "text",
    "settlement_status": "text",
    "settlement_status_date": "time",
}
_CHECK_ROW: Shape = {
    "payment_id": "text",
    "payment_status": "text",
    "payment_amount": "money",
    "trx_fee": "money",
    "payment_currency": "text 3",
    "payment_wallet": "text",
    "payment_type": "text",
    "next_payment_date": "any",
    "next_payment_datetime": "any",
    "card_transactions": [_CARD_OF_CHECK],
    "p2p_transactions": [_P2P],
    "ebarimt_customer_no?": "text|null",
}


def _detail_charge(code: str, **further: Shape) -> Shape:
    return {
        code: "text|null",
        "description": "text",
        "amount": "money",
        "note": "text|null",
        **further,
    }


_RECEIPT: dict[str, Shape] = {
    "id": "id",
    "ebarimt_by": "text",
    "g_wallet_id": "text",
    "g_wallet_customer_id": "text",
    "ebarimt_receiver": "text|null",
    "ebarimt_district_code": "text 4",
    "ebarimt_bill_type": "text",
    "g_merchant_id": "text",
    "merchant_branch_code": "text",
    "merchant_terminal_code": "text|null",
    "merchant_staff_code": "text",
    "g_payment_id": "text",
    "paid_by": "text",
    "object_type": "text",
    "object_id": "text",
    "amount": "money",
    "vat_amount": "money",
    "city_tax_amount": "money",
    "ebarimt_qr_data": "text",
    "ebarimt_lottery": "text",
    "note": "text|null",
    "tax_type": "text 1",
    **_STAMPS,
}
_NEW_RECEIPT: Shape = {
    **_RECEIPT,
    "ebarimt_receiver_type": "text",
    "merchant_register_no": "text",
    "merchant_tin": "text",
    "ebarimt_receipt_id": "text",
    "ebarimt_sent_email": "text|null",
    "ebarimt_receiver_phone": "text",
    "barimt_status": "text",
    "barimt_status_date": "time",
    "barimt_items": ["any"],
    "barimt_transactions": ["any"],
    "barimt_histories": ["any"],
}
_OLD_RECEIPT: Shape = {
    **_RECEIPT,
    # QPay's own spelling.
    "ebarim_receiver_type": "text",
    "merchant_register": "text",
    "ebarimt_status": "text",
    "ebarimt_status_date": "time",
}

ANSWERS: dict[str, Shape] = {
    "POST /auth/token": {
        "token_type": "text",
        "refresh_expires_in": "number",
        "refresh_token": "text",
        "access_token": "text",
        "expires_in": "number",
        "scope": "text",
        "not-before-policy": "text",
        "session_state": "text",
    },
    "POST /invoice": {
        "invoice_id": "id",
        "qr_text": "text",
        "qr_image": "text",
        "qPay_shortUrl": "text",
        "urls": [{"name": "text", "description": "text", "logo": "text", "link": "text"}],
        "subscription?": _SUBSCRIPTION,
    },
    "GET /invoice/{id}": {
        "invoice_id": "id",
        "invoice_status": "text",
        "sender_invoice_no": "text 45",
        "sender_branch_code": "text|null",
        "sender_branch_data": "party",
        "sender_staff_code": "text|null",
        "sender_staff_data": "party",
        "sender_terminal_code": "text|null",
        "sender_terminal_data": "party",
        "invoice_description": "text",
        "invoice_due_date": "any",
        "enable_expiry": "flag",
        "expiry_date": "time",
        "allow_partial": "flag",
        "minimum_amount": "money|null",
        "allow_exceed": "flag",
        "maximum_amount": "money|null",
        "total_amount": "money",
        "gross_amount": "money",
        "tax_amount": "money",
        "surcharge_amount": "money",
        "discount_amount": "money",
        "callback_url": "text 255",
        "note": "text|null",
        "lines": [
            {
                "tax_product_code": "text|null",
                "line_description": "text",
                "line_quantity": "money",
                "line_unit_price": "money",
                "note": "text|null",
                "discounts": [_detail_charge("discount_code")],
                "surcharges": [_detail_charge("surcharge_code")],
                "taxes": [_detail_charge("tax_code", **{"city_tax?": "money"})],
                "sender_product_code?": "text|null",
                "barcode?": "text|null",
                "classification_code?": "text|null",
            }
        ],
        "transactions": ["any"],
        "inputs": ["any"],
    },
    "DELETE /invoice/{id}": {},
    "GET /payment/{id}": {
        "payment_id": "text",
        "payment_status": "text",
        "payment_fee": "money",
        "payment_amount": "money",
        "payment_currency": "text 3",
        "payment_date": "time",
        "payment_wallet": "text",
        "object_type": "text",
        "object_id": "id",
        "next_payment_date": "any",
        "next_payment_datetime": "any",
        "transaction_type": "text",
        "card_transactions": [_CARD_OF_PAYMENT],
        "p2p_transactions": [_P2P],
    },
    "POST /payment/check": {"count": "number", "paid_amount?": "number", "rows": [_CHECK_ROW]},
    "POST /payment/list": {
        "count": "number",
        "rows": [
            {
                "payment_id": "text",
                "payment_date": "time",
                "payment_status": "text",
                "payment_fee": "money",
                "payment_amount": "money",
                "payment_currency": "text 3",
                "payment_wallet": "text",
                "payment_name": "text",
                "payment_description": "text",
                "qr_code": "text",
                "paid_by": "text",
                "object_type": "text",
                "object_id": "id",
            }
        ],
    },
    "DELETE /payment/cancel/{id}": {},
    "DELETE /payment/refund/{id}": {},
    "POST /ebarimt_v3/create": _NEW_RECEIPT,
    "GET /ebarimt_v3/{id}": _NEW_RECEIPT,
    "DELETE /ebarimt_v3/{id}": _NEW_RECEIPT,
    "POST /ebarimt/create": _OLD_RECEIPT,
    "GET /ebarimt/{id}": _OLD_RECEIPT,
    "DELETE /ebarimt/{id}": _OLD_RECEIPT,
    "GET /subscription/{id}": {**_SUBSCRIPTION, "invoices": ["any"], "payments": [_CHECK_ROW]},
    "DELETE /subscription/{id}": {},
}

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DECIMAL = re.compile(r"\d+(\.\d{1,4})?")


@dataclass(frozen=True)
class Checker:
    """Compares a body with its shape.

    Attributes:
        required: Whether a name is required when it has no mark, as in answers.
    """

    required: bool

    def problems(self, shape: Shape, value: object, at: str = "") -> Iterator[str]:
        """Yield where a value is not as its shape says."""
        if isinstance(shape, str):
            if not _is(shape, value):
                yield f"{at} is no {shape}: {value!r:.60}"
        elif isinstance(shape, list):
            if not isinstance(value, list):
                yield f"{at} is no list"
                return
            for index, one in enumerate(value):
                yield from self.problems(shape[0], one, f"{at}[{index}]")
        elif not isinstance(value, dict):
            yield f"{at} is no object"
        else:
            known = {name.rstrip("!?"): name for name in shape}
            yield from (f"{at}.{name} is not known" for name in value.keys() - known.keys())
            for name, marked in known.items():
                if name in value:
                    yield from self.problems(shape[marked], value[name], f"{at}.{name}")
                elif marked.endswith("!") or (self.required and not marked.endswith("?")):
                    yield f"{at}.{name} is missing"


def _is(word: str, value: object) -> bool:
    word, _, null = word.partition("|")
    if null and value is None:
        return True
    kind, _, limit = word.partition(" ")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match kind:
        case "any":
            return True
        case "number":
            return is_number
        case "flag":
            return isinstance(value, bool)
        case "party":
            return value is None or isinstance(value, (str, dict))
        case "money":
            return is_number or (isinstance(value, str) and _DECIMAL.fullmatch(value) is not None)
        case "time":
            return isinstance(value, str) and _TIME.fullmatch(value) is not None
        case "id":
            return isinstance(value, str) and _ID.fullmatch(value) is not None
        case "text":
            return isinstance(value, str) and (not limit or len(value) <= int(limit))
    raise AssertionError(word)
