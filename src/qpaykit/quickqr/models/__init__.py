"""Models of Quick QR: requests with their limits, answers in every variant that is known."""

from qpaykit.quickqr.models.invoices import (
    BankAccount,
    QuickBankAccount,
    QuickInvoice,
    QuickInvoiceFields,
    QuickInvoiceRequest,
)
from qpaykit.quickqr.models.merchants import (
    CompanyFields,
    CompanyRequest,
    Merchant,
    MerchantListRequest,
    MerchantPage,
    PersonFields,
    PersonRequest,
)
from qpaykit.quickqr.models.payments import QuickCheck, QuickCheckRequest, QuickPayment
from qpaykit.quickqr.models.places import CITIES, DISTRICTS, Place, PlaceList, PlaceName
from qpaykit.quickqr.models.reference import Reference

__all__ = [
    "CITIES",
    "DISTRICTS",
    "BankAccount",
    "CompanyFields",
    "CompanyRequest",
    "Merchant",
    "MerchantListRequest",
    "MerchantPage",
    "PersonFields",
    "PersonRequest",
    "Place",
    "PlaceList",
    "PlaceName",
    "QuickBankAccount",
    "QuickCheck",
    "QuickCheckRequest",
    "QuickInvoice",
    "QuickInvoiceFields",
    "QuickInvoiceRequest",
    "QuickPayment",
    "Reference",
]
