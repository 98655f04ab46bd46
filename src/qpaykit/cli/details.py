"""`qpaykit payment`, `invoice` and `order`: the state of one object, from the store and QPay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from qpaykit._arithmetic import ZERO, add_up
from qpaykit._sync import run_sync
from qpaykit.callbacks._io import SyncIO
from qpaykit.callbacks.queries import Queries
from qpaykit.callbacks.records import invoice_of
from qpaykit.cli.account import Account, AsJson, StoreOption, needed, opened_account
from qpaykit.cli.exits import CommandError, ExitCode
from qpaykit.cli.payments import ShownPayment, shown
from qpaykit.cli.terminal import Column, moment, money, terminal_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from pydantic import JsonValue

    from qpaykit._invoice_record import InvoiceRecord
    from qpaykit.cli.terminal import Terminal
    from qpaykit.models import InvoiceDetail
    from qpaykit.stores import Delivery

PaymentId = Annotated[str, typer.Argument(metavar="ID", help="QPay's id of the payment.")]


@dataclass(frozen=True)
class PaymentReport:
    """A payment, and what the shop did with it.

    Attributes:
        wallet: The bank or wallet that it was paid from.
        deliveries: The store's records of it; empty without a store.
    """

    payment: ShownPayment
    wallet: str
    deliveries: Sequence[Delivery] = ()

    def content(self) -> dict[str, JsonValue]:
        """The report for programs."""
        return {
            **self.payment.content(),
            "payment_wallet": self.wallet,
            "deliveries": [delivery_content(one) for one in self.deliveries],
        }


@dataclass(frozen=True)
class InvoiceReport:
    """An invoice and what was paid on it.

    Attributes:
        due: What it costs; 0 for an open sum, and where it is unknown.
        paid: What its PAID payments come to, each counted once.
    """

    invoice_id: str
    status: str
    order_no: str
    sender_invoice_no: str
    description: str
    due: Decimal
    paid: Decimal
    callback_url: str
    payments: Sequence[ShownPayment] = ()
    deliveries: Sequence[Delivery] = field(default=())

    def content(self) -> dict[str, JsonValue]:
        """The report for programs."""
        return {
            "invoice_id": self.invoice_id,
            "invoice_status": self.status,
            "order_no": self.order_no,
            "sender_invoice_no": self.sender_invoice_no,
            "description": self.description,
            "due": str(self.due),
            "paid": str(self.paid),
            "callback_url": self.callback_url,
            "payments": [one.content() for one in self.payments],
            "deliveries": [delivery_content(one) for one in self.deliveries],
        }


def delivery_content(one: Delivery) -> dict[str, JsonValue]:
    """Return a delivery for programs.

    Args:
        one: The delivery.
    """
    return {
        "delivered_at": one.delivered_at.isoformat(),
        "order_no": one.order_no,
        "status": one.status,
        "outcome": one.outcome,
        "amount": str(one.amount),
        "due": str(one.due),
        "payment_id": one.payment_id,
        "payments": list(one.payments),
        "invoice_id": one.invoice_id,
    }


def fetch_payment(account: Account, payment_id: str) -> PaymentReport:
    """Ask QPay for a payment, and the store or QPay for its order.

    Args:
        account: Whose payment.
        payment_id: QPay's id of it.

    Raises:
        QPayError: It does not exist, or QPay could not be asked.
    """
    payment = account.client.payments.get(payment_id)
    invoice_id = invoice_of(payment)
    record = account.record_or_ask(invoice_id)
    # QPay may leave the id out of its answer.
    named = payment.model_copy(update={"payment_id": payment.payment_id or payment_id})
    return PaymentReport(
        shown(named, invoice_id=invoice_id, order_no=record.order_no if record else ""),
        payment.payment_wallet or "",
        account.deliveries_of(payment_id=payment_id),
    )


def fetch_invoice(account: Account, invoice_id: str) -> InvoiceReport:
    """Ask QPay for an invoice and its payments.

    Args:
        account: Whose invoice.
        invoice_id: QPay's id of it.

    Raises:
        QPayError: It does not exist, or QPay could not be asked.
    """
    detail = account.client.invoices.get(invoice_id)
    record = account.record(invoice_id)
    order_no = record.order_no if record else detail.sender_invoice_no or ""
    # Follows all pages, and counts each payment once; a patience of 0 asks once for each page.
    rows = run_sync(Queries(SyncIO(account.client), 0).payments(invoice_id))
    payments = [shown(row, invoice_id=invoice_id, order_no=order_no) for row in rows]
    return InvoiceReport(
        invoice_id=invoice_id,
        status=str(detail.invoice_status or ""),
        order_no=order_no,
        sender_invoice_no=detail.sender_invoice_no or "",
        description=detail.invoice_description or "",
        due=_due(record, detail),
        paid=add_up(one.amount for one in payments if one.is_paid),
        callback_url=detail.callback_url or "",
        payments=payments,
        deliveries=account.deliveries_of(order_no=order_no),
    )


def _due(record: InvoiceRecord | None, detail: InvoiceDetail) -> Decimal:
    return record.due if record else detail.total_amount or ZERO


def fetch_order(account: Account, order_no: str) -> list[InvoiceReport]:
    """Find the invoices of an order in the store, and ask QPay about each.

    Args:
        account: Whose order.
        order_no: The order's number.

    Raises:
        CommandError: The store has no invoice of it.
        QPayError: QPay could not be asked.
    """
    invoices = account.invoices_of(order_no)
    if not invoices:
        raise CommandError(
            ExitCode.REFUSED,
            "The store has no invoice of order {order_no}. QPay cannot be asked by an order's "
            "number: search the output of qpaykit payments.",
            order_no=order_no,
        )
    return [fetch_invoice(account, one) for one in invoices]


def payment(
    context: typer.Context,
    payment_id: PaymentId,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Show a payment: its state at QPay, its order, and whether that was delivered."""
    terminal = terminal_of(context)
    with opened_account(store) as account:
        report = fetch_payment(account, payment_id)
    if as_json:
        terminal.json(report.content())
    else:
        show_payment(terminal, report)
        show_deliveries(terminal, report.deliveries, has_store=store is not None)


