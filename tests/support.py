"""What many tests share: a merchant's settings and QPay's plainest answers."""

from __future__ import annotations

import time

from typing_extensions import TypedDict

BASE = "https://qpay.test/v2"
CHECK_UNPAID: dict[str, object] = {"count": 0, "rows": []}


class Settings(TypedDict):
    username: str
    password: str
    invoice_code: str
    callback_url: str
    base_url: str


SETTINGS: Settings = {
    "username": "SHOP",
    "password": "hunter2-the-password",
    "invoice_code": "TEST_INVOICE",
    "callback_url": "https://shop.test/callback?order=42",
    "base_url": BASE,
}


def token_body(access: str = "access-1", *, lifetime: float = 86_400) -> dict[str, object]:
    ends = int(time.time() + lifetime)
    return {
        "token_type": "bearer",
        "refresh_expires_in": ends,
        "refresh_token": f"refresh-of-{access}",
        "access_token": access,
        "expires_in": ends,
        "scope": "get_token",
        "not-before-policy": "0",
        "session_state": "prod",
    }
