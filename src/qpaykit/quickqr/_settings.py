"""The settings of a Quick QR login."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic_core import to_json

from qpaykit.config import AccountSettings, Product

QUICKQR_PRODUCTION_URL = "https://quickqr.qpay.mn/v2"
QUICKQR_SANDBOX_URL = "https://sandbox-quickqr.qpay.mn/v2"

QUICKQR = Product("Quick QR", "QPAY_QUICKQR_", QUICKQR_PRODUCTION_URL)


@dataclass(frozen=True, slots=True)
class QuickQRSettings(AccountSettings):
    """The settings of a `QuickQRClient`."""

    terminal_id: str

    @property
    def login_body(self) -> bytes:
        """The JSON that a login sends beside user name and password."""
        return to_json({"terminal_id": self.terminal_id})
