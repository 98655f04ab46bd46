"""The request of an invoice, and QPay's answer."""

import base64
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AliasChoices, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Required, Self, TypedDict, Unpack

from qpaykit.models.base import RequestModel, ResponseModel
from qpaykit.models.callback_urls import CallbackURL
from qpaykit.models.enums import TaxType
from qpaykit.models.lines import InvoiceLine, Transaction
from qpaykit.models.money import Money, MoneyInput, PositiveMoney
from qpaykit.models.parties import BranchData, ReceiverData, StaffData, TerminalData
from qpaykit.models.response_types import ResponseDict, ResponseId, ResponseList, ResponseText
from qpaykit.models.strings import (
    DistrictCode,
    OrderNumber,
    RequiredStr45,
    RequiredStr255,
    Str45,
    Str100,
    Str255,
    Str1000,
)
from qpaykit.models.times import IsoTime, LocalTime, TimeInput
from qpaykit.models.totals import taxes_of, total_of_lines

if TYPE_CHECKING:
    from segno import QRCode

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND"
_Interval = Annotated[str, StringConstraints(strict=True, pattern=r"^[1-9][0-9]{0,3}[DWM]$")]


class InvoiceOptions(TypedDict, total=False):
    """The fields of `InvoiceRequest` that may be left out, for type checkers."""

    invoice_code: str | None
    invoice_receiver_code: str | None
    callback_url: str | None
    sender_branch_code: str | None
    sender_branch_data: BranchData | None
    sender_staff_code: str | None
    sender_staff_data: StaffData | None
    sender_terminal_code: str | None
    sender_terminal_data: TerminalData | None
    invoice_receiver_data: ReceiverData | None
    invoice_due_date: TimeInput | None
    enable_expiry: bool | None
    expiry_date: TimeInput | None
    calculate_vat: bool | None
    tax_type: TaxType | str | None
    tax_customer_code: str | None
    line_tax_code: str | None
    district_code: str | None
    allow_partial: bool | None
    minimum_amount: MoneyInput | None
    allow_exceed: bool | None
    maximum_amount: MoneyInput | None
    allow_subscribe: bool | None
    subscription_interval: str | None
    subscription_webhook: str | None
    next_payment_date: TimeInput | None
    note: str | None
    lines: Sequence[InvoiceLine] | None
    transactions: Sequence[Transaction] | None


class InvoiceFields(InvoiceOptions, total=False):
    """The fields of `InvoiceRequest`, for type checkers."""

    sender_invoice_no: Required[str | int]
    invoice_description: Required[str]
    amount: MoneyInput | None


