"""Partner logins and their sub-merchants; invoices and payments are in the common state."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import JsonValue

from qpaykit.simulator.accounts import Account, Accounts
from qpaykit.simulator.error_responses import ErrorResponse

if TYPE_CHECKING:
    from qpaykit.simulator.state import Invoice, State


@dataclass(eq=False)
class SubMerchant:
    """A sub-merchant of a partner login.

    Attributes:
        kind: "COMPANY" or "PERSON".
        fields: What it was registered with.
        created_at: Seconds since 1970.
    """

    id: str
    account: Account
    kind: str
    fields: dict[str, JsonValue]
    created_at: float

    @property
    def register_number(self) -> str:
        """Its register number."""
        return str(self.fields["register_number"])

    @property
    def name(self) -> str:
        """The name that payers are shown."""
        return str(self.fields.get("name") or self.fields.get("business_name") or "")


class QuickState:
    """The data of Quick QR besides invoices and payments."""

    def __init__(self, common: State) -> None:
        self.common: State = common
        self.accounts: Accounts = Accounts(common.clock)
        self.terminals: dict[Account, str] = {}
        self.merchants: dict[str, SubMerchant] = {}

    def reset(self) -> None:
        """Delete everything but the logins."""
        with self.common.lock:
            self.accounts.reset()
            self.merchants.clear()

    def of_account(self, account: Account) -> list[SubMerchant]:
        """Return a login's sub-merchants, oldest first."""
        return [one for one in self.merchants.values() if one.account is account]

    def add(self, account: Account, kind: str, fields: dict[str, JsonValue]) -> SubMerchant:
        """Record a new sub-merchant.

        Raises:
            ErrorResponse: Its register number is registered already.
        """
        number = str(fields["register_number"])
        if any(one.register_number == number for one in self.of_account(account)):
            raise ErrorResponse(409, "MERCHANT_ALREADY_REGISTERED", "Мерчантын бүртгэл давхацсан")
        merchant = SubMerchant(str(uuid.uuid4()), account, kind, fields, self.common.clock.now())
        self.merchants[merchant.id] = merchant
        return merchant

    def merchant(self, identifier: str, account: Account) -> SubMerchant:
        """Return a sub-merchant.

        Raises:
            ErrorResponse: There is none, or it is another login's.
        """
        found = self.merchants.get(identifier)
        if found is None or found.account is not account:
            raise ErrorResponse(404, "MERCHANT_NOTFOUND", "Мерчант бүртгэлгүй байна")
        return found

    def invoice(self, identifier: str, account: Account) -> Invoice:
        """Return an invoice.

        Raises:
            ErrorResponse: There is none, or it is another login's.
        """
        found = self.common.invoices.get(identifier)
        if found is None or found.account is not account:
            raise ErrorResponse(404, "INVOICE_NOTFOUND", "Нэхэмжлэл олдсонгүй")
        return found
