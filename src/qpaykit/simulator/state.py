"""The simulator's data: accounts, invoices, payments, receipts, subscriptions."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from qpaykit._arithmetic import add_up
from qpaykit.simulator import qr
from qpaykit.simulator.accounts import Accounts
from qpaykit.simulator.clock import Clock, parse
from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.money import from_fraction, number, subtract

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import JsonValue

    from qpaykit.simulator.accounts import Account
    from qpaykit.simulator.subscriptions import Subscription
    from qpaykit.simulator.validation.sums import Sums


@dataclass(eq=False)
class Invoice:
    """An invoice of an account's.

    Attributes:
        request: The body that it was made with.
        sums: What it costs.
        created_at: Seconds since 1970.
        status: QPay's `invoice_status`: "OPEN", "CLOSED" or "CANCELED".
    """

    id: str
    account: Account
    request: dict[str, JsonValue]
    sums: Sums
    qr_text: str
    created_at: float
    status: str = "OPEN"
    payments: list[Payment] = field(default_factory=list, repr=False)
    subscription: Subscription | None = field(default=None, repr=False)

    @property
    def amount(self) -> Decimal:
        """What it costs, in MNT."""
        return from_fraction(self.sums.total)

    @property
    def paid(self) -> Decimal:
        """What was paid and not refunded."""
        return add_up(one.amount for one in self.payments if one.status == "PAID")

    @property
    def due(self) -> Decimal:
        """What is still to be paid."""
        return max(subtract(self.amount, self.paid), Decimal(0))

    @property
    def callback_url(self) -> str:
        """The URL that is called back about payments."""
        return str(self.request["callback_url"])


@dataclass(eq=False)
class Payment:
    """A payment of an invoice.

    Attributes:
        method: "P2P" or "CARD".
        status: QPay's `payment_status`.
        paid_at: Seconds since 1970.
    """

    id: str
    invoice: Invoice = field(repr=False)
    amount: Decimal
    method: str
    status: str
    paid_at: float


@dataclass
class Receipt:
    """A tax receipt of a payment."""

    id: str
    payment: Payment
    request: dict[str, JsonValue]
    created_at: float
    status: str = "REGISTERED"
    status_at: float = 0.0


class State:
    """The data, behind one lock; `reset` deletes everything but the accounts."""

    def __init__(self, *, seed: int | None) -> None:
        self.lock: threading.RLock = threading.RLock()
        self.clock: Clock = Clock()
        self.accounts: Accounts = Accounts(self.clock)
        self.random: random.Random = random.Random(seed)  # noqa: S311 (repeatable on purpose)
        self._seed = seed
        self.page_root = ""
        self.on_created: Callable[[Invoice], None] | None = None
        self.invoices: dict[str, Invoice] = {}
        self.by_qr: dict[str, Invoice] = {}
        self.payments: dict[str, Payment] = {}
        self.payments_by_code: dict[str, list[Payment]] = {}
        self.receipts: dict[str, Receipt] = {}
        self.receipts_by_payment: dict[str, Receipt] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.refunds_refused: Counter[str] = Counter()

    def reset(self) -> None:
        """Delete everything but the accounts."""
        with self.lock:
            self.clock.reset()
            self.accounts.reset()
            self.random.seed(self._seed)  # the faults draw from it too
            for collection in (
                self.invoices,
                self.by_qr,
                self.payments,
                self.payments_by_code,
                self.receipts,
                self.receipts_by_payment,
                self.subscriptions,
                self.refunds_refused,
            ):
                collection.clear()

    def add_invoice(self, account: Account, request: dict[str, JsonValue], sums: Sums) -> Invoice:
        """Record a new invoice."""
        identifier = str(uuid.uuid4())
        amount = str(number(from_fraction(sums.total)))
        reference = uuid.uuid4().hex[:21]
        text = qr.qr_text(merchant="TEST", reference=reference, amount=amount)
        invoice = Invoice(identifier, account, request, sums, text, self.clock.now())
        self.keep_invoice(invoice)
        return invoice

    def keep_invoice(self, invoice: Invoice) -> None:
        """Add an invoice."""
        self.invoices[invoice.id] = invoice
        self.by_qr[invoice.qr_text] = invoice

    def keep_payment(self, payment: Payment) -> None:
        """Add a payment of an invoice."""
        payment.invoice.payments.append(payment)
        self.payments[payment.id] = payment
        code = str(payment.invoice.request["invoice_code"])
        self.payments_by_code.setdefault(code, []).append(payment)

    def keep_receipt(self, receipt: Receipt) -> None:
        """Add a receipt of a payment."""
        self.receipts[receipt.id] = receipt
        self.receipts_by_payment[receipt.payment.id] = receipt

    def invoice(self, invoice_id: str, account: Account | None = None) -> Invoice:
        """Return an invoice.

        Raises:
            ErrorResponse: There is none, or it is another account's.
        """
        invoice = self.invoices.get(invoice_id)
        if invoice is None or (account is not None and invoice.account is not account):
            raise ErrorResponse(422, "INVOICE_NOTFOUND", "Нэхэмжлэл олдсонгүй")
        return invoice

    def payment(self, payment_id: str, account: Account | None = None) -> Payment:
        """Return a payment.

        Raises:
            ErrorResponse: There is none, or it is another account's.
        """
        payment = self.payments.get(payment_id)
        if payment is None or (account is not None and payment.invoice.account is not account):
            raise ErrorResponse(422, "PAYMENT_NOTFOUND", "Төлбөр олдсонгүй")
        return payment

    def subscription(self, identifier: str, account: Account | None = None) -> Subscription:
        """Return a subscription.

        Raises:
            ErrorResponse: There is none, or it is another account's.
        """
        found = self.subscriptions.get(identifier)
        if found is None or (account is not None and found.invoice.account is not account):
            raise ErrorResponse(422, "INVOICE_NOTFOUND", "Нэхэмжлэл олдсонгүй")
        return found

    def add_payment(self, invoice: Invoice, amount: Decimal, method: str, status: str) -> Payment:
        """Record a payment of an invoice, and close the invoice when it is paid."""
        with self.lock:
            payment = Payment(
                self._payment_id(method), invoice, amount, method, status, self.clock.now()
            )
            self.keep_payment(payment)
            if status == "PAID" and invoice.due == 0 and invoice.status == "OPEN":
                invoice.status = "CLOSED"
            if status == "PAID" and method == "CARD" and invoice.subscription is not None:
                invoice.subscription.paid(payment)
            return payment

    def expired(self, invoice: Invoice) -> bool:
        """Return whether the time to pay an invoice has passed."""
        ends = invoice.request.get("expiry_date")
        return (
            invoice.request.get("enable_expiry") in {True, "true"}
            and isinstance(ends, str)
            and parse(ends) <= self.clock.now()
        )

    def _payment_id(self, method: str) -> str:
        # With a seed the ids of an earlier run repeat, and a state file may contain them.
        while True:
            if method == "CARD":
                identifier = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
            else:
                # Some of QPay's ids start with a zero, which a JSON number would lose.
                identifier = f"{self.random.randrange(10**15):015d}"
                if self.random.random() < 0.2:
                    identifier = f"0{identifier[1:]}"
            if identifier not in self.payments:
                return identifier
