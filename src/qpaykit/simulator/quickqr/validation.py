"""What the simulated Quick QR refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse, FieldErrorResponse
from qpaykit.simulator.quickqr.places import CAPITAL, CITIES, DISTRICTS
from qpaykit.simulator.validation.fields import (
    as_list,
    check_lengths,
    check_required,
    check_url,
    number,
)
from qpaykit.simulator.validation.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

_PLACED = ("register_number", "mcc_code", "city", "district", "address", "phone", "email")
_NAMED = {
    "COMPANY": ("company_name", "name"),
    "PERSON": ("first_name", "last_name", "business_name"),
}
_NUMBERS = {"COMPANY": r"[0-9]{7}", "PERSON": r"[А-ЯЁӨҮ]{2}[0-9]{8}"}
_FORMS = {
    "mcc_code": r"[0-9]{4}",
    "city": r"[0-9]{5}",
    "district": r"[0-9]{5}",
    "phone": r"[0-9]{8}",
}
UNKNOWN_MCC = "0000"


def check_merchant(kind: str, content: Mapping[str, JsonValue]) -> None:
    """Refuse a registration that Quick QR would refuse.

    Raises:
        ErrorResponse: A field is missing or wrong.
    """
    check_required(content, (*_PLACED, *_NAMED[kind]))
    forms = {**_FORMS, "register_number": _NUMBERS[kind]}
    wrong = [name for name, form in forms.items() if not re.fullmatch(form, str(content[name]))]
    city, district = str(content["city"]), str(content["district"])
    if city not in CITIES:
        wrong.append("city")
    elif city == CAPITAL and district not in DISTRICTS:
        wrong.append("district")
    if wrong:
        raise FieldErrorResponse({name: ("INVALID", f"{name}: INVALID") for name in wrong})
    if content["mcc_code"] == UNKNOWN_MCC:
        raise ErrorResponse(404, "MCC_NOTFOUND", "MCC код олдсонгүй")


def check_invoice(content: Mapping[str, JsonValue]) -> Sums:
    """Refuse an invoice that Quick QR would refuse; return what it costs.

    Raises:
        ErrorResponse: A field is missing or wrong.
    """
    check_required(content, ("merchant_id", "currency", "callback_url", "description"))
    check_lengths(content, {"callback_url": 255, "description": 255})
    check_url(content, "callback_url")
    amount = number(content.get("amount"))
    if amount <= 0 or content["currency"] != "MNT":
        raise ErrorResponse(400, "INVALID_AMOUNT", "Үнийн дүн буруу")
    accounts = as_list(content.get("bank_accounts"))
    if sum(_is_default(account) for account in accounts) != 1:
        raise ErrorResponse(400, "INVALID_BANK_ACCOUNTS")
    return Sums(gross=amount)


def _is_default(account: JsonValue) -> bool:
    names = ("account_bank_code", "account_number", "account_name")
    if not isinstance(account, dict) or not all(account.get(name) for name in names):
        raise ErrorResponse(400, "INVALID_BANK_ACCOUNTS")
    return account.get("is_default") is True
