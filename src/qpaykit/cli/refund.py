"""`qpaykit refund`: refunds a card payment, after showing it and asking."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from qpaykit.cli.account import AsJson, StoreOption, opened_account
from qpaykit.cli.details import PaymentId, fetch_payment, show_deliveries, show_payment
from qpaykit.cli.exits import CommandError, ExitCode, exit_code_of
from qpaykit.cli.terminal import money, terminal_of
from qpaykit.models import CancelRequest, PaymentStatus, PaymentType

if TYPE_CHECKING:
    from qpaykit.cli.account import Account
    from qpaykit.cli.details import PaymentReport
    from qpaykit.cli.payments import ShownPayment
    from qpaykit.cli.terminal import Terminal


def refund(
    context: typer.Context,
    payment_id: PaymentId,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="Why, for QPay; at most 255 characters.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Refund a card payment in full: shows what will happen, and asks first."""
    terminal = terminal_of(context)
    CancelRequest(note=note)  # refused before anything is asked
    is_asked = not yes
    with opened_account(store) as account:
        report = fetch_payment(account, payment_id)
        if not as_json:
            show_payment(terminal, report)
            show_deliveries(terminal, report.deliveries, has_store=store is not None)
            terminal.out.print()
        check_refundable(report.payment)
        if is_asked and (as_json or not sys.stdin.isatty()):
            raise CommandError(
                ExitCode.USAGE, "The question needs a terminal: give --yes to refund without it."
            )
        if is_asked and not _ask(terminal, report.payment):
            terminal.note("Nothing was refunded.")
            raise typer.Exit(ExitCode.ATTENTION)
        try:
            account.client.payments.refund(payment_id, note=note)
        except KeyboardInterrupt:
            raise CommandError(
                ExitCode.UNKNOWN,
                "Stopped before QPay answered: the refund may or may not have been made. Check "
                "the payment before you repeat it.",
            ) from None
        after = _look_again(account, report)
    if as_json:
        terminal.json(after.content())
    else:
        terminal.say(
            "Refunded. The payment is now: {status}.",
            style="green",
            status=terminal.word(after.payment.status),
        )


def _ask(terminal: Terminal, payment: ShownPayment) -> bool:
    try:
        return terminal.confirm(
            "Give {amount} {currency} back to the card, all of it?",
            amount=money(payment.amount),
            currency=payment.currency,
        )
    except KeyboardInterrupt:
        terminal.note("Nothing was refunded.")
        raise


def _look_again(account: Account, before: PaymentReport) -> PaymentReport:
    try:
        return fetch_payment(account, before.payment.payment_id)
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, Exception) and exit_code_of(error) is None:
            raise
        # The refund is done, whether or not QPay and the store can be asked now.
        refunded = replace(before.payment, status=PaymentStatus.REFUNDED.value)
        return replace(before, payment=refunded)


def check_refundable(payment: ShownPayment) -> None:
    """Raise an error for a payment that QPay would not refund.

    Args:
        payment: The payment.

    Raises:
        CommandError: It was not paid by card, or is not PAID.
    """
    if payment.method == PaymentType.P2P:
        raise CommandError(
            ExitCode.REFUSED,
            "This is a bank transfer, which QPay cannot refund: send the buyer {amount} "
            "{currency} from your bank.",
            amount=money(payment.amount),
            currency=payment.currency,
        )
    if payment.status == PaymentStatus.REFUNDED:
        raise CommandError(ExitCode.REFUSED, "This payment was refunded already.")
    if payment.status != PaymentStatus.PAID:
        raise CommandError(
            ExitCode.REFUSED,
            "This payment is {status}: only a PAID one can be refunded.",
            status=payment.status or "?",
        )