class InvoiceRequest(RequestModel):
    """An invoice to be made.

    Lengths are in characters, and money is in MNT with at most two decimals. A datetime
    without a zone is Ulaanbaatar's; a date or a text is sent as it stands.

    Attributes:
        invoice_code: From QPay, 1 to 45; the client's where left out.
        sender_invoice_no: Your order number, 1 to 45, a new one for each invoice.
        invoice_receiver_code: Who is to pay, 1 to 45; "terminal" where left out.
        invoice_description: What the buyer reads, 1 to 255.
        amount: What is to be paid, above 0; left out, the `lines` make it up. It must be their
            `total`. Neither amount nor lines is an open sum, for which `minimum_amount`,
            `allow_partial` or `allow_exceed` is given.
        callback_url: Where QPay calls, up to 255 with its signature; the client's where
            left out.
        sender_branch_code: The branch that sells, up to 45.
        sender_branch_data: Its register number, name, e-mail, phone and address.
        sender_staff_code: Who sells, up to 100.
        sender_staff_data: Their name, e-mail and phone.
        sender_terminal_code: The till, up to 45.
        sender_terminal_data: Its name.
        invoice_receiver_data: Who is to pay: register number, name, e-mail, phone, address.
        invoice_due_date: When it is due; a datetime is sent in Ulaanbaatar's time.
        enable_expiry: Whether `expiry_date` counts; QPay's documents differ on its meaning.
        expiry_date: When it expires; a datetime is sent in UTC.
        calculate_vat: Whether QPay works out the VAT.
        tax_type: "1" with VAT, "2" without, "3" exempt.
        tax_customer_code: Up to 45.
        line_tax_code: Up to 45.
        district_code: The tax office's district, 4 digits.
        allow_partial: Whether less may be paid.
        minimum_amount: The least that may be paid, not above `maximum_amount`.
        allow_exceed: Whether more may be paid.
        maximum_amount: The most that may be paid.
        allow_subscribe: Whether it is paid again and again, by card only.
        subscription_interval: How often: 1 to 9999 and D, W or M, such as "1M".
        subscription_webhook: A URL for it, up to 255; what QPay sends there is not known.
        next_payment_date: When the next payment is taken; a datetime is sent in UTC.
        note: Up to 1000.
        lines: What is sold.
        transactions: Accounts that the money is divided over, for operators only.
    """

    invoice_code: RequiredStr45 | None = None
    sender_invoice_no: OrderNumber
    invoice_receiver_code: RequiredStr45 | None = None
    invoice_description: RequiredStr255
    amount: PositiveMoney | None = None
    callback_url: CallbackURL | None = None
    sender_branch_code: Str45 | None = None
    sender_branch_data: BranchData | None = None
    sender_staff_code: Str100 | None = None
    sender_staff_data: StaffData | None = None
    sender_terminal_code: Str45 | None = None
    sender_terminal_data: TerminalData | None = None
    invoice_receiver_data: ReceiverData | None = None
    invoice_due_date: LocalTime | None = None
    enable_expiry: bool | None = None
    expiry_date: IsoTime | None = None
    calculate_vat: bool | None = None
    tax_type: Annotated[TaxType | None, Field(strict=False)] = None
    tax_customer_code: Str45 | None = None
    line_tax_code: Str45 | None = None
    district_code: DistrictCode | None = None
    allow_partial: bool | None = None
    minimum_amount: Money | None = None
    allow_exceed: bool | None = None
    maximum_amount: Money | None = None
    allow_subscribe: bool | None = None
    subscription_interval: _Interval | None = None
    subscription_webhook: Str255 | None = None
    next_payment_date: IsoTime | None = None
    note: Str1000 | None = None
    lines: Sequence[InvoiceLine] | None = None
    transactions: Sequence[Transaction] | None = None

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[InvoiceFields]) -> None: ...

    @property
    def total(self) -> Decimal | None:
        """What the buyer will pay, in MNT with two decimals; None for an open sum.

        QPay takes the lines over `amount`: price times quantity, less discounts, with surcharges,
        and with the taxes on a plain invoice code. An e-barimt invoice, one with `tax_type`, has
        its taxes inside the prices.
        """
        if not self.lines:
            return self.amount
        return total_of_lines(self.lines, taxes_on_top=self.tax_type is None)

    @model_validator(mode="after")
    def _check_amounts(self) -> Self:
        total = self.total
        is_open = bool(self.minimum_amount or self.allow_partial or self.allow_exceed)
        if total is None and not is_open:
            raise PydanticCustomError(
                "amount_missing",
                "give an amount, or lines that make it up, or for an open sum a minimum_amount, "
                "allow_partial or allow_exceed",
            )
        if self.lines and total is not None:
            self._check_total_of_lines(total)
        if (
            self.minimum_amount is not None
            and self.maximum_amount is not None
            and self.minimum_amount > self.maximum_amount
        ):
            raise PydanticCustomError("range", "minimum_amount is above maximum_amount")
        return self

    def _check_total_of_lines(self, total: Decimal) -> None:
        if total <= 0:
            raise PydanticCustomError(
                "total_not_positive",
                "the lines come to {total}: QPay takes only what is above 0",
                {"total": str(total)},
            )
        if self.amount is not None and self.amount != total:
            raise PydanticCustomError(
                "amount_differs",
                "amount is {amount}, and the lines come to {total}: QPay would charge the lines. "
                "Leave amount out, or make the lines fit it",
                {"amount": str(self.amount), "total": str(total)},
            )
        if self.amount is None and self.tax_type is None and any(map(taxes_of, self.lines or ())):
            inside = total_of_lines(self.lines or (), taxes_on_top=False)
            raise PydanticCustomError(
                "taxes_on_top",
                "the lines' prices come to {inside}, and on a plain invoice QPay charges their "
                "taxes on top, {total} in all: for prices that hold their taxes give tax_type and "
                "an e-barimt invoice_code, or confirm with amount={total}",
                {"inside": str(inside), "total": str(total)},
            )


