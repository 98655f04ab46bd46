"""What tests, commands and the page do with a simulated QPay: pay, settle, refund, call back.

This module serves no HTTP; the application and the page import it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import TypeAlias
from urllib.parse import urlsplit

from qpaykit.simulator.accounts import Account
from qpaykit.simulator.action_error import ActionError
from qpaykit.simulator.callback_sender import CallbackSender, SentCallback, callback_url
from qpaykit.simulator.faults import CALLBACK, Faults
from qpaykit.simulator.money import MAX_AMOUNT_MNT
from qpaykit.simulator.quickqr import QuickQR, QuickState
from qpaykit.simulator.request_log import RecordedRequest, RequestLog
from qpaykit.simulator.state import Invoice, Payment, State

_READING_PATHS = ("/v2/payment/", "/quickqr/v2/payment/", "/quickqr/v2/merchant/list")

Event: TypeAlias = "RecordedRequest | Payment | SentCallback"


class Control:
    """A simulated QPay, for a test or a person to control.

    Args:
        seed: Makes payment ids and shares of faults repeatable.
        expose: Allow callbacks to other addresses than loopback.
        pay_after: Pay every invoice in full so many seconds after it is made.
        pay_method: How `pay_after` pays: "P2P" or "CARD".

    Raises:
        ValueError: There is no such method.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        expose: bool = False,
        pay_after: float | None = None,
        pay_method: str = "P2P",
    ) -> None:
        _check_method(pay_method)
        self._state = State(seed=seed)
        self._quick_state = QuickState(self._state)
        self.quickqr: QuickQR = QuickQR(self._quick_state)
        self._watcher: Callable[[Event], None] | None = None
        self._on_change: Callable[[], None] | None = None
        if pay_after is not None:
            self._state.on_created = lambda invoice: self._pay_later(invoice, pay_after, pay_method)
        self._callback_sender = CallbackSender(exposed=expose)
        self.faults: Faults = Faults(self._state.random)
        self.requests: RequestLog = RequestLog()
        self.requests.on_answered = self._notify
        self._callback_sender.on_sent = self._notify

    @property
    def page_root(self) -> str:
        """Where its page is, without a slash at the end."""
        return self._state.page_root

    @property
    def callbacks(self) -> list[SentCallback]:
        """The callbacks that were sent, oldest first, and what shops answered."""
        return self._callback_sender.sent

    @property
    def single_live_token(self) -> bool:
        """Whether a login ends the account's older tokens, as it does at QPay."""
        return self._state.accounts.single_live_token

    @single_live_token.setter
    def single_live_token(self, value: bool) -> None:
        self._state.accounts.single_live_token = value

    def add_account(
        self,
        username: str,
        password: str,
        *,
        invoice_code: str | None = "TEST_INVOICE",
        ebarimt_code: str | None = "TEST_EB_INVOICE",
    ) -> Account:
        """Add another merchant's account.

        Args:
            username: Its client id.
            password: Its client secret.
            invoice_code: The code of its plain invoices; None where it has none.
            ebarimt_code: The code of its invoices with an e-barimt; None where it has none, as
                where e-barimt has a separate account.

        Returns:
            The account.

        Raises:
            ValueError: Both codes are None.
        """
        codes = {
            code: for_ebarimt
            for code, for_ebarimt in ((invoice_code, False), (ebarimt_code, True))
            if code is not None
        }
        if not codes:
            raise ValueError("an account needs invoice_code or ebarimt_code")
        account = Account(username, password, codes)
        self._state.accounts.add(account)
        return account

    def watch(self, watcher: Callable[[Event], None]) -> None:
        """Call a function about each answered request, each payment and each sent callback.

        Args:
            watcher: Takes a `RecordedRequest`, a payment or a `SentCallback`; called from the
                simulator's threads.
        """
        self._watcher = watcher

    def _notify(self, event: Event) -> None:
        if _is_change(event):
            self._save()
        if self._watcher is not None:
            self._watcher(event)

    def _save(self) -> None:
        if self._on_change is not None:
            self._on_change()

    def pay(
        self,
        invoice_id: str,
        *,
        amount: Decimal | int | str | None = None,
        method: str = "P2P",
        again: bool = False,
        late: bool = False,
        callbacks: int = 1,
        wait: bool = True,
    ) -> str:
        """Pay an invoice as a buyer does, and call the shop back.

        Args:
            invoice_id: The invoice.
            amount: What is paid in MNT; what is still due when left out.
            method: "P2P" or "CARD".
            again: Pay the whole amount once more, as a buyer who taps twice does.
            late: Pay although the invoice was cancelled or has expired, as where the bank took
                the payment a moment before.
            callbacks: How many times the shop is called back.
            wait: Whether to return only when the shop has answered; False where the shop
                runs on the calling thread's own event loop.

        Returns:
            The payment's id.

        Raises:
            ValueError: The invoice cannot be paid.
        """
        _check_method(method)
        with self._state.lock:
            invoice = self._state.invoice(invoice_id) if late else self._payable(invoice_id)
            unpaid = invoice.amount if again else invoice.due
            paid = unpaid if amount is None else Decimal(amount)
            if not paid.is_finite() or paid <= 0:
                raise ActionError(
                    "there is nothing to pay on invoice {invoice}", invoice=invoice_id
                )
            if paid > MAX_AMOUNT_MNT:
                raise ActionError("a payment is at most {most} MNT", most=MAX_AMOUNT_MNT)
            payment = self._state.add_payment(invoice, paid, method, "PAID")
        self._call_back_times(payment, callbacks, wait=wait)
        return payment.id

    def pay_subscription(self, subscription_id: str, *, callbacks: int = 1) -> str:
        """Make the next payment of a subscription: by card, of a new invoice like its first.

        Args:
            subscription_id: The subscription.
            callbacks: How many times the shop is called back.

        Returns:
            The payment's id.

        Raises:
            ValueError: There is no such subscription, it was cancelled, or its first invoice was
                not paid by card yet.
        """
        with self._state.lock:
            subscription = self._state.subscription(subscription_id)
            if not subscription.is_active:
                raise ValueError(f"subscription {subscription_id} was cancelled")
            if not subscription.payments:
                raise ValueError(f"pay invoice {subscription.invoice.id} by card first")
            first = subscription.invoice
            invoice = self._state.add_invoice(first.account, first.request, first.sums)
            invoice.subscription = subscription
            subscription.invoices.append(invoice)
            payment = self._state.add_payment(invoice, invoice.due, "CARD", "PAID")
        self._call_back_times(payment, callbacks, wait=True)
        return payment.id

    def begin(self, invoice_id: str, *, callbacks: int = 0) -> str:
        """Begin a payment that stays NEW until `settle`.

        Args:
            invoice_id: The invoice.
            callbacks: How many times the shop is called back.

        Returns:
            The payment's id.

        Raises:
            ValueError: The invoice cannot be paid.
        """
        return self._try_to_pay(invoice_id, "P2P", "NEW", callbacks)

    def settle(self, payment_id: str, *, status: str = "PAID", callbacks: int = 1) -> None:
        """Change a payment's status, and call the shop back.

        Args:
            payment_id: The payment.
            status: Such as "PAID", "FAILED" or "REFUNDED".
            callbacks: How many times the shop is called back.

        Raises:
            ValueError: There is no such payment.
        """
        with self._state.lock:
            payment = self._state.payment(payment_id)
            payment.status = status
            if payment.invoice.due == 0:
                payment.invoice.status = "CLOSED"
        self._call_back_times(payment, callbacks, wait=True)

    def fail(self, invoice_id: str, *, callbacks: int = 1) -> str:
        """Make a failed card payment, and call the shop back.

        Args:
            invoice_id: The invoice.
            callbacks: How many times the shop is called back.

        Returns:
            The payment's id.

        Raises:
            ValueError: The invoice cannot be paid.
        """
        return self._try_to_pay(invoice_id, "CARD", "FAILED", callbacks)

    def _try_to_pay(self, invoice_id: str, method: str, status: str, callbacks: int) -> str:
        with self._state.lock:
            invoice = self._payable(invoice_id)
            payment = self._state.add_payment(invoice, invoice.due, method, status)
        self._call_back_times(payment, callbacks, wait=True)
        return payment.id

    def refund(self, payment_id: str, *, callbacks: int = 1) -> None:
        """Refund a payment as QPay's own staff can, P2P too, and call the shop back.

        Args:
            payment_id: The payment.
            callbacks: How many times the shop is called back.

        Raises:
            ValueError: There is no such payment.
        """
        self.settle(payment_id, status="REFUNDED", callbacks=callbacks)

    def send_callback(self, payment_id: str) -> SentCallback | None:
        """Call the shop back about a payment once more.

        Args:
            payment_id: The payment.

        Returns:
            What the shop answered; None where a fault kept the callback back.

        Raises:
            ValueError: There is no such payment.
        """
        return self._call_back(self._state.payment(payment_id))

    def callback_query(self, payment_id: str) -> str:
        """Return the query of the callback about a payment, for a unit test of `handle`.

        Args:
            payment_id: The payment.

        Returns:
            Such as "order=42&qpay_payment_id=019276866891878".

        Raises:
            ValueError: There is no such payment.
        """
        payment = self._state.payment(payment_id)
        return urlsplit(callback_url(payment, payment.id)).query

    def _call_back(self, payment: Payment) -> SentCallback | None:
        return self._callback_sender.send(payment, self.faults.take(CALLBACK, payment.invoice.id))

    def wait_for_callback(self, invoice_id: str, *, timeout: float = 5.0) -> SentCallback:
        """Wait until the shop has answered a callback about an invoice.

        Args:
            invoice_id: The invoice.
            timeout: Seconds to wait at most.

        Returns:
            The callback, and what the shop answered.

        Raises:
            TimeoutError: None was sent within `timeout` seconds.
        """
        return self._callback_sender.wait_for(invoice_id, timeout)

    def invoice(self, invoice_id: str) -> Invoice:
        """Return an invoice as the simulator has it, with what was sent in `request`.

        Args:
            invoice_id: The invoice's id.

        Raises:
            ValueError: There is no such invoice.
        """
        return self._state.invoice(invoice_id)

    def is_expired(self, invoice: Invoice) -> bool:
        """Return whether the time to pay an invoice has ended.

        Args:
            invoice: An invoice, as `invoice` returns it.
        """
        return self._state.expired(invoice)

    def invoices(self) -> list[Invoice]:
        """Return all invoices, oldest first."""
        with self._state.lock:
            return list(self._state.invoices.values())

    @property
    def refunds_refused(self) -> Counter[str]:
        """How many refunds or cancellations came for each payment after it was refunded."""
        return self._state.refunds_refused

    def payment(self, payment_id: str) -> Payment:
        """Return a payment as the simulator has it.

        Args:
            payment_id: The payment's id.

        Raises:
            ValueError: There is no such payment.
        """
        return self._state.payment(payment_id)

    def advance(self, seconds: float) -> None:
        """Move the simulator's clock forward, so that tokens and invoices expire.

        Args:
            seconds: By how many seconds.
        """
        self._state.clock.advance(seconds)

    def revoke_tokens(self) -> None:
        """Revoke every token, as a login elsewhere would."""
        self._state.accounts.revoke_tokens()
        self.quickqr.revoke_tokens()
        self._save()

    def reset(self) -> None:
        """Delete everything but the accounts."""
        self._state.reset()
        self.quickqr.reset()
        self.faults.clear()
        self.requests.clear()
        self._callback_sender.reset()
        self._save()

    def _payable(self, invoice_id: str) -> Invoice:
        invoice = self._state.invoice(invoice_id)
        if invoice.status == "CANCELED":
            raise ActionError("invoice {invoice} is cancelled", invoice=invoice_id)
        if self._state.expired(invoice):
            raise ActionError("invoice {invoice} has expired", invoice=invoice_id)
        return invoice

    def _pay_later(self, invoice: Invoice, seconds: float, method: str) -> None:
        def pay() -> None:
            # The invoice may have been paid or cancelled in the meantime.
            with suppress(ValueError):
                self.pay(invoice.id, method=method)

        buyer = threading.Timer(seconds, pay)
        buyer.daemon = True
        buyer.start()

    def _call_back_times(self, payment: Payment, times: int, *, wait: bool) -> None:
        self._notify(payment)

        def send() -> None:
            for _ in range(times):
                self._call_back(payment)

        if wait:
            send()
        else:
            threading.Thread(target=send, name="qpay-callback", daemon=True).start()


def _is_change(event: Event) -> bool:
    """Return whether an event may have changed the simulator's data."""
    if isinstance(event, RecordedRequest):
        is_reading = event.method == "POST" and event.path.startswith(_READING_PATHS)
        return event.method != "GET" and not is_reading
    return isinstance(event, Payment)


def _check_method(method: str) -> None:
    if method not in {"P2P", "CARD"}:
        raise ActionError("the method must be P2P or CARD")
