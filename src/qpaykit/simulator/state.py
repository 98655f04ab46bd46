"""What the simulated QPay knows: accounts, invoices, payments, receipts, subscriptions."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from qpaykit.simulator.clock import Clock, parse
from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.money import add_up, subtract

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import JsonValue

TOKEN_LIFETIME = 86_400
REFRESH_LIFETIME = 100_800


@dataclass
class Account:
    """A merchant's login."""

    username: str
    password: str = field(repr=False)
    invoice_codes: dict[str, bool]
    merchant_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class TokenPair:
    """A login that is alive."""

    account: Account
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_ends: float
    refresh_ends: float


@dataclass
class Invoice:
    """An invoice of an account's."""

    id: str
    account: Account
    request: dict[str, JsonValue]
    amount: Decimal
    qr_text: str
    created_at: float
    status: str = "OPEN"
    payments: list[Payment] = field(default_factory=list, repr=False)
    subscription_id: str | None = None

    @property
    def paid(self) -> Decimal:
        """What was paid and not given back."""
        return add_up(one.amount for one in self.payments if one.status == "PAID")

    @property
    def due(self) -> Decimal:
        """What is still to be paid."""
        return max(subtract(self.amount, self.paid), Decimal(0))

    @property
    def callback_url(self) -> str:
        """Where payments are told of."""
        return str(self.request["callback_url"])


@dataclass
class Payment:
    """A payment of an invoice."""

    id: str
    invoice: Invoice = field(repr=False)
    amount: Decimal
    method: str
    status: str
    paid_at: float


class State:
    """Everything, behind one lock; forgets all but the accounts at `reset`."""

    def __init__(self, *, seed: int | None) -> None:
        self.lock: threading.RLock = threading.RLock()
        self.clock: Clock = Clock()
        self.random: random.Random = random.Random(seed)  # noqa: S311 (repeatable on purpose)
        self._seed = seed
        self.single_live_token: bool = True
        self.page_root = ""
        self.on_created: Callable[[Invoice], None] | None = None
        self.accounts: dict[str, Account] = {}
        self.tokens: list[TokenPair] = []
        self.invoices: dict[str, Invoice] = {}
        self.by_qr: dict[str, Invoice] = {}
        self.payments: dict[str, Payment] = {}
        self.payments_by_code: dict[str, list[Payment]] = {}
        self.receipts: dict[str, dict[str, JsonValue]] = {}
        self.subscriptions: dict[str, dict[str, JsonValue]] = {}
        self.refunds_refused: Counter[str] = Counter()

    def reset(self) -> None:
        """Forget everything but the accounts."""
        with self.lock:
            self.clock.reset()
            self.random.seed(self._seed)  # the faults draw from it too
            self.single_live_token = True
            self.tokens.clear()
            for memory in (
                self.invoices,
                self.by_qr,
                self.payments,
                self.payments_by_code,
                self.receipts,
                self.subscriptions,
                self.refunds_refused,
            ):
                memory.clear()

    def log_in(self, account: Account) -> TokenPair:
        """Give a new pair; with `single_live_token` every older one of the account dies."""
        with self.lock:
            if self.single_live_token:
                self.tokens = [pair for pair in self.tokens if pair.account is not account]
            now = self.clock.now()
            pair = TokenPair(
                account,
                access=f"access.{uuid.uuid4().hex}.{uuid.uuid4().hex}",
                refresh=f"refresh.{uuid.uuid4().hex}.{uuid.uuid4().hex}",
                access_ends=now + TOKEN_LIFETIME,
                refresh_ends=now + REFRESH_LIFETIME,
            )
            self.tokens.append(pair)
            return pair

    def refresh(self, token: str) -> TokenPair:
        """Give a new pair for a refresh token, which dies with its access token.

        Raises:
            ErrorResponse: It is not alive.
        """
        with self.lock:
            now = self.clock.now()
            for pair in self.tokens:
                if pair.refresh == token and now < pair.refresh_ends:
                    self.tokens.remove(pair)
                    return self.log_in(pair.account)
        raise ErrorResponse(401, "NO_CREDENTIALS")

    def account_of(self, token: str) -> Account:
        """Return whose access token it is.

        Raises:
            ErrorResponse: It is not alive.
        """
        with self.lock:
            now = self.clock.now()
            for pair in self.tokens:
                if pair.access == token and now < pair.access_ends:
                    return pair.account
        raise ErrorResponse(401, "NO_CREDENTIALS")

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

    def add_payment(self, invoice: Invoice, amount: Decimal, method: str, status: str) -> Payment:
        """Record a payment of an invoice, and close the invoice when it is paid."""
        with self.lock:
            payment = Payment(
                self._payment_id(method), invoice, amount, method, status, self.clock.now()
            )
            invoice.payments.append(payment)
            self.payments[payment.id] = payment
            code = str(invoice.request["invoice_code"])
            self.payments_by_code.setdefault(code, []).append(payment)
            if status == "PAID" and invoice.due == 0:
                invoice.status = "CLOSED"
            return payment

    def expired(self, invoice: Invoice) -> bool:
        """Say whether the time to pay an invoice is over."""
        ends = invoice.request.get("expiry_date")
        return (
            invoice.request.get("enable_expiry") in {True, "true"}
            and isinstance(ends, str)
            and parse(ends) <= self.clock.now()
        )

    def _payment_id(self, method: str) -> str:
        if method == "CARD":
            return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        while True:
            # Some of QPay's begin with a zero, which a number would lose.
            identifier = f"{self.random.randrange(10**15):015d}"
            if self.random.random() < 0.2:
                identifier = f"0{identifier[1:]}"
            if identifier not in self.payments:
                return identifier
