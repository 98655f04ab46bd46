"""Quick QR, QPay's product for platforms: sub-merchants, and invoices paid to their own banks."""

from qpaykit.quickqr._settings import QUICKQR_PRODUCTION_URL, QUICKQR_SANDBOX_URL
from qpaykit.quickqr.client import AsyncQuickQRClient, QuickQRClient
from qpaykit.quickqr.models import (
    CITIES,
    DISTRICTS,
    BankAccount,
    Merchant,
    MerchantPage,
    Place,
    PlaceName,
    QuickBankAccount,
    QuickCheck,
    QuickInvoice,
    QuickPayment,
)

__all__ = [
    "CITIES",
    "DISTRICTS",
    "QUICKQR_PRODUCTION_URL",
    "QUICKQR_SANDBOX_URL",
    "AsyncQuickQRClient",
    "BankAccount",
    "Merchant",
    "MerchantPage",
    "Place",
    "PlaceName",
    "QuickBankAccount",
    "QuickCheck",
    "QuickInvoice",
    "QuickPayment",
    "QuickQRClient",
]
