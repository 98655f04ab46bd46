"""`POST /auth/token` and `POST /auth/refresh`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue

    from qpaykit.simulator.accounts import TokenPair


def token_pair(pair: TokenPair) -> dict[str, JsonValue]:
    """Both expiries are points in time, and the same one."""
    ends = int(pair.access_expires_at)
    return {
        "token_type": "bearer",
        "refresh_expires_in": ends,
        "refresh_token": pair.refresh,
        "access_token": pair.access,
        "expires_in": ends,
        "scope": "get_token",
        "not-before-policy": "0",
        "session_state": "sandbox",
    }
