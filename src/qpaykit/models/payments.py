"""The requests about payments, and the payments that QPay answers with."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, Field, StringConstraints, model_validator
from typing_extensions import Self

from qpaykit._arithmetic import add_up
from qpaykit.models.base import RequestModel, ResponseModel
from qpaykit.models.callback_urls import CallbackURL
from qpaykit.models.enums import Currency, ObjectType, PaymentStatus, PaymentType
from qpaykit.models.ids import is_path_id
from qpaykit.models.money import MoneyInput, ResponseMoney, ResponseSum, parse_money
from qpaykit.models.response_types import (
    OpenEnum,
    OptionalId,
    ResponseBool,
    ResponseId,
    ResponseList,
    ResponseZero,
)
from qpaykit.models.strings import NonEmptyStr, Str255
from qpaykit.models.times import ResponseTime

_BELOW_ANY_AMOUNT = Decimal(-1)
_P2P_DIGITS = 15
# A payment of these statuses may still be paid.
PENDING_STATUSES = (PaymentStatus.NEW, None, "")
# Fields that distinguish two payments without an id.
_DISTINGUISHING_FIELDS = (
    "payment_amount",
    "payment_fee",
    "payment_date",
    "payment_wallet",
    "payment_type",
    "card_transactions",
    "p2p_transactions",
    "ebarimt_customer_no",
)

# QPay has three names for the type of a payment, and two for its fee. Each is read everywhere.
_TYPE = AliasChoices("payment_type", "transaction_type", "paid_by")
_FEE = AliasChoices("payment_fee", "trx_fee")
# The misspelling stands in QPay's own tables.
_CARDS = AliasChoices("card_transactions", "card_tansactions")


class _CheckOffset(RequestModel):
    page_number: int = Field(default=1, ge=1, strict=True)
    page_limit: int = Field(default=100, ge=1, le=100, strict=True)


class CheckRequest(RequestModel):
    """What `POST /payment/check` takes."""

    object_type: ObjectType | NonEmptyStr = Field(union_mode="left_to_right")
    object_id: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=512)]
    offset: _CheckOffset = _CheckOffset()


class CancelRequest(RequestModel):
    """What the cancellation and the refund of a payment take."""

    note: Str255
    callback_url: CallbackURL | None = None


class CardTransaction(ResponseModel):
    """A card payment's own part; payment/check and payment/{id} name its fields differently."""

    card_merchant_code: str | None = None
    card_terminal_code: str | None = None
    card_number: str | None = Field(default=None, repr=False)
    card_type: str | None = None
    is_cross_border: ResponseBool = None
    amount: ResponseMoney = Field(
        default=None, validation_alias=AliasChoices("amount", "transaction_amount")
    )
    currency: str | None = Field(
        default=None, validation_alias=AliasChoices("currency", "transaction_currency")
    )
    date: ResponseTime = Field(
        default=None, validation_alias=AliasChoices("date", "transaction_date")
    )
    status: str | None = Field(
        default=None, validation_alias=AliasChoices("status", "transaction_status")
    )
    settlement_status: str | None = None
    settlement_status_date: ResponseTime = None


class P2PTransaction(ResponseModel):
    """A bank transfer's own part; its amount is what is left after the fee."""

    id: str | None = None
    transaction_bank_code: str | None = None
    account_bank_code: str | None = None
    account_bank_name: str | None = None
    account_number: str | None = Field(default=None, repr=False)
    status: str | None = None
    amount: ResponseMoney = None
    currency: str | None = None
    settlement_status: str | None = None


PaymentStatusField = OpenEnum[PaymentStatus]
PaymentTypeField = OpenEnum[PaymentType]
ObjectTypeField = OpenEnum[ObjectType]


class PaymentShape(ResponseModel):
    """The fields that all forms of a payment have, each under one name."""

    payment_id: ResponseId = ""
    payment_status: PaymentStatusField = None
    payment_amount: ResponseSum = Decimal(0)
    payment_fee: ResponseSum = Field(default=Decimal(0), validation_alias=_FEE)
    payment_currency: str | None = None
    payment_date: ResponseTime = None
    payment_wallet: str | None = None
    payment_type: PaymentTypeField = Field(default=None, validation_alias=_TYPE)

    @property
    def trx_fee(self) -> Decimal:
        """The fee, under the name that payment/check has for it."""
        return self.payment_fee

    @property
    def transaction_type(self) -> PaymentType | str | None:
        """The type, under the name that `GET /payment/{id}` has for it."""
        return self.payment_type

    @property
    def paid_by(self) -> PaymentType | str | None:
        """The type, under the name that payment/list has for it."""
        return self.payment_type


class _PaymentWithTransactions(PaymentShape):
    next_payment_date: ResponseTime = None
    next_payment_datetime: ResponseTime = None
    card_transactions: ResponseList[CardTransaction] = Field(default=[], validation_alias=_CARDS)
    p2p_transactions: ResponseList[P2PTransaction] = []

    @model_validator(mode="after")
    def _take_date_of_card(self) -> Self:
        dates = (card.date for card in self.card_transactions if card.date is not None)
        if self.payment_date is None and (date := next(dates, None)) is not None:
            object.__setattr__(self, "payment_date", date)
        return self


