"""The settings of a Quick QR partner, and two sub-merchants."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from helpers.settings import BASE
from qpaykit.quickqr import BankAccount
from qpaykit.quickqr.models import CompanyFields, PersonFields


class QuickQRSettings(TypedDict):
    username: str
    password: str
    terminal_id: str
    callback_url: str
    base_url: str


QUICKQR_SETTINGS: QuickQRSettings = {
    "username": "PARTNER",
    "password": "hunter2-the-password",
    "terminal_id": "95000059",
    "callback_url": "https://shop.test/callback?order=42",
    "base_url": BASE,
}
COMPANY: CompanyFields = {
    "register_number": "1234567",
    "company_name": "Жишээ ХХК",
    "name": "ЖИШЭЭ",
    "mcc_code": "5411",
    "city": "11000",
    "district": "14000",
    "address": "Энхтайваны өргөн чөлөө 1",
    "phone": "99000000",
    "email": "a@example.mn",
}
PERSON: PersonFields = {
    "register_number": "УБ00112233",
    "first_name": "Бат",
    "last_name": "Дорж",
    "business_name": "Батын цай",
    "mcc_code": "5814",
    "city": "11000",
    "district": "14000",
    "address": "Энхтайваны өргөн чөлөө 1",
    "phone": "99000000",
    "email": "a@example.mn",
}
ACCOUNT = BankAccount(account_bank_code="050000", account_number="5000000000", account_name="ЖИШЭЭ")


def changed(fields: CompanyFields | PersonFields, **changes: object) -> Any:
    """Return the fields of a sub-merchant with others in the place of some."""
    return {**fields, **changes}
