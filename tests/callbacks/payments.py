"""A payment as QPay reports it, its invoice, and the callback for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import respx

PAYMENT = "493622150113497"
QUERY = f"order=42&qpay_payment_id={PAYMENT}"
INVOICE: dict[str, object] = {
    "invoice_id": "i-1",
    "sender_invoice_no": "42",
    "total_amount": "1500.00",
    "callback_url": "https://shop.test/callback?order=42",
}


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


def answer_payment(
    qpay: respx.MockRouter, *answers: dict[str, object] | httpx.Response
) -> respx.Route:
    """Have the mocked QPay know invoice i-1, and answer a question about the payment so."""
    qpay.get("/invoice/i-1").respond(json=INVOICE)
    responses = [
        one if isinstance(one, httpx.Response) else httpx.Response(200, json=one) for one in answers
    ]
    route = qpay.get(f"/payment/{PAYMENT}")
    if len(responses) == 1:
        return route.mock(return_value=responses[0])
    return route.mock(side_effect=responses)


def delivered_key(account: str, order_no: str = "42") -> str:
    """The key under which a store has the delivery of a paid order."""
    return f"delivered:{account}:PAID:order:{order_no}"
