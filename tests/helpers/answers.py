"""The simplest answers of QPay."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

CHECK_UNPAID: dict[str, object] = {"count": 0, "rows": []}


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


def only_for(access: str) -> Callable[[httpx.Request], httpx.Response]:
    """Make a QPay that gives an invoice for one token, and refuses all others."""

    def answer(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == f"Bearer {access}"
        return httpx.Response(200 if good else 401, json={"invoice_id": "i-1"})

    return answer
