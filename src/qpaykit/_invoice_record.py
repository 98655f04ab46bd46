"""The record of an invoice, which connects a payment to its order: order number and total."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, urlsplit

from pydantic_core import to_json

from qpaykit._arithmetic import EXACT, HUNDREDTH, ZERO, add_up
from qpaykit._callback_url import SIGNATURE_PARAM, comparable_number, order_of
from qpaykit._record_fields import amount_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from qpaykit.models import InvoiceDetail


def record_key(account: str, invoice_id: str) -> str:
    """Return the key under which a store keeps the record of an invoice."""
    return f"invoice:{account}:{invoice_id}"


def reference_key(account: str, reference: str) -> str:
    """Return the key under which a store keeps the id of the invoice that a URL was signed for."""
    return f"reference:{account}:{hashlib.sha256(reference.encode()).hexdigest()}"


class Draft(Protocol):
    """The request of an invoice, of any product."""

    @property
    def sender_invoice_no(self) -> str:
        """The invoice's number."""

    @property
    def total(self) -> Decimal | None:
        """What the buyer has to pay; None for an open sum."""

    @property
    def minimum_amount(self) -> Decimal | None:
        """The least that an open sum may be."""

    @property
    def callback_url(self) -> str | None:
        """The URL that QPay calls."""

    def model_copy(self, *, update: Mapping[str, object]) -> Self:
        """Return a copy with other fields."""


@dataclass(frozen=True)
class InvoiceRecord:
    """An invoice as the store remembers it from `create`, or as QPay shows it.

    Attributes:
        order_no: The order that the invoice is for; "" where nothing names one.
        sender_invoice_no: The number that QPay knows the invoice by.
        total: What the buyer has to pay; None where that is open or not known.
        minimum: The least that an open sum may be.
        is_open: Whether the invoice leaves its sum to the buyer.
        currency: The currency of the total.
        callback_url: The URL that QPay calls, with its signature if it has one.
        merchant_id: The sub-merchant of Quick QR that is paid; None where nothing names one.
    """

    order_no: str
    sender_invoice_no: str
    total: Decimal | None
    minimum: Decimal | None = None
    is_open: bool = False
    currency: str = "MNT"
    callback_url: str = ""
    merchant_id: str | None = None

    @property
    def due(self) -> Decimal:
        """What has to be paid; 0 where any sum will do, or where nothing names it."""
        return self.total or self.minimum or ZERO

    @property
    def is_due_known(self) -> bool:
        """Whether anything names what has to be paid."""
        return self.total is not None or self.is_open

    @property
    def params(self) -> dict[str, str]:
        """The merchant's own parameters of the callback URL."""
        query = _query_of(self.callback_url)
        return {name: value for name, value in query if name != SIGNATURE_PARAM}

    @property
    def signature(self) -> str | None:
        """The signature in the callback URL; None where there is none."""
        return _signature_of(self.callback_url)

    def is_reached_by(self, paid: Decimal) -> bool:
        """Return whether a sum pays the invoice; a total of 0 or less is never reached."""
        if self.due > 0:
            return paid >= self.due
        return self.is_open and paid > 0

    def to_json(self) -> str:
        """Write the record as a store keeps it."""
        values = (
            self.order_no,
            self.sender_invoice_no,
            _text(self.total),
            _text(self.minimum),
            self.is_open,
            self.currency,
            self.callback_url,
            self.merchant_id,
        )
        return to_json(values).decode()

    @classmethod
    def from_json(cls, text: str | None) -> InvoiceRecord | None:
        """Read what a store keeps; None for anything that is not a record."""
        try:
            values = json.loads(text or "null")
            order_no, number, total, minimum, is_open, currency, callback_url, merchant_id = values
            texts = [order_no, number, currency, callback_url]
            if merchant_id is not None:
                texts.append(merchant_id)
            if not all(isinstance(one, str) for one in texts) or not isinstance(is_open, bool):
                return None
            return cls(
                order_no,
                number,
                _optional_amount(total),
                _optional_amount(minimum),
                is_open,
                currency,
                callback_url,
                merchant_id,
            )
        except (TypeError, ValueError, InvalidOperation):
            return None

    @classmethod
    def of_request(cls, request: Draft, *, order_no: str = "") -> InvoiceRecord:
        """Make the record of an invoice that is to be made."""
        total = request.total
        url = request.callback_url or ""
        number = request.sender_invoice_no
        # Parsing is slow, and unsigned URLs need none.
        if SIGNATURE_PARAM in url and (signature := _signature_of(url)):
            from qpaykit.signing import signed_number

            # A callback names the number that its URL was signed for.
            number = signed_number(signature)
        return cls(
            order_no=order_no or request.sender_invoice_no,
            sender_invoice_no=number,
            total=total,
            minimum=request.minimum_amount if total is None else None,
            is_open=total is None,
            callback_url=url,
            # Only a request of Quick QR has one; pydantic is slow to miss an attribute.
            merchant_id=vars(request).get("merchant_id"),
        )

    @classmethod
    def of_detail(cls, detail: InvoiceDetail) -> InvoiceRecord:
        """Make the record of an invoice as `GET /invoice/{id}` shows it."""
        number = detail.sender_invoice_no or ""
        if not comparable_number(number):
            number = ""
        total = detail.total_amount
        if detail.lines and (total is None or total <= 0):
            # A total of 0 or less is never reached. The lines may name the right one.
            total = _lines_total(detail) or total
        # QPay names no price of an open sum, and the buyer may choose it.
        is_open = (
            not detail.lines
            and total == 0
            and detail.gross_amount == 0
            and bool(detail.minimum_amount or detail.allow_exceed or detail.allow_partial)
        )
        record = cls(
            order_no=number,
            sender_invoice_no=number,
            total=None if is_open else total,
            minimum=detail.minimum_amount if is_open else None,
            is_open=is_open,
            callback_url=detail.callback_url or "",
        )
        return replace(record, order_no=order_of(number, record.params))


def _query_of(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []  # what QPay repeats may be no URL


def _signature_of(url: str) -> str | None:
    return dict(_query_of(url)).get(SIGNATURE_PARAM)


def _lines_total(detail: InvoiceDetail) -> Decimal | None:
    """Add up the lines; None where QPay leaves out a price or a quantity."""
    total = ZERO
    for line in detail.lines:
        if line.line_unit_price is None or line.line_quantity is None:
            return None
        total = EXACT.fma(line.line_unit_price, line.line_quantity, total)
        charges = (*line.surcharges, *line.taxes)
        total = EXACT.add(total, add_up(charge.amount or ZERO for charge in charges))
        total = EXACT.subtract(total, add_up(one.amount or ZERO for one in line.discounts))
    return EXACT.quantize(total, HUNDREDTH)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _optional_amount(value: object) -> Decimal | None:
    return None if value is None else amount_field(value)
