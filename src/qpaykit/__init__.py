"""qpaykit: the Python SDK for QPay, the payment rail of Mongolia."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from qpaykit._version import __version__

if TYPE_CHECKING:
    from qpaykit.callbacks import (
        AsyncCallbackDispatcher,
        Callback,
        CallbackDispatcher,
        CallbackReply,
        PaymentEvent,
        parse_callback,
        verify_callback,
    )
    from qpaykit.client import AsyncQPayClient, QPayClient
    from qpaykit.config import PRODUCTION_URL, SANDBOX_URL
    from qpaykit.error_codes import ERROR_CODES, ErrorCode
    from qpaykit.errors import (
        APIError,
        AuthenticationError,
        CallbackError,
        CallbackSignatureError,
        ConfigurationError,
        ConflictError,
        FieldError,
        InvalidRequestError,
        NotFoundError,
        OutcomeUnknownError,
        PermissionDeniedError,
        QPayError,
        RateLimitedError,
        ServerError,
        TransportError,
        TransportTimeout,
        UnexpectedResponseError,
        WaitTimeoutError,
    )
    from qpaykit.models import (
        BANKS,
        ULAANBAATAR,
        Account,
        Address,
        BankLink,
        BarimtStatus,
        BranchData,
        CallbackPayment,
        CardTransaction,
        Currency,
        Discount,
        Ebarimt,
        Invoice,
        InvoiceDetail,
        InvoiceLine,
        InvoiceRequest,
        InvoiceStatus,
        MoneyInput,
        ObjectType,
        P2PTransaction,
        Payment,
        PaymentCheck,
        PaymentListRow,
        PaymentPage,
        PaymentRow,
        PaymentStatus,
        PaymentType,
        ReceiverData,
        ReceiverType,
        StaffData,
        Subscription,
        Surcharge,
        Tax,
        TaxCode,
        TaxType,
        TerminalData,
        Transaction,
        bank_name,
    )
    from qpaykit.signing import SignedOrder, sign_callback_url
    from qpaykit.stores import (
        AsyncRedisStore,
        AsyncSQLiteStore,
        AsyncStore,
        ClaimState,
        Delivery,
        MemoryStore,
        RedisStore,
        SQLiteStore,
        Store,
    )

__all__ = [
    "BANKS",
    "ERROR_CODES",
    "PRODUCTION_URL",
    "SANDBOX_URL",
    "ULAANBAATAR",
    "APIError",
    "Account",
    "Address",
    "AsyncCallbackDispatcher",
    "AsyncQPayClient",
    "AsyncRedisStore",
    "AsyncSQLiteStore",
    "AsyncStore",
    "AuthenticationError",
    "BankLink",
    "BarimtStatus",
    "BranchData",
    "Callback",
    "CallbackDispatcher",
    "CallbackError",
    "CallbackPayment",
    "CallbackReply",
    "CallbackSignatureError",
    "CardTransaction",
    "ClaimState",
    "ConfigurationError",
    "ConflictError",
    "Currency",
    "Delivery",
    "Discount",
    "Ebarimt",
    "ErrorCode",
    "FieldError",
    "InvalidRequestError",
    "Invoice",
    "InvoiceDetail",
    "InvoiceLine",
    "InvoiceRequest",
    "InvoiceStatus",
    "MemoryStore",
    "MoneyInput",
    "NotFoundError",
    "ObjectType",
    "OutcomeUnknownError",
    "P2PTransaction",
    "Payment",
    "PaymentCheck",
    "PaymentEvent",
    "PaymentListRow",
    "PaymentPage",
    "PaymentRow",
    "PaymentStatus",
    "PaymentType",
    "PermissionDeniedError",
    "QPayClient",
    "QPayError",
    "RateLimitedError",
    "ReceiverData",
    "ReceiverType",
    "RedisStore",
    "SQLiteStore",
    "ServerError",
    "SignedOrder",
    "StaffData",
    "Store",
    "Subscription",
    "Surcharge",
    "Tax",
    "TaxCode",
    "TaxType",
    "TerminalData",
    "Transaction",
    "TransportError",
    "TransportTimeout",
    "UnexpectedResponseError",
    "WaitTimeoutError",
    "__version__",
    "bank_name",
    "parse_callback",
    "sign_callback_url",
    "verify_callback",
]


# From the cheapest to import to the dearest: whoever catches an error needs no models.
_HOMES = (
    "errors",
    "error_codes",
    "config",
    "models",
    "signing",
    "callbacks",
    "client",
    "stores",
)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in __all__:
        for home in _HOMES:
            found: object = getattr(importlib.import_module(f"{__name__}.{home}"), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
