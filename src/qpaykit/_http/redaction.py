"""Keeps secrets out of what people read: the one list of what counts as one."""

from __future__ import annotations

import re

MASK = "***"
MAX_TEXT = 20_000

_NAMES = (
    "access_token|refresh_token|password|client_secret|authorization|card_number|account_number"
    "|iban_number|session_state"
)
_FIELDS = re.compile(rf'("(?:{_NAMES})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}}\]\s]+)', re.IGNORECASE)
_TOKENS = re.compile(
    r"\b(Basic|Bearer)\s+[A-Za-z0-9._~+/=-]+|\beyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9._-]*"
)


def redact(body: bytes) -> str:
    """Turn a body into text that may be shown: secrets masked, of bounded length."""
    text = body[:MAX_TEXT].decode("utf-8", "replace")
    text = _FIELDS.sub(rf'\g<1>"{MASK}"', text)
    return _TOKENS.sub(MASK, text)