class BankLink(ResponseModel):
    """A link that opens an invoice in a bank's app; it works on phones only."""

    name: ResponseText = ""
    description: ResponseText = ""
    logo: ResponseText = Field(default="", repr=False)
    link: ResponseText = ""


class Invoice(ResponseModel):
    """An invoice that was made.

    Attributes:
        invoice_id: QPay's id; keep it with the order.
        qr_text: What the QR code says.
        qr_image: The QR code as a PNG in base64, as QPay sent it; it may be empty.
        qpay_short_url: A page of QPay's that shows the invoice.
        urls: Links that open it in the banks' apps.
        subscription: What was subscribed to, with `allow_subscribe`.
        callback_url: The callback URL as it was sent, with its signature.

    Texts are "" where QPay sent none.
    """

    invoice_id: ResponseId = ""
    qr_text: ResponseText = ""
    qr_image: ResponseText = Field(default="", repr=False)
    qpay_short_url: ResponseText = Field(
        default="", validation_alias=AliasChoices("qPay_shortUrl", "qpay_short_url")
    )
    urls: ResponseList[BankLink] = Field(
        default=[], validation_alias=AliasChoices("urls", "qPay_deeplink")
    )
    subscription: ResponseDict = None
    callback_url: ResponseText = ""

    def qr_png(self) -> bytes:
        """Return the QR code as a PNG: QPay's own, or one drawn of `qr_text`.

        Raises:
            ImportError: QPay sent no image, and the extra `qr`, which draws one, is missing.
            ValueError: QPay sent neither an image nor a text.
        """
        try:
            image = base64.b64decode(self.qr_image.rpartition(",")[2], validate=False)
        except ValueError:
            image = b""
        if _is_complete(image) or (image.startswith(_PNG) and not self.qr_text):
            return image
        if not self.qr_text:
            raise ValueError("QPay sent neither a QR image nor a QR text with this invoice")
        picture = io.BytesIO()
        self._drawn_qr().save(picture, kind="png", scale=6, border=4)
        return picture.getvalue()

    def qr_svg(self) -> str:
        """Return the QR code as an SVG element, drawn of `qr_text`.

        Raises:
            ImportError: The extra `qr`, which draws it, is missing.
            ValueError: QPay sent no QR text.
        """
        if not self.qr_text:
            raise ValueError("QPay sent no QR text with this invoice")
        return str(self._drawn_qr().svg_inline(scale=6, border=4, light="#fff"))

    def to_html(self, lang: Literal["mn", "en"] = "mn", *, logos: bool = True) -> str:
        """Return a piece of an HTML page with the QR code and the banks' buttons.

        Everything in it is escaped. It has no script, and no address but the banks' logos. Only
        links of known bank apps become buttons; they work on phones.

        Args:
            lang: The language of its sentences, "mn" or "en".
            logos: Whether the buttons show the banks' logos, which the browser fetches from QPay.

        Raises:
            ImportError: QPay sent no image, and the extra `qr`, which draws one, is missing.
            ValueError: QPay sent neither an image nor a text, or the language is another one.
        """
        from qpaykit.models.invoice_html import invoice_html

        if lang not in {"mn", "en"}:
            raise ValueError('lang must be "mn" or "en"')
        return invoice_html(self, lang=lang, logos=logos)

    def _drawn_qr(self) -> "QRCode":
        try:
            import segno
        except ModuleNotFoundError as error:
            raise ImportError(
                'QPay sent no QR image; to draw one: pip install "qpaykit[qr]"'
            ) from error
        return segno.make(self.qr_text, error="m")

    @property
    def wallet_link(self) -> str | None:
        """The link that opens the invoice in QPay's own wallet, if QPay sent one.

        It is known by its scheme or name: every bank's link has "qPay" in its query.
        """
        links = [(url.link, url.name.lower()) for url in self.urls if url.link]
        by_scheme = (link for link, _ in links if link.lower().startswith("qpaywallet:"))
        by_name = (link for link, name in links if "qpay" in name)
        return next(by_scheme, None) or next(by_name, None)


def _is_complete(image: bytes) -> bool:
    """Return whether a PNG is complete: QPay has sent truncated ones."""
    return image.startswith(_PNG) and _PNG_END in image[-16:]
