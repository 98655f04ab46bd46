"""The sender and the receiver of an invoice."""

import warnings

from qpaykit.models.base import RequestModel
from qpaykit.models.strings import RequiredStr45, RequiredStr100, Str20, Str45, Str100, Str255


class Address(RequestModel):
    """A place; every part is text, the coordinates too."""

    city: Str100 | None = None
    district: Str100 | None = None
    street: Str100 | None = None
    building: Str100 | None = None
    address: Str255 | None = None
    zipcode: Str20 | None = None
    longitude: Str20 | None = None
    latitude: Str20 | None = None


with warnings.catch_warnings():
    # QPay's field `register` hides a class method that no model needs.
    warnings.filterwarnings("ignore", message='Field name "register"')

    class BranchData(RequestModel):
        """The branch that sends an invoice."""

        register: Str20 | None = None
        name: Str100 | None = None
        email: Str255 | None = None
        phone: Str20 | None = None
        address: Address | None = None

    class ReceiverData(BranchData):
        """Who is to pay an invoice."""

        # Declared again: the default of the inherited field would be the class method `register`.
        register: Str20 | None = None


class StaffData(RequestModel):
    """Who sends an invoice."""

    name: Str100 | None = None
    email: Str255 | None = None
    phone: Str20 | None = None


class TerminalData(RequestModel):
    """The terminal that sends an invoice."""

    name: Str100 | None = None


class Account(RequestModel):
    """A bank account that a part of the money goes to."""

    account_bank_code: RequiredStr45
    account_number: RequiredStr100
    iban_number: RequiredStr100 | None = None
    account_name: RequiredStr100
    account_currency: Str45 = "MNT"
    is_default: bool = False

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """Leave the numbers out."""
        return [("account_bank_code", self.account_bank_code), ("is_default", self.is_default)]
