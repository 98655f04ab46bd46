"""A plain HTTP client of the simulator: the wire is tested, not the SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from qpaykit.simulator import Credentials

Json = dict[str, Any]
MakeInvoice = Callable[..., Json]


@contextmanager
def log_in(credentials: Credentials) -> Iterator[httpx.Client]:
    """Open a client with an access token in its headers."""
    with httpx.Client(base_url=credentials["base_url"]) as http:
        login = (credentials["username"], credentials["password"])
        token = http.post("/auth/token", auth=login).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        yield http


def invoice_body(**changes: object) -> Json:
    """Return the body of `POST /invoice`; a field that is None is left out."""
    body = {
        "invoice_code": "TEST_INVOICE",
        "sender_invoice_no": "42",
        "invoice_receiver_code": "terminal",
        "invoice_description": "Цай",
        "amount": 1500,
        "callback_url": "http://127.0.0.1:9/callback?order=42",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}
