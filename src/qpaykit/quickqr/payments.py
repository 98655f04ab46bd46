"""Payments of sub-merchants' invoices: checked, waited for."""

from __future__ import annotations

from qpaykit.models import MoneyInput
from qpaykit.models.base import Extra
from qpaykit.operation import Operation, Poll
from qpaykit.quickqr.models import QuickCheck, QuickCheckRequest
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint
from qpaykit.resources._parsing import parser
from qpaykit.resources.payments import paid_poll

_parse_check = parser(QuickCheck)


class _QuickPaymentEndpoints(Resource):
    @endpoint
    def check(self, invoice_id: str, *, extra: Extra | None = None) -> Operation[QuickCheck]:
        """Ask what was paid on an invoice; `is_paid(amount)` says whether that is enough.

        Args:
            invoice_id: The invoice's id.
            extra: Further fields of the request, for what QPay adds.

        Returns:
            The payments, whatever their status, and the sum of those that are paid.

        Raises:
            pydantic.ValidationError: It is not an id; nothing was sent.
            NotFoundError: QPay has no such invoice under this login.

        QPay: `POST /v2/payment/check`.
        """
        return check_operation(invoice_id, extra)

    @endpoint
    def wait(
        self,
        invoice_id: str,
        *,
        amount: MoneyInput | None = None,
        timeout: float = 180,
        interval: float = 3,
    ) -> Poll[QuickCheck]:
        """Wait until an invoice is paid: for scripts and tills; a platform uses the callback.

        A temporary failure of QPay does not end the wait.

        Args:
            invoice_id: The invoice's id.
            amount: What must have been paid in MNT; any payment will do when left out.
            timeout: Seconds to wait at most; the last check is sent at their end, and its answer
                may take one second more.
            interval: Seconds between two checks at least; it grows to five times that.

        Returns:
            The check that found it paid.

        Raises:
            WaitTimeoutError: It was not paid in time; `last` holds the last answer.
            pydantic.ValidationError: `timeout` or `interval` is not above 0, or `amount` is wrong.

        QPay: `POST /v2/payment/check`.
        """
        return paid_poll(check_operation(invoice_id), invoice_id, amount, timeout, interval)


class QuickPayments(_QuickPaymentEndpoints, SyncResource):
    """The payments of a `QuickQRClient`."""


class AsyncQuickPayments(_QuickPaymentEndpoints, AsyncResource):
    """The payments of an `AsyncQuickQRClient`."""


def check_operation(invoice_id: str, extra: Extra | None = None) -> Operation[QuickCheck]:
    """Build `POST /payment/check`."""
    return Operation(
        name="payments.check",
        method="POST",
        path="/payment/check",
        body=QuickCheckRequest(invoice_id=invoice_id).to_json(extra),
        parse=_parse_check,
    )
