"""Enums of QPay's values. A value that is not in its enum is kept as text."""

from enum import Enum

from typing_extensions import Self, override


class _TextEnum(str, Enum):
    """An enum of texts; `str` of a member is its text."""

    def __str__(self) -> str:
        return str(self.value)


class _CaseInsensitiveTextEnum(_TextEnum):
    """An enum of texts that is read case-insensitively."""

    @classmethod
    @override
    def _missing_(cls, value: object) -> Self | None:
        word = value.strip().upper() if isinstance(value, str) else ""
        return next((one for one in cls if one.value == word), None)


class PaymentStatus(_CaseInsensitiveTextEnum):
    """How far a payment has come."""

    NEW = "NEW"
    FAILED = "FAILED"
    PAID = "PAID"
    PARTIAL = "PARTIAL"
    REFUNDED = "REFUNDED"


class InvoiceStatus(_TextEnum):
    """Whether an invoice can be paid. Only payment/check tells whether it was paid."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CANCELED = "CANCELED"


class PaymentType(_TextEnum):
    """How a payment was made."""

    P2P = "P2P"
    CARD = "CARD"


class ObjectType(_CaseInsensitiveTextEnum):
    """What an object_id is the id of."""

    INVOICE = "INVOICE"
    QR = "QR"
    ITEM = "ITEM"
    MERCHANT = "MERCHANT"


class BarimtStatus(_TextEnum):
    """Whether a tax receipt is valid."""

    REGISTERED = "REGISTERED"
    CANCELED = "CANCELED"


class ReceiverType(_TextEnum):
    """Who gets a tax receipt."""

    CITIZEN = "CITIZEN"
    COMPANY = "COMPANY"


class TaxType(_TextEnum):
    """How an invoice's lines are taxed: with VAT, without, or exempt from it."""

    VAT = "1"
    NO_VAT = "2"
    EXEMPT = "3"


class TaxCode(_TextEnum):
    """Which tax a line's tax is."""

    VAT = "VAT"
    CITY_TAX = "CITY_TAX"


class Currency(_TextEnum):
    """The currencies that QPay names."""

    MNT = "MNT"
    USD = "USD"
    CNY = "CNY"
    JPY = "JPY"
    RUB = "RUB"
    EUR = "EUR"
