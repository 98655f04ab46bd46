"""An invoice as QPay has it."""

from typing import TypeAlias

from pydantic import JsonValue

from qpaykit.models.base import ResponseModel
from qpaykit.models.enums import InvoiceStatus, TaxCode
from qpaykit.models.money import ResponseMoney
from qpaykit.models.response_types import OpenEnum, OptionalId, ResponseBool, ResponseList
from qpaykit.models.times import ResponseTime


class InvoiceDetailCharge(ResponseModel):
    """A discount, a surcharge or a tax of a line, as QPay has it, in MNT."""

    discount_code: str | None = None
    surcharge_code: str | None = None
    tax_code: OpenEnum[TaxCode] = None
    description: str | None = None
    amount: ResponseMoney = None
    city_tax: ResponseMoney = None
    note: str | None = None


class InvoiceDetailLine(ResponseModel):
    """A line of an invoice, as QPay has it."""

    sender_product_code: str | None = None
    tax_product_code: str | None = None
    line_description: str | None = None
    line_quantity: ResponseMoney = None
    line_unit_price: ResponseMoney = None
    note: str | None = None
    barcode: str | None = None
    classification_code: str | None = None
    discounts: ResponseList[InvoiceDetailCharge] = []
    surcharges: ResponseList[InvoiceDetailCharge] = []
    taxes: ResponseList[InvoiceDetailCharge] = []


_Party: TypeAlias = dict[str, JsonValue] | str | None


class InvoiceDetail(ResponseModel):
    """An invoice as QPay has it. Whether it is paid, only `payments.check` tells."""

    invoice_id: OptionalId = None
    invoice_status: OpenEnum[InvoiceStatus] = None
    sender_invoice_no: str | None = None
    sender_branch_code: str | None = None
    sender_branch_data: _Party = None
    sender_staff_code: str | None = None
    sender_staff_data: _Party = None
    sender_terminal_code: str | None = None
    sender_terminal_data: _Party = None
    invoice_receiver_code: str | None = None
    invoice_receiver_data: _Party = None
    invoice_description: str | None = None
    invoice_due_date: ResponseTime = None
    enable_expiry: ResponseBool = None
    expiry_date: ResponseTime = None
    allow_partial: ResponseBool = None
    minimum_amount: ResponseMoney = None
    allow_exceed: ResponseBool = None
    maximum_amount: ResponseMoney = None
    total_amount: ResponseMoney = None
    gross_amount: ResponseMoney = None
    tax_amount: ResponseMoney = None
    surcharge_amount: ResponseMoney = None
    discount_amount: ResponseMoney = None
    callback_url: str | None = None
    note: str | None = None
    lines: ResponseList[InvoiceDetailLine] = []
    transactions: ResponseList[dict[str, JsonValue]] = []
    inputs: ResponseList[JsonValue] = []
