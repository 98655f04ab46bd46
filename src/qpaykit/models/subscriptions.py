"""Subscriptions, as QPay has them."""

from __future__ import annotations

from pydantic import JsonValue

from qpaykit.models.base import Answer
from qpaykit.models.values import AnswerBool, AnswerList, AnswerTime


class Subscription(Answer):
    """An invoice that comes again by itself."""

    id: str | None = None
    is_active: AnswerBool = None
    merchant_id: str | None = None
    g_invoice_id: str | None = None
    webhook: str | None = None
    next_payment_date: AnswerTime = None
    start_date: AnswerTime = None
    last_interval_date: AnswerTime = None
    interval: str | None = None
    note: str | None = None
    created_by: str | None = None
    created_date: AnswerTime = None
    updated_by: str | None = None
    updated_date: AnswerTime = None
    status: AnswerBool = None
    invoices: AnswerList[dict[str, JsonValue]] = []
    payments: AnswerList[dict[str, JsonValue]] = []
