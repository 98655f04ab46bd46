"""Keeps what the simulator knows in a file, so that a restart forgets no invoice."""

from __future__ import annotations

import os
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, JsonValue, ValidationError

from qpaykit.simulator.state import Invoice, Payment, Receipt
from qpaykit.simulator.subscriptions import Subscription
from qpaykit.simulator.validation.sums import Sums

if TYPE_CHECKING:
    from pathlib import Path

    from qpaykit.simulator.state import State


class _SavedInvoice(BaseModel):
    id: str
    account: str
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
    invoices: list[_SavedInvoice]
    payments: list[_SavedPayment]
    receipts: list[_SavedReceipt]
    subscriptions: list[_SavedSubscription]


class StateFile:
    """A file with the invoices, payments, receipts and subscriptions of the simulator's accounts.

    Tokens are not in it: clients log in anew after a restart.

    Args:
        path: The file; it is made where there is none.
        state: What is kept in it.
    """

    def __init__(self, path: Path, state: State) -> None:
        self._path = path
        self._state = state

    def load(self) -> None:
        """Take over what the file holds, and see that it can be written.

        Raises:
            ValueError: It is no such file, or it is another account's.
            OSError: It cannot be read or written.
        """
        if self._path.exists():
            try:
                saved = _Saved.model_validate_json(self._path.read_bytes())
            except ValidationError:
                raise ValueError(f"{self._path} holds no state of the simulator") from None
            _restore(saved, self._state)
        self.save()

    def save(self) -> None:
        """Write the file as a whole, so that a crash leaves the old one or the new one.

        Raises:
            OSError: It cannot be written.
        """
        with self._state.lock:
            content = _saved(self._state).model_dump_json()
            beside = self._path.with_name(f"{self._path.name}.new")
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            beside.replace(self._path)


def _saved(state: State) -> _Saved:
    # Invoices of another product's logins are not kept.
    invoices = {
        one.id: one
        for one in state.invoices.values()
        if state.accounts.find(one.account.username) is one.account
    }
    payments = [one for one in state.payments.values() if one.invoice.id in invoices]
    return _Saved(
        invoices=[
            _SavedInvoice(
                id=one.id,
                account=one.account.username,
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
            for one in invoices.values()
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
            for one in payments
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
            if one.payment.invoice.id in invoices
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
            if one.invoice.id in invoices
        ],
    )


def _restore(saved: _Saved, state: State) -> None:
    with state.lock:
        for one in saved.invoices:
            account = state.accounts.find(one.account)
            if account is None:
                raise ValueError(
                    f"the state is of the account {one.account}: give that --username, or another "
                    "--state"
                )
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
