"""E-barimt: what makes a tax receipt, and the receipt in both of its shapes."""

from typing import Annotated

from pydantic import AliasChoices, Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from qpaykit.models.base import RequestModel, ResponseModel
from qpaykit.models.callback_urls import CallbackURL
from qpaykit.models.enums import (
    BarimtStatus,
    ObjectType,
    PaymentType,
    ReceiverType,
    TaxType,
)
from qpaykit.models.ids import PathId
from qpaykit.models.lines import ClassificationCode
from qpaykit.models.money import ResponseMoney
from qpaykit.models.response_types import OpenEnum, ResponseBool, ResponseList
from qpaykit.models.strings import DistrictCode, Str100, Str255
from qpaykit.models.times import ResponseTime


class EbarimtRequest(RequestModel):
    """A receipt to be made; a COMPANY is named by its register number."""

    payment_id: PathId
    ebarimt_receiver_type: Annotated[ReceiverType, Field(strict=False)] = ReceiverType.CITIZEN
    ebarimt_receiver: Str100 | None = None
    district_code: DistrictCode | None = None
    classification_code: ClassificationCode | None = None
    callback_url: CallbackURL | None = None

    @model_validator(mode="after")
    def _check_company_register(self) -> Self:
        if self.ebarimt_receiver_type is ReceiverType.COMPANY and not self.ebarimt_receiver:
            raise PydanticCustomError(
                "receiver_missing", "a COMPANY needs receiver, its register number"
            )
        return self


class EbarimtCancelRequest(RequestModel):
    """What the cancellation of a receipt takes."""

    note: Str255


class EbarimtItem(ResponseModel):
    """A thing on a tax receipt; amounts are in MNT, exact."""

    id: str | None = None
    barimt_id: str | None = None
    merchant_product_code: str | None = None
    tax_product_code: str | None = None
    bar_code: str | None = None
    name: str | None = None
    measure_unit: str | None = None
    quantity: ResponseMoney = None
    unit_price: ResponseMoney = None
    total_amount: ResponseMoney = None
    city_tax_amount: ResponseMoney = None
    vat_amount: ResponseMoney = None
    note: str | None = None


class EbarimtTransaction(ResponseModel):
    """A payment on a tax receipt; amounts are in MNT, exact."""

    id: str | None = None
    barimt_id: str | None = None
    code: str | None = None
    amount: ResponseMoney = None
    status: str | None = None


class EbarimtHistory(ResponseModel):
    """A state that a tax receipt had; times are in Ulaanbaatar's zone."""

    id: str | None = None
    barimt_id: str | None = None
    ebarimt_receipt_id: str | None = None
    barimt_status: OpenEnum[BarimtStatus] = None
    barimt_status_date: ResponseTime = None
    created_date: ResponseTime = None
    note: str | None = None


class Ebarimt(ResponseModel):
    """A tax receipt. 3.0 and the older paths name some fields differently; all are read."""

    id: str | None = None
    ebarimt_by: str | None = None
    g_wallet_id: str | None = None
    g_wallet_customer_id: str | None = None
    ebarimt_receiver_type: OpenEnum[ReceiverType] = Field(
        default=None,
        validation_alias=AliasChoices("ebarimt_receiver_type", "ebarim_receiver_type"),
    )
    ebarimt_receiver: str | None = None
    ebarimt_district_code: str | None = None
    ebarimt_bill_type: str | None = None
    g_merchant_id: str | None = None
    merchant_branch_code: str | None = None
    merchant_terminal_code: str | None = None
    merchant_staff_code: str | None = None
    merchant_register_no: str | None = Field(
        default=None, validation_alias=AliasChoices("merchant_register_no", "merchant_register")
    )
    merchant_tin: str | None = None
    g_payment_id: str | None = None
    paid_by: OpenEnum[PaymentType] = None
    object_type: OpenEnum[ObjectType] = None
    object_id: str | None = None
    amount: ResponseMoney = None
    vat_amount: ResponseMoney = None
    city_tax_amount: ResponseMoney = None
    ebarimt_qr_data: str | None = None
    ebarimt_lottery: str | None = None
    ebarimt_receipt_id: str | None = None
    ebarimt_sent_email: str | None = None
    ebarimt_receiver_phone: str | None = None
    note: str | None = None
    barimt_status: OpenEnum[BarimtStatus] = Field(
        default=None, validation_alias=AliasChoices("barimt_status", "ebarimt_status")
    )
    barimt_status_date: ResponseTime = Field(
        default=None, validation_alias=AliasChoices("barimt_status_date", "ebarimt_status_date")
    )
    tax_type: OpenEnum[TaxType] = None
    created_by: str | None = None
    created_date: ResponseTime = None
    updated_by: str | None = None
    updated_date: ResponseTime = None
    status: ResponseBool = None
    barimt_items: ResponseList[EbarimtItem] = []
    barimt_transactions: ResponseList[EbarimtTransaction] = []
    barimt_histories: ResponseList[EbarimtHistory] = []
