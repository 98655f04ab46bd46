"""What QPay is asked about a payment: again for a moment, where its answers lag behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit.errors import InvalidRequestError, NotFoundError
from qpaykit.models import PaymentStatus
from qpaykit.models.values import EXACT

if TYPE_CHECKING:
    from decimal import Decimal

    from qpaykit.callbacks.ports import Port
    from qpaykit.models import InvoiceDetail, Payment, PaymentCheck

H = TypeVar("H")

_FIRST_LOOK = 0.25


class Asking(Generic[H]):
    """Asks QPay in a dispatcher's name.

    Args:
        port: How QPay is asked.
        patience: Seconds for which it is asked again.
    """

    def __init__(self, port: Port[H], patience: float) -> None:
        self._port = port
        self._patience = patience

    async def payment(self, payment_id: str) -> Payment | None:
        """Fetch a payment, again while QPay does not know it, or not how it ended.

        Raises:
            QPayError: QPay could not be asked.
        """
        looks = _Looks(self._patience)
        while True:
            try:
                payment = await self._port.payment(payment_id)
            except (NotFoundError, InvalidRequestError):
                payment = None
            ended = payment is not None and payment.payment_status not in {None, PaymentStatus.NEW}
            if ended or not await looks.again(self._port):
                return payment

    async def invoice(self, invoice_id: str) -> InvoiceDetail:
        """Fetch an invoice.

        Raises:
            QPayError: QPay could not be asked, or knows no such invoice.
        """
        return await self._port.invoice(invoice_id)

    async def payments(self, invoice_id: str) -> PaymentCheck:
        """Fetch all payments of an invoice, however many pages they fill.

        Raises:
            QPayError: QPay could not be asked.
        """
        check = page = await self._port.check(invoice_id, 1)
        rows, number = list(check.rows), 1
        while page.rows and len(rows) < check.count:
            number += 1
            last, page = page, await self._port.check(invoice_id, number)
            if page.rows == last.rows:
                break
            rows += page.rows
        return check.model_copy(update={"rows": rows})

    async def total(
        self, invoice_id: str, payment: Payment, *, due: Decimal, currency: str
    ) -> Decimal:
        """Add up what was paid on an invoice, this payment included.

        Raises:
            QPayError: QPay could not be asked.
        """
        looks = _Looks(self._patience)
        while True:
            check = await self.payments(invoice_id)
            found = check.paid_total(currency)
            if found >= due or any(row.payment_id == payment.payment_id for row in check.rows):
                return found
            if not await looks.again(self._port):
                # QPay has confirmed it; its list has not got so far.
                return EXACT.add(found, payment.payment_amount or 0)


class _Looks:
    """How often and how fast somebody looks again, with growing pauses."""

    def __init__(self, patience: float) -> None:
        self._pause = _FIRST_LOOK
        self._ends = time.monotonic() + patience

    async def again(self, port: Port[H]) -> bool:
        if time.monotonic() + self._pause > self._ends:
            return False
        await port.sleep(self._pause)
        self._pause *= 2
        return True
