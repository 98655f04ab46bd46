"""The words that QPay uses. A word that is not here is kept as text, never an error."""

from enum import Enum

from typing_extensions import Self, override


class _Word(str, Enum):
    """A text with a name; it is written as the text."""

    def __str__(self) -> str:
        return str(self.value)


class _AnyCaseWord(_Word):
    """A text with a name, whatever its letter case."""

    @classmethod
    @override
    def _missing_(cls, value: object) -> Self | None:
        word = value.strip().upper() if isinstance(value, str) else ""
        return next((one for one in cls if one.value == word), None)


class PaymentStatus(_AnyCaseWord):
    """How far a payment has come."""

    NEW = "NEW"
    FAILED = "FAILED"
    PAID = "PAID"
    PARTIAL = "PARTIAL"
    REFUNDED = "REFUNDED"


class InvoiceStatus(_Word):
    """Whether an invoice can be paid; whether it was paid is payment/check's to say."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CANCELED = "CANCELED"


class PaymentType(_Word):
    """How a payment was made."""

    P2P = "P2P"
    CARD = "CARD"


class ObjectType(_AnyCaseWord):
    """What an object_id is the id of."""

    INVOICE = "INVOICE"
    QR = "QR"
    ITEM = "ITEM"
    MERCHANT = "MERCHANT"


class BarimtStatus(_Word):
    """Whether a tax receipt is valid."""

    REGISTERED = "REGISTERED"
    CANCELED = "CANCELED"


class ReceiverType(_Word):
    """Who gets a tax receipt."""

    CITIZEN = "CITIZEN"
    COMPANY = "COMPANY"


class TaxType(_Word):
    """How an invoice's lines are taxed: with VAT, without, or exempt from it."""

    VAT = "1"
    NO_VAT = "2"
    EXEMPT = "3"


class TaxCode(_Word):
    """Which tax a line's tax is."""

    VAT = "VAT"
    CITY_TAX = "CITY_TAX"


class Currency(_Word):
    """The currencies that QPay names."""

    MNT = "MNT"
    USD = "USD"
    CNY = "CNY"
    JPY = "JPY"
    RUB = "RUB"
    EUR = "EUR"