def invoice(
    context: typer.Context,
    invoice_id: Annotated[str, typer.Argument(metavar="ID", help="QPay's id of the invoice.")],
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Show an invoice: its state at QPay, what was paid on it, and what was delivered."""
    terminal = terminal_of(context)
    with opened_account(store) as account:
        report = fetch_invoice(account, invoice_id)
    if as_json:
        terminal.json(report.content())
    else:
        show_invoice(terminal, report, has_store=store is not None)


def order(
    context: typer.Context,
    order_no: Annotated[str, typer.Argument(metavar="NO", help="The order's number.")],
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Show an order: its invoices from the store, and the state of each at QPay."""
    terminal = terminal_of(context)
    with opened_account(needed(store)) as account:
        reports = fetch_order(account, order_no)
    if as_json:
        terminal.json({"order_no": order_no, "invoices": [report.content() for report in reports]})
        return
    for index, report in enumerate(reports):
        if index:
            terminal.out.print()
        show_invoice(terminal, report, has_store=True)


def show_payment(terminal: Terminal, report: PaymentReport) -> None:
    """Write what is known of a payment.

    Args:
        terminal: Where to.
        report: The payment.
    """
    one = report.payment
    terminal.fields(
        [
            ("Payment", one.payment_id),
            ("Order", one.order_no),
            ("Status", terminal.word(one.status)),
            ("Paid", f"{money(one.amount)} {one.currency}"),
            ("Fee", money(one.fee)),
            ("Left", money(one.left)),
            ("Method", terminal.word(one.method)),
            ("Time", moment(one.paid_at)),
            ("Invoice", one.invoice_id),
        ]
    )


def show_invoice(terminal: Terminal, report: InvoiceReport, *, has_store: bool) -> None:
    """Write what is known of an invoice.

    Args:
        terminal: Where to.
        report: The invoice.
        has_store: Whether a store was given.
    """
    terminal.fields(
        [
            ("Invoice", report.invoice_id),
            ("Order", report.order_no),
            ("Status", terminal.word(report.status)),
            ("Description", report.description),
            ("Due", f"{money(report.due)} MNT" if report.due else ""),
            ("Paid", f"{money(report.paid)} MNT"),
        ]
    )
    terminal.out.print()
    if report.payments:
        terminal.table(
            [
                Column("Time"),
                Column("Paid", right=True),
                Column("Status"),
                Column("Method"),
                Column("Payment"),
            ],
            [
                [
                    moment(one.paid_at, "%m-%d %H:%M"),
                    money(one.amount),
                    one.status,
                    one.method,
                    one.payment_id,
                ]
                for one in report.payments
            ],
        )
    else:
        terminal.say("No payments.")
    show_deliveries(terminal, report.deliveries, has_store=has_store)


def show_deliveries(terminal: Terminal, deliveries: Sequence[Delivery], *, has_store: bool) -> None:
    """Write what the shop delivered, if a store was given.

    Args:
        terminal: Where to.
        deliveries: The store's records.
        has_store: Whether a store was given.
    """
    if not has_store:
        return
    terminal.out.print()
    if not deliveries:
        terminal.say("Nothing was delivered of it.", style="yellow")
    for one in deliveries:
        if one.outcome == "delivered" and one.status == "PAID":
            sentence = "{at}  {status}: order {order_no} was delivered, {amount} of {due}."
        elif one.outcome == "ignored":
            sentence = "{at}  {status}: order {order_no}, {amount}. No handler took it: refund it."
        else:
            sentence = (
                "{at}  {status}: the shop's handler got {amount} of {due} for order {order_no}."
            )
        terminal.say(
            sentence,
            at=moment(one.delivered_at),
            status=terminal.word(one.status),
            order_no=one.order_no,
            amount=money(one.amount),
            due=money(one.due),
        )
