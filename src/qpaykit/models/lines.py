"""The lines of an invoice, with their discounts, surcharges and taxes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints
from typing_extensions import Self

from qpaykit._arithmetic import EXACT
from qpaykit.models.base import RequestModel
from qpaykit.models.enums import TaxCode
from qpaykit.models.money import Money, MoneyInput, MoneyText, TaxAmount
from qpaykit.models.parties import Account
from qpaykit.models.strings import RequiredStr255, Str45, Str255
from qpaykit.models.tax import city_tax_of, vat_of

ClassificationCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{7}$")]
_Description100 = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100)]


class Discount(RequestModel):
    """What a line costs less, in MNT."""

    discount_code: Str45 | None = None
    description: _Description100
    amount: Money
    note: Str255 | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            description: str,
            amount: MoneyInput,
            discount_code: str | None = None,
            note: str | None = None,
        ) -> None: ...


class Surcharge(RequestModel):
    """What a line costs more, in MNT."""

    surcharge_code: Str45 | None = None
    description: _Description100
    amount: Money
    note: Str255 | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            description: str,
            amount: MoneyInput,
            surcharge_code: str | None = None,
            note: str | None = None,
        ) -> None: ...


class Tax(RequestModel):
    """A tax of a line, in MNT with at most four decimals."""

    tax_code: Annotated[TaxCode | Str45, Field(union_mode="left_to_right")]
    description: _Description100
    amount: TaxAmount
    city_tax: TaxAmount | None = None
    note: Str255 | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            tax_code: TaxCode | str,
            description: str,
            amount: MoneyInput,
            city_tax: MoneyInput | None = None,
            note: str | None = None,
        ) -> None: ...


class InvoiceLine(RequestModel):
    """One thing that is sold.

    Quantity and unit price are above 0, with at most two decimals; QPay refuses a line
    whose total is not above 0.
    """

    sender_product_code: Str45 | None = None
    tax_product_code: Str45 | None = None
    line_description: RequiredStr255
    line_quantity: MoneyText
    line_unit_price: MoneyText
    note: Str255 | None = None
    barcode: Str45 | None = None
    classification_code: ClassificationCode | None = None
    discounts: Sequence[Discount] | None = None
    surcharges: Sequence[Surcharge] | None = None
    taxes: Sequence[Tax] | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            line_description: str,
            line_quantity: MoneyInput,
            line_unit_price: MoneyInput,
            sender_product_code: str | None = None,
            tax_product_code: str | None = None,
            note: str | None = None,
            barcode: str | None = None,
            classification_code: str | None = None,
            discounts: Sequence[Discount] | None = None,
            surcharges: Sequence[Surcharge] | None = None,
            taxes: Sequence[Tax] | None = None,
        ) -> None: ...

    @classmethod
    def with_vat(
        cls,
        *,
        line_description: str,
        line_unit_price: MoneyInput,
        line_quantity: MoneyInput = 1,
        classification_code: str | None = None,
        city_tax: bool = False,
        tax_product_code: str | None = None,
        sender_product_code: str | None = None,
        barcode: str | None = None,
        note: str | None = None,
    ) -> Self:
        """Make a line whose tax passes QPay's check.

        Args:
            line_description: What is sold, at most 255 characters.
            line_unit_price: The price of one in MNT, taxes included, at most two decimals.
            line_quantity: How many, at most two decimals.
            classification_code: The product's class, seven digits; e-barimt wants one.
            city_tax: Whether the price holds city tax of 2 % beside VAT.
            tax_product_code: For goods that are taxed otherwise.
            sender_product_code: The shop's own code, at most 45 characters.
            barcode: The product's barcode.
            note: At most 255 characters.

        Returns:
            The line, with the tax that its total holds.

        Raises:
            pydantic.ValidationError: A price or quantity is not above 0, a code is malformed.
        """
        line = cls(
            line_description=line_description,
            line_quantity=line_quantity,
            line_unit_price=line_unit_price,
            classification_code=classification_code,
            tax_product_code=tax_product_code,
            sender_product_code=sender_product_code,
            barcode=barcode,
            note=note,
        )
        total = EXACT.multiply(line.line_unit_price, line.line_quantity)
        vat = vat_of(total, city_tax=city_tax)
        taxes = [Tax(tax_code=TaxCode.VAT, description="НӨАТ", amount=vat)]
        if city_tax:
            taxes.append(
                Tax(tax_code=TaxCode.CITY_TAX, description="НХАТ", amount=city_tax_of(total))
            )
        return line.model_copy(update={"taxes": taxes})


class Transaction(RequestModel):
    """How an invoice's money is divided; for operators only. The amount is in MNT."""

    description: _Description100
    amount: Money
    accounts: Sequence[Account] | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            description: str,
            amount: MoneyInput,
            accounts: Sequence[Account] | None = None,
        ) -> None: ...
