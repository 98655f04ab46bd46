"""`qpaykit payments`: what was paid on some days, as a table, a CSV file or JSON."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qpaykit._arithmetic import EXACT, add_up
from qpaykit.callbacks.records import invoice_of
from qpaykit.cli.account import Account, AsJson, StoreOption, opened_account
from qpaykit.cli.csv_file import write_csv
from qpaykit.cli.days import FromDay, ToDay, read_days, time_form
from qpaykit.cli.exits import CommandError, ExitCode
from qpaykit.cli.language import translate
from qpaykit.cli.terminal import WIDE_COLUMNS, Column, moment, money, terminal_of, word_in
from qpaykit.models import PaymentStatus
from qpaykit.models.payments import row_key
from qpaykit.resources._paginator import Paginator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    from pydantic import JsonValue

    from qpaykit.cli.terminal import Terminal
    from qpaykit.models import Payment, PaymentListRow, PaymentRow

# The maximum in QPay's document.
_PAGE_LIMIT = 100
_MAX_INVOICES_ASKED = 200
_ZERO_MNT = Decimal("0.00")


@dataclass(frozen=True)
class ShownPayment:
    """A payment, as the commands show it.

    Attributes:
        amount: What the buyer paid.
        fee: What QPay keeps of it.
    """

    payment_id: str
    invoice_id: str
    order_no: str
    paid_at: datetime | None
    status: str
    amount: Decimal
    fee: Decimal
    currency: str
    method: str
    description: str = ""

    @property
    def is_paid(self) -> bool:
        """Whether it counts as income: not where it failed, or was refunded."""
        return self.status == PaymentStatus.PAID

    @property
    def left(self) -> Decimal:
        """What is left for the shop after the fee; 0 of a payment that is not PAID."""
        return EXACT.subtract(self.amount, self.fee) if self.is_paid else _ZERO_MNT

    def content(self) -> dict[str, JsonValue]:
        """The payment for programs: amounts as text, so that no reader rounds them."""
        return {
            "payment_id": self.payment_id,
            "invoice_id": self.invoice_id,
            "order_no": self.order_no,
            "payment_date": None if self.paid_at is None else self.paid_at.isoformat(),
            "payment_status": self.status,
            "payment_amount": str(self.amount),
            "payment_fee": str(self.fee),
            "left": str(self.left),
            "payment_currency": self.currency,
            "payment_type": self.method,
            "description": self.description,
        }


@dataclass(frozen=True)
class Sums:
    """What the PAID payments in one currency come to."""

    currency: str
    count: int
    amount: Decimal
    fee: Decimal
    left: Decimal

    def content(self) -> dict[str, JsonValue]:
        """The sums for programs."""
        return {
            "currency": self.currency,
            "count": self.count,
            "amount": str(self.amount),
            "fee": str(self.fee),
            "left": str(self.left),
        }


def shown(
    one: Payment | PaymentRow | PaymentListRow, *, invoice_id: str, order_no: str
) -> ShownPayment:
    """Return one of QPay's three shapes of a payment as the commands show it.

    Args:
        one: The payment.
        invoice_id: Its invoice; "" where it has none.
        order_no: The order of the invoice; "" where it is not known.
    """
    return ShownPayment(
        payment_id=one.payment_id,
        invoice_id=invoice_id,
        order_no=order_no,
        paid_at=one.payment_date,
        status=str(one.payment_status or ""),
        amount=one.payment_amount,
        fee=one.payment_fee,
        currency=one.payment_currency or "MNT",
        method=str(one.payment_type or ""),
        description=getattr(one, "payment_description", None) or "",
    )


def sums_of(payments: Iterable[ShownPayment]) -> list[Sums]:
    """Add up the PAID payments, one sum for each currency.

    Args:
        payments: The payments.
    """
    paid = [one for one in payments if one.is_paid]
    return [
        Sums(
            currency,
            len(found),
            add_up(one.amount for one in found),
            add_up(one.fee for one in found),
            add_up(one.left for one in found),
        )
        for currency in sorted({one.currency for one in paid})
        for found in [[one for one in paid if one.currency == currency]]
    ]


def fetch_rows(
    account: Account, first: date, last: date, progress: Callable[[int, int], None]
) -> list[PaymentListRow]:
    """Fetch the payments of some days, each once, oldest first.

    Args:
        account: Whose payments.
        first: The first day.
        last: The last day, in full.
        progress: Called with the number of rows fetched so far, and of all rows.

    Raises:
        QPayError: A page could not be fetched.
    """
    pages: Paginator[PaymentListRow] = Paginator()
    found: dict[str, PaymentListRow] = {}
    while not pages.ended:
        page = account.client.payments.list(
            start_date=first,
            end_date=last,
            page_number=pages.next_page,
            page_limit=_PAGE_LIMIT,
        )
        for row in pages.add(page, _PAGE_LIMIT):
            found[row_key(row)] = row
        progress(len(found), page.count)
    return sorted(
        found.values(), key=lambda row: row.payment_date.timestamp() if row.payment_date else 0.0
    )


def find_orders(
    account: Account,
    rows: Sequence[PaymentListRow],
    progress: Callable[[int, int], None],
    *,
    ask: bool | None,
) -> tuple[list[ShownPayment], int]:
    """Find the order of each payment: in the store, else at QPay.

    Args:
        account: Whose payments.
        rows: The payments.
        progress: Called with the number of invoices looked up so far, and of all invoices.
        ask: Whether QPay is asked about the invoices that are not in the store, one request
            for each; None asks if they are few.

    Returns:
        The payments, and how many invoices QPay was not asked about.

    Raises:
        QPayError: QPay could not be asked.
    """
    invoices = list(dict.fromkeys(map(invoice_of, rows)))
    numbers = {
        one: record.order_no for one in invoices if (record := account.record(one)) is not None
    }
    unknown = [one for one in invoices if one and one not in numbers]
    if ask or (ask is None and len(unknown) <= _MAX_INVOICES_ASKED):
        for done, one in enumerate(unknown):
            progress(done, len(unknown))
            record = account.record_or_ask(one)
            numbers[one] = record.order_no if record else ""
        unknown = []
    found = [
        shown(row, invoice_id=invoice_of(row), order_no=numbers.get(invoice_of(row), ""))
        for row in rows
    ]
    return found, len(unknown)


def payments(
    context: typer.Context,
    first: FromDay = "today",
    last: ToDay = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", metavar="FILE", help="Write a CSV file for Excel in place of the table."
        ),
    ] = None,
    orders: Annotated[
        bool | None,
        typer.Option(
            "--orders/--no-orders",
            help="Ask QPay for the orders that are not in the store, one request for each "
            "invoice; when left out, for up to 200.",
        ),
    ] = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """List the payments of some days, with their sums."""
    terminal = terminal_of(context)
    days = read_days(first, last)
    if csv is not None and (csv.is_dir() or not csv.parent.is_dir()):
        raise _not_writable(csv, os.strerror(errno.EISDIR if csv.is_dir() else errno.ENOENT))
    with opened_account(store) as account:
        with terminal.progress("Payments") as progress:
            rows = fetch_rows(account, *days, progress)
        with terminal.progress("Orders") as progress:
            found, not_asked = find_orders(account, rows, progress, ask=orders)
    sums = sums_of(found)
    if csv is not None:
        _write(csv, found, sums, terminal.language)
    if as_json:
        terminal.json(
            {
                "from": days[0].isoformat(),
                "to": days[1].isoformat(),
                "payments": [one.content() for one in found],
                "sums": [one.content() for one in sums],
            }
        )
    elif csv is not None:
        terminal.say("{count} payments are in {path}.", count=len(found), path=csv)
    else:
        show_payments(terminal, found, sums, form=time_form(*days))
    if not_asked:
        terminal.note(
            "The orders of {count} invoices are not shown: give --store, or --orders to ask QPay "
            "about each.",
            count=not_asked,
        )


def show_payments(
    terminal: Terminal, found: Sequence[ShownPayment], sums: Sequence[Sums], *, form: str
) -> None:
    """Write the table of payments, and the sums below it.

    Args:
        terminal: Where to.
        found: The payments.
        sums: Their sums.
        form: How times are written, as `strftime` takes it.
    """
    if not found:
        terminal.say("No payments.")
        return
    is_wide = terminal.out.width >= WIDE_COLUMNS
    columns = [
        Column("Time"),
        Column("Order", shrinks=True),
        Column("Paid", right=True),
        Column("Fee", right=True),
        Column("Left", right=True),
        Column("Method"),
        Column("Status"),
    ]
    rows = [
        [
            moment(one.paid_at, form),
            one.order_no,
            money(one.amount) + _unit(one.currency),
            money(one.fee),
            money(one.left),
            one.method,
            one.status,
        ]
        for one in found
    ]
    if is_wide:
        columns.append(Column("Payment"))
        rows = [[*row, one.payment_id] for row, one in zip(rows, found, strict=True)]
    totals = [
        [
            "",
            terminal.t("{count} paid", count=one.count),
            money(one.amount) + _unit(one.currency),
            money(one.fee),
            money(one.left),
            "",
            "",
            *([""] if is_wide else []),
        ]
        for one in sums
    ]
    terminal.table(columns, rows, totals)


def _unit(currency: str) -> str:
    return "" if currency == "MNT" else f" {currency}"


def _write(path: Path, found: Sequence[ShownPayment], sums: Sequence[Sums], language: str) -> None:
    titles = (
        "Time",
        "Order",
        "Paid",
        "Fee",
        "Left",
        "Currency",
        "Method",
        "Status",
        "Payment",
        "Invoice",
        "Description",
    )
    rows: list[tuple[str | Decimal, ...]] = [
        (
            moment(one.paid_at),
            one.order_no,
            one.amount,
            one.fee,
            one.left,
            one.currency,
            word_in(one.method, language),
            word_in(one.status, language),
            one.payment_id,
            one.invoice_id,
            one.description,
        )
        for one in found
    ]
    rows += [
        (
            "",
            translate("{count} paid", language).format(count=one.count),
            one.amount,
            one.fee,
            one.left,
            one.currency,
        )
        for one in sums
    ]
    try:
        write_csv(path, [translate(title, language) for title in titles], rows)
    except OSError as error:
        raise _not_writable(path, error.strerror or str(error)) from None


def _not_writable(path: Path, reason: str) -> CommandError:
    return CommandError(
        ExitCode.USAGE, "{path} cannot be written: {reason}.", path=path, reason=reason
    )
