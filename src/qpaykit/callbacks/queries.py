"""Asks QPay about a payment, with retries because its answers may lag behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._escaping import get_logger
from qpaykit.callbacks.deliveries import Finished
from qpaykit.errors import (
    APIError,
    InvalidRequestError,
    NotFoundError,
    QPayError,
    UnexpectedResponseError,
)
from qpaykit.models import PaymentStatus
from qpaykit.models.payments import distinct_payments, distinct_rows, payment_key, possible_ids

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from qpaykit._invoice_record import InvoiceRecord
    from qpaykit.callbacks._io import IO
    from qpaykit.callbacks.amounts import Tally
    from qpaykit.models import Payment, PaymentRow

H = TypeVar("H")
T = TypeVar("T")

_logger = get_logger("qpaykit.callbacks")

_FIRST_PAUSE_SECONDS = 0.25
_MAX_PAGES = 1000
_PAGE_ROWS = 100
_NOT_FOUND = frozenset({"NOT_FOUND", "NOTFOUND", "NOT_FOUND_ERROR", "OBJECT_DATA_ERROR"})
_OTHER_SUBJECTS = ("MERCHANT", "CLIENT", "TERMINAL", "CREDEN")


def says_unknown(error: APIError, subject: str) -> bool:
    """Return whether QPay answered that it does not know the thing it was asked for.

    A gateway's page and an error about something else, such as the merchant, do not say that.

    Args:
        error: What QPay answered.
        subject: What it was asked for, as QPay's codes call it, such as "PAYMENT".
    """
    if error.code is None:
        return isinstance(error, NotFoundError) and error.status_code == 422
    if isinstance(error, NotFoundError):
        return subject in error.code or error.code in _NOT_FOUND
    if isinstance(error, InvalidRequestError):
        return not any(other in error.code for other in _OTHER_SUBJECTS)
    return False


class Queries(Generic[H]):
    """Asks QPay for a dispatcher.

    Args:
        io: How QPay is asked.
        patience: Seconds for which it is asked again.
    """

    def __init__(self, io: IO[H], patience: float) -> None:
        self._io = io
        self._patience = patience

    @property
    def by_invoice(self) -> bool:
        """Whether a payment is found only among those of its invoice."""
        return self._io.by_invoice

    async def payment(self, payment_id: str, invoice_id: str) -> Payment | None:
        """Fetch a payment, with retries while it is unknown or NEW; None if it stays unknown.

        Args:
            payment_id: The payment.
            invoice_id: Its invoice; needed where `by_invoice` is true.

        Raises:
            QPayError: QPay could not be asked.
        """
        backoff = _Backoff(self._patience)
        while True:
            for one in possible_ids(payment_id):
                payment = await self._payment(one, invoice_id)
                if payment is not None:
                    break
            ended = payment is not None and payment.payment_status not in {None, PaymentStatus.NEW}
            if ended or not await backoff.wait(self._io):
                return payment

    async def _payment(self, payment_id: str, invoice_id: str) -> Payment | None:
        """Fetch a payment; of two spellings of its id it keeps the longer one, with its zeros."""
        try:
            payment = await self._io.payment(payment_id, invoice_id)
        except APIError as error:
            if not says_unknown(error, "PAYMENT"):
                raise
            return None
        if payment is None or (
            payment.payment_id and payment_key(payment.payment_id) != payment_key(payment_id)
        ):
            return payment
        exact = max(payment_id, payment.payment_id.strip(), key=len)
        return payment.model_copy(update={"payment_id": exact})

    async def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        """Fetch what QPay knows of an invoice; None where QPay does not know it.

        Raises:
            QPayError: QPay could not be asked.
        """
        try:
            return await self._io.invoice(invoice_id)
        except APIError as error:
            if not says_unknown(error, "INVOICE"):
                raise
            return None

    async def payments(self, invoice_id: str, *, refuse_unlisted: bool = False) -> list[PaymentRow]:
        """Fetch the rows of an invoice's payments from all pages, none of them twice.

        Args:
            invoice_id: The invoice.
            refuse_unlisted: Whether an answer that counts payments and lists none is an error.

        Raises:
            QPayError: QPay could not be asked.
        """
        rows: list[PaymentRow] = []
        for number in range(1, _MAX_PAGES):
            page = await self._io.check(invoice_id, number)
            together = distinct_rows([*rows, *page.rows])
            is_new = len(together) > len(rows)
            rows = together
            if not is_new or (len(rows) >= page.count and len(page.rows) < _PAGE_ROWS):
                break
        if refuse_unlisted and not rows and (page.count > 0 or page.paid_amount > 0):
            raise UnexpectedResponseError(
                status_code=200,
                method="POST",
                path="/payment/check",
                reason=f"of invoice {invoice_id} it counts {page.count} payments and "
                f"{page.paid_amount} paid, and lists none",
                body="",
                garbled=False,
            )
        return rows

    async def tally(self, tally: Tally, *, whole: bool = False) -> Tally:
        """Add up what was paid on an invoice, with retries while the payment at hand is missing.

        Args:
            tally: The payment at hand.
            whole: Whether a sum that is enough without the payment at hand does not do.

        Raises:
            QPayError: QPay could not be asked.
        """
        backoff = _Backoff(self._patience)
        while True:
            rows = await self.payments(tally.invoice_id)
            tally = tally.of_rows(distinct_payments(rows))
            is_enough = tally.is_enough and not whole
            if is_enough or tally.is_listed or not await backoff.wait(self._io):
                return tally


class _Backoff:
    """Exponential backoff between questions, until a deadline."""

    def __init__(self, patience: float) -> None:
        self._pause = _FIRST_PAUSE_SECONDS
        self._deadline = time.monotonic() + patience

    async def wait(self, io: IO[H]) -> bool:
        """Wait before the next question; return whether there is time for one."""
        if time.monotonic() + self._pause > self._deadline:
            return False
        await io.sleep(self._pause)
        self._pause *= 2
        return True


async def ask_qpay(question: Awaitable[T], about: str) -> T:
    """Await a request to QPay. If it fails, the outcome of the callback is "unreachable".

    Args:
        question: The request.
        about: What it asks for, for the log.

    Raises:
        Finished: QPay could not be asked.
    """
    try:
        return await question
    except QPayError as error:
        _logger.warning("Could not fetch %s from QPay: %s", about, error)
    except Exception:
        # Such as an error of the store that holds the token.
        _logger.exception("Could not fetch %s from QPay.", about)
    raise Finished("unreachable")
