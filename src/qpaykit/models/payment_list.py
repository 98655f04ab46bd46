"""The list of payments: what is asked, and a page of it."""

from typing import Annotated

from pydantic import Field, StringConstraints

from qpaykit.models.base import RequestModel, ResponseModel
from qpaykit.models.enums import ObjectType
from qpaykit.models.payments import ObjectTypeField, PaymentShape
from qpaykit.models.response_types import OptionalId, ResponseList, ResponseZero
from qpaykit.models.strings import NonEmptyStr, Str45, Str100


class ListOffset(RequestModel):
    """Which page of a list."""

    page_number: int = Field(default=1, ge=1, strict=True)
    page_limit: int = Field(default=100, ge=1, le=1000, strict=True)


class ListRequest(RequestModel):
    """What `POST /payment/list` takes."""

    object_type: ObjectType | NonEmptyStr = Field(union_mode="left_to_right")
    object_id: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255)]
    start_date: str | None = None
    end_date: str | None = None
    merchant_branch_code: Str45 | None = None
    merchant_terminal_code: Str45 | None = None
    merchant_staff_code: Str100 | None = None
    offset: ListOffset = ListOffset()


class PaymentListRow(PaymentShape):
    """A payment, as `POST /payment/list` lists it; see `Payment` for the fields that it shares.

    Attributes:
        payment_name: QPay's name for it.
        payment_description: What the buyer read.
        qr_code: What the QR code said.
        object_type: What was paid.
        object_id: Its id, as `object_type` says.
    """

    payment_name: str | None = None
    payment_description: str | None = None
    qr_code: str | None = Field(default=None, repr=False)
    object_type: ObjectTypeField = None
    object_id: OptionalId = None


class PaymentPage(ResponseModel):
    """One page of a list of payments.

    Attributes:
        count: How many payments there are on all pages.
        rows: Those of this page.
    """

    count: Annotated[int, ResponseZero] = 0
    rows: ResponseList[PaymentListRow] = []
