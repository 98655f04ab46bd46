"""The calls that are timed: request, answer, and the call of qpaykit."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from qpaykit import AsyncQPayClient, QPayClient

_FOLDER = Path(__file__).parent.parent / "tests" / "samples"
TOKEN = "0123456789abcdef" * 40
INVOICE_ID = "d50f49f2-9032-4a74-8929-530531f28f63"
PAYMENT_ID = "493622150113497"
_IMAGE = 2_400
_INVOICE: dict[str, object] = {
    "invoice_code": "TEST_INVOICE",
    "sender_invoice_no": "1234567",
    "invoice_receiver_code": "terminal",
    "invoice_description": "test",
    "amount": 100,
    "callback_url": "https://example.mn/payments?order=1234567",
}


def _wire(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def sample(name: str) -> bytes:
    """Read an answer of QPay's, written as tightly as QPay writes it."""
    return _wire(json.loads((_FOLDER / name).read_text("utf-8")))


def _invoice() -> bytes:
    content = json.loads((_FOLDER / "invoice-create-1.json").read_text("utf-8"))
    # The sample's image is cut short; a QR code as PNG in base64 has this many letters.
    content["qr_image"] = content["qr_image"].ljust(_IMAGE, "A")
    return _wire(content)


def token_answer() -> bytes:
    """QPay's answer to a login, good for a day."""
    ends = int(time.time()) + 86_400
    return _wire(
        {
            "token_type": "bearer",
            "refresh_expires_in": ends,
            "refresh_token": TOKEN,
            "access_token": TOKEN,
            "expires_in": ends,
            "scope": "get_token",
            "not-before-policy": "0",
            "session_state": "prod",
        }
    )


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API.

    Attributes:
        name: Short, for the table.
        method: HTTP method.
        path: Path below the host.
        body: What is sent as JSON, or None.
        answer: What comes back.
        ask: The same through a `QPayClient`.
        aask: The same through an `AsyncQPayClient`.
    """

    name: str
    method: str
    path: str
    body: dict[str, object] | None
    answer: bytes
    ask: Callable[[QPayClient], object]
    aask: Callable[[AsyncQPayClient], Awaitable[object]]


CHECK = Call(
    name="check",
    method="POST",
    path="/v2/payment/check",
    body={
        "object_type": "INVOICE",
        "object_id": INVOICE_ID,
        "offset": {"page_number": 1, "page_limit": 100},
    },
    answer=sample("payment-check-p2p-1.json"),
    ask=lambda client: client.payments.check(INVOICE_ID),
    aask=lambda client: client.payments.check(INVOICE_ID),
)
CREATE = Call(
    name="create",
    method="POST",
    path="/v2/invoice",
    body=_INVOICE,
    answer=_invoice(),
    ask=lambda client: client.invoices.create(
        amount=100, sender_invoice_no="1234567", invoice_description="test"
    ),
    aask=lambda client: client.invoices.create(
        amount=100, sender_invoice_no="1234567", invoice_description="test"
    ),
)
GET = Call(
    name="get",
    method="GET",
    path=f"/v2/payment/{PAYMENT_ID}",
    body=None,
    answer=sample("payment-get-p2p-1.json"),
    ask=lambda client: client.payments.get(PAYMENT_ID),
    aask=lambda client: client.payments.get(PAYMENT_ID),
)
CALLS = (CHECK, CREATE, GET)
