"""Saves the simulator's state to a file, and restores it after a restart."""

from __future__ import annotations

import os
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, JsonValue, ValidationError

from qpaykit.simulator.accounts import TokenPair
from qpaykit.simulator.quickqr.state import SubMerchant
from qpaykit.simulator.state import Invoice, Payment, Receipt
from qpaykit.simulator.subscriptions import Subscription
from qpaykit.simulator.validation.sums import Sums

if TYPE_CHECKING:
    from pathlib import Path

    from qpaykit.simulator.accounts import Account, Accounts
    from qpaykit.simulator.quickqr.state import QuickState
    from qpaykit.simulator.state import State

_Product = Literal["merchant", "quickqr"]


class _SavedToken(BaseModel):
    account: str
    product: _Product
    access: str
    refresh: str
    access_ends: float
    refresh_ends: float


class _SavedMerchant(BaseModel):
    id: str
    account: str
    kind: str
    fields: dict[str, JsonValue]
    created_at: float


class _SavedInvoice(BaseModel):
    id: str
    account: str
    # Files of the first edition held the merchant product alone.
    product: _Product = "merchant"
    request: dict[str, JsonValue]
    # Fractions, such as "1500" or "1000/3": gross, discount, surcharge, tax.
    sums: tuple[str, str, str, str]
    taxes_inside: bool
    qr_text: str
    created_at: float
    status: str


class _SavedPayment(BaseModel):
    id: str
    invoice: str
    amount: Decimal
    method: str
    status: str
    paid_at: float


class _SavedReceipt(BaseModel):
    id: str
    payment: str
    request: dict[str, JsonValue]
    created_at: float
    status: str
    status_at: float


class _SavedSubscription(BaseModel):
    id: str
    invoice: str
    interval: str
    created_at: float
    next_payment_at: float
    last_interval_at: float
    updated_at: float
    is_active: bool
    invoices: list[str]
    payments: list[str]


class _Saved(BaseModel):
    version: Literal[1] = 1
    # None in a file of the first edition, which held no tokens.
    tokens: list[_SavedToken] | None = None
    merchants: list[_SavedMerchant] = []
    invoices: list[_SavedInvoice]
    payments: list[_SavedPayment]
    receipts: list[_SavedReceipt]
    subscriptions: list[_SavedSubscription]


class StateFile:
    """A file with the tokens, sub-merchants, invoices, payments, receipts and subscriptions.

    Args:
        path: The file; it is made where there is none.
        state: What is kept in it.
        quick_state: The logins and sub-merchants of Quick QR, which are kept in it too.
    """

    def __init__(self, path: Path, state: State, quick_state: QuickState) -> None:
        self._path = path
        self._state = state
        self._quick_state = quick_state

    def load(self) -> None:
        """Restore the state from the file, and check that it can be written.

        Raises:
            ValueError: It is another kind of file, or the state of another account.
            OSError: It cannot be read or written.
        """
        if self._path.exists():
            try:
                saved = _Saved.model_validate_json(self._path.read_bytes())
            except ValidationError:
                raise ValueError(f"{self._path} is not a state file of the simulator") from None
            _restore(saved, self._state, self._quick_state)
        self.save()

    def save(self) -> None:
        """Write the file as a whole, so that a crash leaves the old one or the new one.

        Raises:
            OSError: It cannot be written.
        """
        with self._state.lock:
            content = _saved(self._state, self._quick_state).model_dump_json()
            beside = self._path.with_name(f"{self._path.name}.new")
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            beside.replace(self._path)


