"""The body that QPay's older document describes for callbacks."""

from pydantic import Field

from qpaykit.models.base import ResponseModel
from qpaykit.models.money import ResponseMoney
from qpaykit.models.payments import ObjectTypeField, PaymentStatusField, PaymentTypeField
from qpaykit.models.times import ResponseTime

CALLBACK_FIELDS = (
    "payment_id",
    "payment_date",
    "payment_status",
    "payment_fee",
    "payment_amount",
    "payment_currency",
    "payment_wallet",
    "payment_name",
    "payment_description",
    "paid_by",
    "object_type",
    "object_id",
)


class CallbackPayment(ResponseModel):
    """What a callback's body says of a payment. It is not to be trusted."""

    payment_id: str | None = None
    payment_date: ResponseTime = None
    payment_status: PaymentStatusField = None
    payment_fee: ResponseMoney = None
    payment_amount: ResponseMoney = None
    payment_currency: str | None = None
    payment_wallet: str | None = None
    payment_name: str | None = None
    payment_description: str | None = None
    paid_by: PaymentTypeField = None
    object_type: ObjectTypeField = None
    object_id: str | None = None
    qpay_payment_id: str | None = None
    qr_code: str | None = Field(default=None, repr=False)
    invoice_id: str | None = None
    sender_invoice_no: str | None = None
