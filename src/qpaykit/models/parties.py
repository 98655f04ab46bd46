"""Who sends an invoice and who receives it."""

from __future__ import annotations

import warnings

from qpaykit.models.base import Request
from qpaykit.models.texts import Needed45, Needed100, Text20, Text45, Text100, Text255


class Address(Request):
    """A place; every part is text, the coordinates too."""

    city: Text100 | None = None
    district: Text100 | None = None
    street: Text100 | None = None
    building: Text100 | None = None
    address: Text255 | None = None
    zipcode: Text20 | None = None
    longitude: Text20 | None = None
    latitude: Text20 | None = None


with warnings.catch_warnings():
    # QPay's field `register` hides a class method that no model needs.
    warnings.filterwarnings("ignore", message='Field name "register"')

    class BranchData(Request):
        """The branch that sends an invoice."""

        register: Text20 | None = None
        name: Text100 | None = None
        email: Text255 | None = None
        phone: Text20 | None = None
        address: Address | None = None

    class ReceiverData(BranchData):
        """Who is to pay an invoice."""

        # Said again: inherited, its default would be the class method of that name.
        register: Text20 | None = None


class StaffData(Request):
    """Who sends an invoice."""

    name: Text100 | None = None
    email: Text255 | None = None
    phone: Text20 | None = None


class TerminalData(Request):
    """The terminal that sends an invoice."""

    name: Text100 | None = None


class Account(Request):
    """A bank account that a part of the money goes to."""

    account_bank_code: Needed45
    account_number: Needed100
    iban_number: Needed100
    account_name: Needed100
    account_currency: Text45 = "MNT"
    is_default: bool = False

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """Leave the numbers out."""
        return [("account_bank_code", self.account_bank_code), ("is_default", self.is_default)]
