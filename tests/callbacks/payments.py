"""A payment as QPay tells of it, and the callback of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import respx

PAYMENT = "493622150113497"
QUERY = f"order=42&qpay_payment_id={PAYMENT}"


def payment(status: str = "PAID", **changes: object) -> dict[str, object]:
    return {
        "payment_id": PAYMENT,
        "payment_status": status,
        "payment_amount": "1500.00",
        "payment_currency": "MNT",
        "object_type": "INVOICE",
        "object_id": "i-1",
        **changes,
    }


def says(qpay: respx.MockRouter, *answers: dict[str, object] | httpx.Response) -> respx.Route:
    responses = [
        one if isinstance(one, httpx.Response) else httpx.Response(200, json=one) for one in answers
    ]
    route = qpay.get(f"/payment/{PAYMENT}")
    if len(responses) == 1:
        return route.mock(return_value=responses[0])
    return route.mock(side_effect=responses)