class Payment(_PaymentWithTransactions):
    """A payment, as `GET /payment/{id}` shows it.

    Attributes:
        payment_id: QPay's id: 15 digits for a bank transfer, maybe with a leading zero, a uuid for
            a card; "" where QPay sent none.
        payment_status: How far it has come.
        payment_amount: What was paid, in `payment_currency`; 0 where QPay sent none.
        payment_fee: QPay's fee, in the same currency; 0 where QPay sent none.
        payment_currency: Three letters, such as "MNT".
        payment_date: When it was paid, in Ulaanbaatar's zone; a card's own date where the payment
            has none.
        payment_wallet: The bank or wallet that it was paid from.
        payment_type: "P2P" for a bank transfer, or "CARD".
        object_type: What was paid, such as "INVOICE".
        object_id: For "INVOICE" the invoice's id.
        card_transactions: The card's own part.
        p2p_transactions: The bank transfer's own part; its amounts are what is left after the fee.
    """

    object_type: ObjectTypeField = None
    object_id: OptionalId = None


class PaymentRow(_PaymentWithTransactions):
    """A payment of an invoice, as `POST /payment/check` lists it; see `Payment` for its fields.

    Attributes:
        ebarimt_customer_no: The buyer's number for the tax receipt.
    """

    ebarimt_customer_no: str | None = None


def payment_key(payment_id: str) -> str:
    """Return a normal form of a payment's id; "" for anything that is not an id.

    The id of a bank transfer is digits. Sent as a JSON number it loses its leading zeros.
    """
    key = payment_id.strip().lower()
    if key.isdigit():
        key = key.lstrip("0")
    return key if is_path_id(key) else ""


def row_key(row: PaymentShape) -> str:
    """Return what tells a listed payment from the others: its id, else all its fields."""
    return payment_key(row.payment_id) or row.model_dump_json()


def possible_ids(payment_id: str) -> tuple[str, ...]:
    """Return the ids by which QPay may know a payment: as given, or with its leading zeros."""
    padded = payment_id.zfill(_P2P_DIGITS) if payment_id.isdigit() else payment_id
    return (payment_id,) if padded == payment_id else (payment_id, padded)


def currency_of(payment: Payment | PaymentRow, default: str = Currency.MNT) -> str:
    """Return the currency of a payment; the default where it names none."""
    return (payment.payment_currency or "").strip().upper() or str(default)


def distinct_rows(rows: Iterable[PaymentRow]) -> list[PaymentRow]:
    """Leave out the rows that another row repeats as it is, by its id or in all its fields."""
    kept: dict[str, PaymentRow] = {}
    for row in rows:
        key = row_key(row)
        kept[key] = _smaller(kept.get(key), row)
    return list(kept.values())


def distinct_payments(rows: Iterable[PaymentRow]) -> list[PaymentRow]:
    """Keep each payment once, however often payment/check lists it.

    A row without an id that can be read may be of any payment that it does not contradict. Where
    that cannot be told it is left out, so that the smaller sum counts. Of rows that contradict
    each other, the one that counts for less is kept.
    """
    kept: dict[int, PaymentRow] = {}
    # Those without an id come last, when every other payment is known.
    numbered = sorted(enumerate(distinct_rows(rows)), key=lambda one: not _has_id(one[1]))
    for place, row in numbered:
        same = None if _has_id(row) else next((n for n in kept if _may_be_same(kept[n], row)), None)
        if same is None:
            kept[place] = row
        else:
            kept[same] = _smaller(kept[same], row)
    return [kept[place] for place in sorted(kept)]


def _has_id(row: PaymentRow) -> bool:
    return bool(payment_key(row.payment_id))


def _smaller(known: PaymentRow | None, row: PaymentRow) -> PaymentRow:
    """Return the row that counts for less; one that is still NEW is older than any other."""
    if known is None or known.payment_status in PENDING_STATUSES:
        return row
    if row.payment_status in PENDING_STATUSES:
        return known
    return min(known, row, key=_counted_amount)


def _counted_amount(row: PaymentRow) -> Decimal:
    return row.payment_amount if row.payment_status == PaymentStatus.PAID else _BELOW_ANY_AMOUNT


def _may_be_same(one: PaymentRow, other: PaymentRow) -> bool:
    """Return whether two rows may be of one payment: no field tells them apart.

    A status does not, because it changes.
    """
    return currency_of(one) == currency_of(other) and not any(
        (mine := getattr(one, name)) and (theirs := getattr(other, name)) and mine != theirs
        for name in _DISTINGUISHING_FIELDS
    )


class PaymentCheck(ResponseModel):
    """What was paid on an invoice.

    Attributes:
        count: How many payments there are, whatever their status.
        paid_amount: What QPay calls paid; 0 where it says nothing.
        rows: The payments.
    """

    count: Annotated[int, ResponseZero] = 0
    paid_amount: ResponseSum = Decimal(0)
    rows: ResponseList[PaymentRow] = []

    def is_paid(self, amount: MoneyInput | None = None, *, currency: str = "MNT") -> bool:
        """Return whether the invoice is paid: by its PAID payments, not by their count.

        Each payment counts once, however often it is listed. Only the payments in `rows` count:
        where `count` is larger, ask for the other pages too.

        Args:
            amount: What must have been paid; any PAID payment above 0 will do when left out.
            currency: The currency of that amount; payments in another one do not count.

        Returns:
            Whether the PAID payments reach the amount.

        Raises:
            pydantic.ValidationError: `amount` is not an amount of money.
        """
        if amount is None:
            return any(
                row.payment_status == PaymentStatus.PAID and row.payment_amount > 0
                for row in distinct_payments(self.rows)
            )
        due = parse_money(amount)
        paid = self.paid_total(currency)
        return paid > 0 and paid >= due

    def paid_total(self, currency: str = "MNT") -> Decimal:
        """Add up the PAID payments of `rows` in one currency, each once.

        A payment that names no currency is in MNT.

        Args:
            currency: Three letters, such as "MNT".

        Returns:
            Their sum.
        """
        return add_up(
            row.payment_amount
            for row in distinct_payments(self.rows)
            if row.payment_status == PaymentStatus.PAID and currency_of(row) == currency
        )
