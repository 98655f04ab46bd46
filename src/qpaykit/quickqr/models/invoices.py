"""Invoices of a sub-merchant: what is asked for, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Required, TypedDict

from qpaykit._escaping import get_logger
from qpaykit.models.banks import BANKS
from qpaykit.models.base import RequestModel, ResponseModel
from qpaykit.models.callback_urls import CallbackURL
from qpaykit.models.enums import InvoiceStatus
from qpaykit.models.ids import PathId
from qpaykit.models.invoices import Invoice
from qpaykit.models.money import Money, MoneyInput, PositiveMoney, ResponseSum
from qpaykit.models.response_types import (
    OpenEnum,
    ResponseBool,
    ResponseId,
    ResponseList,
    ResponseText,
)
from qpaykit.models.strings import (
    OrderNumber,
    RequiredStr45,
    RequiredStr100,
    RequiredStr255,
    Str45,
    Str255,
)
from qpaykit.models.times import ResponseTime

_logger = get_logger("qpaykit.quickqr")


def _known_bank(code: str) -> str:
    if code not in BANKS:
        _logger.warning(
            "account_bank_code %s is not in BANKS: the money could go to another bank, or QPay may "
            "refuse it. Compare it with QPay's list.",
            code,
        )
    return code


class BankAccount(RequestModel):
    """A bank account that the money of an invoice goes to.

    Attributes:
        account_bank_code: The bank's code, six digits mostly: see `BANKS`.
        account_number: The number, or the whole IBAN, up to 100.
        account_name: Whose account it is, up to 100.
        is_default: Whether it is the account that is offered first: exactly one is.
    """

    account_bank_code: Annotated[RequiredStr45, AfterValidator(_known_bank)]
    account_number: RequiredStr100
    account_name: RequiredStr100
    is_default: bool = False

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """Leave the number out."""
        return [("account_bank_code", self.account_bank_code), ("is_default", self.is_default)]


def _one_default(accounts: Sequence[BankAccount]) -> Sequence[BankAccount]:
    if not accounts:
        raise PydanticCustomError("accounts_missing", "must name at least one account")
    if len(accounts) == 1:
        return [accounts[0].model_copy(update={"is_default": True})]
    defaults = sum(account.is_default for account in accounts)
    if defaults != 1:
        raise PydanticCustomError(
            "accounts_default",
            "must have exactly one account with is_default=True, and {count} have it",
            {"count": defaults},
        )
    return accounts


class QuickInvoiceFields(TypedDict, total=False):
    """The fields of `QuickInvoiceRequest`, for type checkers."""

    merchant_id: Required[str]
    amount: Required[MoneyInput]
    order: Required[str | int]
    description: Required[str]
    bank_accounts: Required[Sequence[BankAccount]]
    callback_url: str | None
    mcc_code: str | None
    branch_code: str | None
    customer_name: str | None
    customer_logo: str | None
    allow_partial: bool | None
    minimum_amount: MoneyInput | None
    allow_exceed: bool | None
    maximum_amount: MoneyInput | None


class QuickInvoiceRequest(RequestModel):
    """An invoice to be made for a sub-merchant; money is in MNT with at most two decimals.

    Attributes:
        merchant_id: The sub-merchant's id, registered under the same login.
        amount: What is to be paid, above 0.
        sender_invoice_no: Your order number, 1 to 45, given as `order`. It is not sent: Quick QR
            has no field for it.
        description: What the payer reads, 1 to 255.
        bank_accounts: Where the money goes: at least one account, exactly one the default. A
            single account is the default by itself.
        callback_url: Where QPay calls, up to 255 with its signature.
        mcc_code: Another category than the merchant's own, four digits.
        branch_code: The branch that sells, up to 45.
        customer_name: Who buys, up to 255.
        customer_logo: The URL of a picture, up to 255.
        allow_partial: Whether less may be paid.
        minimum_amount: The least that may be paid.
        allow_exceed: Whether more may be paid.
        maximum_amount: The most that may be paid.
    """

    merchant_id: PathId
    amount: PositiveMoney
    currency: Literal["MNT"] = "MNT"
    bank_accounts: Annotated[Sequence[BankAccount], AfterValidator(_one_default)]
    callback_url: CallbackURL | None = None
    description: RequiredStr255
    sender_invoice_no: OrderNumber = Field(alias="order", exclude=True)
    mcc_code: Annotated[str, StringConstraints(strict=True, pattern=r"^([0-9]{4})?$")] | None = None
    branch_code: Str45 | None = None
    customer_name: Str255 | None = None
    customer_logo: Str255 | None = None
    allow_partial: bool | None = None
    minimum_amount: Money | None = None
    allow_exceed: bool | None = None
    maximum_amount: Money | None = None

    @property
    def total(self) -> Decimal:
        """What the buyer will pay, in MNT."""
        return self.amount


class QuickBankAccount(ResponseModel):
    """A bank account of an invoice, as QPay has it."""

    id: ResponseText = ""
    account_bank_code: ResponseText = ""
    account_number: ResponseText = Field(default="", repr=False)
    account_name: ResponseText = ""
    is_default: ResponseBool = Field(
        default=None, validation_alias=AliasChoices("is_default", "default")
    )
    invoice_id: ResponseId = ""


class QuickInvoice(Invoice):
    """An invoice of a sub-merchant; only `payments.check` shows whether it is paid.

    It has everything of an `Invoice`: `qr_png()`, `qr_svg()`, `to_html()`, `wallet_link`.

    Attributes:
        invoice_id: QPay's id (`id` on the wire); keep it with the order.
        qr_text: The text of the QR code (`qr_code` on the wire, `qr_text` in some answers).
        amount: What is to be paid, in MNT; 0 where QPay sent none.
        invoice_status: Whether it can be paid.
        invoice_bank_accounts: Where the money goes.
        callback_url: From `create` the callback URL as it was sent, else as QPay has it.

    Texts are "" where QPay sent none.
    """

    invoice_id: ResponseId = Field(default="", validation_alias=AliasChoices("id", "invoice_id"))
    qr_text: ResponseText = Field(default="", validation_alias=AliasChoices("qr_code", "qr_text"))
    terminal_id: ResponseText = ""
    merchant_id: ResponseText = ""
    amount: ResponseSum = Decimal(0)
    currency: ResponseText = ""
    description: ResponseText = ""
    invoice_status: OpenEnum[InvoiceStatus] = None
    invoice_status_date: ResponseTime = None
    customer_name: ResponseText = ""
    customer_logo: ResponseText = Field(default="", repr=False)
    mcc_code: ResponseText = ""
    legacy_id: ResponseText = ""
    vendor_id: ResponseText = ""
    process_code_id: ResponseText = ""
    invoice_bank_accounts: ResponseList[QuickBankAccount] = []

    @model_validator(mode="before")
    @classmethod
    def _read_either_name(cls, content: object) -> object:
        """Leave out what is empty, so that the other name of a field is read."""
        if not isinstance(content, dict):
            return content
        return {name: value for name, value in content.items() if value not in (None, "")}
