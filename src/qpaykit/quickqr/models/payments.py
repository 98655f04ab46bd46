"""Payments of an invoice of a sub-merchant, as `POST /payment/check` shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, model_validator
from typing_extensions import Self

from qpaykit.models.base import RequestModel
from qpaykit.models.enums import InvoiceStatus, ObjectType, PaymentStatus
from qpaykit.models.ids import PathId
from qpaykit.models.money import ResponseSum
from qpaykit.models.payments import (
    ObjectTypeField,
    P2PTransaction,
    Payment,
    PaymentCheck,
    PaymentRow,
    PaymentStatusField,
)
from qpaykit.models.response_types import OpenEnum, ResponseId, ResponseList
from qpaykit.models.times import ResponseTime


class QuickCheckRequest(RequestModel):
    """What `POST /payment/check` takes."""

    invoice_id: PathId


def _paid_if_success(word: object) -> object:
    return PaymentStatus.PAID if word == "SUCCESS" else word


class QuickPayment(PaymentRow, Payment):
    """A payment of a sub-merchant's invoice, under the names that every payment has.

    Attributes:
        payment_id: QPay's id (`id` on the wire).
        payment_status: Its status; QPay's SUCCESS is read as `PaymentStatus.PAID`.
        payment_amount: What was paid, in `payment_currency` (`amount` on the wire).
        payment_currency: Three letters, such as "MNT" (`currency` on the wire).
        payment_date: When its status changed last, in Ulaanbaatar's zone (`payment_status_date`).
        payment_type: How it was paid, such as "P2P" (`paid_by`).
        p2p_transactions: The bank transfers (`transactions` on the wire).
        object_id: The invoice's id.
    """

    payment_id: ResponseId = Field(default="", validation_alias=AliasChoices("id", "payment_id"))
    payment_status: Annotated[PaymentStatusField, BeforeValidator(_paid_if_success)] = None
    payment_amount: ResponseSum = Field(
        default=Decimal(0), validation_alias=AliasChoices("amount", "payment_amount")
    )
    payment_currency: str | None = Field(
        default=None, validation_alias=AliasChoices("currency", "payment_currency")
    )
    payment_date: ResponseTime = Field(
        default=None, validation_alias=AliasChoices("payment_status_date", "payment_date")
    )
    p2p_transactions: ResponseList[P2PTransaction] = Field(
        default=[], validation_alias=AliasChoices("transactions", "p2p_transactions")
    )
    object_type: ObjectTypeField = ObjectType.INVOICE
    terminal_id: str | None = None
    wallet_customer_id: str | None = None
    payment_name: str | None = None
    payment_description: str | None = None
    note: str | None = None


class QuickCheck(PaymentCheck):
    """What was paid on an invoice.

    Attributes:
        invoice_id: The invoice's id (`id` on the wire).
        invoice_status: The invoice's status; use `is_paid` to decide whether it is paid.
        invoice_status_date: When that changed last, in Ulaanbaatar's zone.
        payments: The payments, whatever their status.
        rows: The same payments.
        count: How many there are.
        paid_amount: The sum of those that are paid, in MNT, each once.
    """

    invoice_id: ResponseId = Field(default="", validation_alias=AliasChoices("id", "invoice_id"))
    invoice_status: OpenEnum[InvoiceStatus] = None
    invoice_status_date: ResponseTime = None
    payments: ResponseList[QuickPayment] = []
    rows: ResponseList[PaymentRow] = Field(default=[], repr=False)

    @model_validator(mode="after")
    def _with_sums(self) -> Self:
        payments = [
            one.model_copy(update={"object_id": one.object_id or self.invoice_id or None})
            for one in self.payments
        ]
        rows: list[PaymentRow] = [*payments]
        # QPay counts nothing itself.
        for name, value in (("payments", payments), ("rows", rows), ("count", len(rows))):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "paid_amount", self.paid_total())
        return self
