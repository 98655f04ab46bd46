"""A success whose body cannot be read: what the error says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qpaykit import QPayClient, UnexpectedResponseError

if TYPE_CHECKING:
    import respx

UNREADABLE = [
    (b"<html>", "it is not JSON", True),
    (b'{"payment_id": "p-1"', "it is not JSON", True),
    (b"[]", "wrong type at the top", False),
    (
        b'{"payment_amount": "much", "card_transactions": [{"amount": []}]}',
        "wrong type at card_transactions.0.amount, payment_amount",
        False,
    ),
    (b'{"error": "ODD"}', "it is an error, with the status of a success", False),
]


@pytest.mark.parametrize(("body", "reason", "garbled"), UNREADABLE)
def test_the_error_says_why(
    client: QPayClient, qpay: respx.MockRouter, body: bytes, reason: str, garbled: bool
) -> None:
    qpay.get("/payment/p-1").respond(content=body)
    with pytest.raises(UnexpectedResponseError) as caught:
        client.payments.get("p-1")
    assert (caught.value.reason, caught.value.garbled) == (reason, garbled)
    assert (caught.value.status_code, caught.value.path) == (200, "/payment/p-1")