def _saved(state: State, quick_state: QuickState) -> _Saved:
    accounts = _accounts(state, quick_state)
    return _Saved(
        tokens=[
            _SavedToken(
                account=one.account.username,
                product=product,
                access=one.access,
                refresh=one.refresh,
                access_ends=one.access_expires_at,
                refresh_ends=one.refresh_expires_at,
            )
            for product, known in accounts.items()
            for one in known.tokens()
        ],
        merchants=[
            _SavedMerchant(
                id=one.id,
                account=one.account.username,
                kind=one.kind,
                fields=one.fields,
                created_at=one.created_at,
            )
            for one in quick_state.merchants.values()
        ],
        invoices=[
            _SavedInvoice(
                id=one.id,
                account=one.account.username,
                product="quickqr" if one.account in quick_state.terminals else "merchant",
                request=one.request,
                sums=(
                    str(one.sums.gross),
                    str(one.sums.discount),
                    str(one.sums.surcharge),
                    str(one.sums.tax),
                ),
                taxes_inside=one.sums.taxes_inside,
                qr_text=one.qr_text,
                created_at=one.created_at,
                status=one.status,
            )
            for one in state.invoices.values()
        ],
        payments=[
            _SavedPayment(
                id=one.id,
                invoice=one.invoice.id,
                amount=one.amount,
                method=one.method,
                status=one.status,
                paid_at=one.paid_at,
            )
            for one in state.payments.values()
        ],
        receipts=[
            _SavedReceipt(
                id=one.id,
                payment=one.payment.id,
                request=one.request,
                created_at=one.created_at,
                status=one.status,
                status_at=one.status_at,
            )
            for one in state.receipts.values()
        ],
        subscriptions=[
            _SavedSubscription(
                id=one.id,
                invoice=one.invoice.id,
                interval=one.interval,
                created_at=one.created_at,
                next_payment_at=one.next_payment_at,
                last_interval_at=one.last_interval_at,
                updated_at=one.updated_at,
                is_active=one.is_active,
                invoices=[invoice.id for invoice in one.invoices],
                payments=[payment.id for payment in one.payments],
            )
            for one in state.subscriptions.values()
        ],
    )


def _accounts(state: State, quick_state: QuickState) -> dict[_Product, Accounts]:
    return {"merchant": state.accounts, "quickqr": quick_state.accounts}


def _restore(saved: _Saved, state: State, quick_state: QuickState) -> None:
    accounts = _accounts(state, quick_state)

    def owner(username: str, product: _Product) -> Account:
        account = accounts[product].find(username)
        if account is None:
            given = "QPAY_QUICKQR_USERNAME" if product == "quickqr" else "--username"
            raise ValueError(
                f"the state is of the account {username}: give that as {given}, or another --state"
            )
        return account

    with state.lock:
        for merchant in saved.merchants:
            account = owner(merchant.account, "quickqr")
            quick_state.merchants[merchant.id] = SubMerchant(
                merchant.id, account, merchant.kind, merchant.fields, merchant.created_at
            )
        for one in saved.invoices:
            account = owner(one.account, one.product)
            gross, discount, surcharge, tax = map(Fraction, one.sums)
            sums = Sums(gross, discount, surcharge, tax, taxes_inside=one.taxes_inside)
            state.keep_invoice(
                Invoice(one.id, account, one.request, sums, one.qr_text, one.created_at, one.status)
            )
        for payment in saved.payments:
            state.keep_payment(
                Payment(
                    payment.id,
                    state.invoices[payment.invoice],
                    payment.amount,
                    payment.method,
                    payment.status,
                    payment.paid_at,
                )
            )
        for receipt in saved.receipts:
            paid = state.payments[receipt.payment]
            state.keep_receipt(
                Receipt(
                    receipt.id,
                    paid,
                    receipt.request,
                    receipt.created_at,
                    receipt.status,
                    receipt.status_at,
                )
            )
        for subscribed in saved.subscriptions:
            _restore_subscription(subscribed, state)
        if saved.tokens is not None:
            for product, known in accounts.items():
                known.restore_tokens(
                    TokenPair(
                        owner(token.account, product),
                        token.access,
                        token.refresh,
                        token.access_ends,
                        token.refresh_ends,
                    )
                    for token in saved.tokens
                    if token.product == product
                )


def _restore_subscription(saved: _SavedSubscription, state: State) -> None:
    subscription = Subscription(
        id=saved.id,
        invoice=state.invoices[saved.invoice],
        interval=saved.interval,
        created_at=saved.created_at,
        next_payment_at=saved.next_payment_at,
        last_interval_at=saved.last_interval_at,
        updated_at=saved.updated_at,
        is_active=saved.is_active,
        invoices=[state.invoices[one] for one in saved.invoices],
        payments=[state.payments[one] for one in saved.payments],
    )
    for invoice in (subscription.invoice, *subscription.invoices):
        invoice.subscription = subscription
    state.subscriptions[subscription.id] = subscription
