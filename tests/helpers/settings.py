"""The settings of a merchant whose QPay is mocked, and the variants that tests run over."""

from __future__ import annotations

import sys
from decimal import ROUND_UP, Context, Inexact, InvalidOperation, Overflow, Rounded

from typing_extensions import TypedDict

BASE = "https://qpay.test/v2"
# The HTTP libraries that this interpreter can have: httpx2 begins at Python 3.11.
LIBRARIES = ["httpx", "httpx2"] if sys.version_info >= (3, 11) else ["httpx"]
BACKENDS = ["asyncio", "trio"]
# Decimal contexts that a caller may have; no sum of ours may depend on them.
HOSTILE_CONTEXTS = {
    "one digit, rounded up": Context(prec=1, rounding=ROUND_UP),
    "traps": Context(prec=4, Emax=1, Emin=-1, traps=[Inexact, Rounded, Overflow, InvalidOperation]),
}


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


def settings_at(base_url: str) -> Settings:
    """Return the settings for a QPay elsewhere."""
    settings = SETTINGS.copy()
    settings["base_url"] = base_url
    return settings
