"""Subscriptions, as `GET /subscription/{id}` returns them."""

from pydantic import JsonValue

from qpaykit.models.base import ResponseModel
from qpaykit.models.response_types import ResponseBool, ResponseList
from qpaykit.models.times import ResponseTime


class Subscription(ResponseModel):
    """A subscription: an invoice that is charged by card after each interval."""

    id: str | None = None
    is_active: ResponseBool = None
    merchant_id: str | None = None
    g_invoice_id: str | None = None
    webhook: str | None = None
    next_payment_date: ResponseTime = None
    start_date: ResponseTime = None
    last_interval_date: ResponseTime = None
    interval: str | None = None
    note: str | None = None
    created_by: str | None = None
    created_date: ResponseTime = None
    updated_by: str | None = None
    updated_date: ResponseTime = None
    status: ResponseBool = None
    invoices: ResponseList[dict[str, JsonValue]] = []
    payments: ResponseList[dict[str, JsonValue]] = []
