"""Models of QPay's requests, with their limits, and of its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qpaykit._lazy import lazy_names

if TYPE_CHECKING:
    from qpaykit.models.auth import TokenResponse
    from qpaykit.models.banks import BANKS, bank_name
    from qpaykit.models.callbacks import CALLBACK_FIELDS, CallbackPayment
    from qpaykit.models.ebarimt import Ebarimt, EbarimtCancelRequest, EbarimtRequest
    from qpaykit.models.enums import (
        BarimtStatus,
        Currency,
        InvoiceStatus,
        ObjectType,
        PaymentStatus,
        PaymentType,
        ReceiverType,
        TaxCode,
        TaxType,
    )
    from qpaykit.models.invoice_detail import InvoiceDetail, InvoiceDetailCharge, InvoiceDetailLine
    from qpaykit.models.invoices import BankLink, Invoice, InvoiceFields, InvoiceRequest
    from qpaykit.models.lines import Discount, InvoiceLine, Surcharge, Tax, Transaction
    from qpaykit.models.money import MoneyInput
    from qpaykit.models.parties import (
        Account,
        Address,
        BranchData,
        ReceiverData,
        StaffData,
        TerminalData,
    )
    from qpaykit.models.payment_list import ListRequest, PaymentListRow, PaymentPage
    from qpaykit.models.payments import (
        CancelRequest,
        CardTransaction,
        CheckRequest,
        P2PTransaction,
        Payment,
        PaymentCheck,
        PaymentRow,
    )
    from qpaykit.models.subscriptions import Subscription
    from qpaykit.models.times import ULAANBAATAR, TimeInput

__all__ = [
    "BANKS",
    "CALLBACK_FIELDS",
    "ULAANBAATAR",
    "Account",
    "Address",
    "BankLink",
    "BarimtStatus",
    "BranchData",
    "CallbackPayment",
    "CancelRequest",
    "CardTransaction",
    "CheckRequest",
    "Currency",
    "Discount",
    "Ebarimt",
    "EbarimtCancelRequest",
    "EbarimtRequest",
    "Invoice",
    "InvoiceDetail",
    "InvoiceDetailCharge",
    "InvoiceDetailLine",
    "InvoiceFields",
    "InvoiceLine",
    "InvoiceRequest",
    "InvoiceStatus",
    "ListRequest",
    "MoneyInput",
    "ObjectType",
    "P2PTransaction",
    "Payment",
    "PaymentCheck",
    "PaymentListRow",
    "PaymentPage",
    "PaymentRow",
    "PaymentStatus",
    "PaymentType",
    "ReceiverData",
    "ReceiverType",
    "StaffData",
    "Subscription",
    "Surcharge",
    "Tax",
    "TaxCode",
    "TaxType",
    "TerminalData",
    "TimeInput",
    "TokenResponse",
    "Transaction",
    "bank_name",
]

# A module is imported on first use: a shop without receipts never loads their models.
_NAMES = {
    "auth": ("TokenResponse",),
    "banks": (
        "BANKS",
        "bank_name",
    ),
    "callbacks": (
        "CALLBACK_FIELDS",
        "CallbackPayment",
    ),
    "ebarimt": (
        "Ebarimt",
        "EbarimtCancelRequest",
        "EbarimtRequest",
    ),
    "enums": (
        "BarimtStatus",
        "Currency",
        "InvoiceStatus",
        "ObjectType",
        "PaymentStatus",
        "PaymentType",
        "ReceiverType",
        "TaxCode",
        "TaxType",
    ),
    "invoice_detail": (
        "InvoiceDetail",
        "InvoiceDetailCharge",
        "InvoiceDetailLine",
    ),
    "invoices": (
        "BankLink",
        "Invoice",
        "InvoiceFields",
        "InvoiceRequest",
    ),
    "lines": (
        "Discount",
        "InvoiceLine",
        "Surcharge",
        "Tax",
        "Transaction",
    ),
    "money": ("MoneyInput",),
    "parties": (
        "Account",
        "Address",
        "BranchData",
        "ReceiverData",
        "StaffData",
        "TerminalData",
    ),
    "payment_list": (
        "ListRequest",
        "PaymentListRow",
        "PaymentPage",
    ),
    "payments": (
        "CancelRequest",
        "CardTransaction",
        "CheckRequest",
        "P2PTransaction",
        "Payment",
        "PaymentCheck",
        "PaymentRow",
    ),
    "subscriptions": ("Subscription",),
    "times": (
        "ULAANBAATAR",
        "TimeInput",
    ),
}

__getattr__: Callable[[str], object] = lazy_names(__name__, _NAMES)
