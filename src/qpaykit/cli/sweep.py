"""`qpaykit sweep`: what was paid on some days and not delivered; `--deliver` delivers it."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

import typer
from pydantic import JsonValue

from qpaykit._arithmetic import add_up
from qpaykit.callbacks import AsyncCallbackDispatcher, CallbackDispatcher, CallbackReply
from qpaykit.cli.account import AsJson, StoreOption, needed, opened_account
from qpaykit.cli.days import LastDay, SinceDay, read_days
from qpaykit.cli.exits import CommandError, ExitCode
from qpaykit.cli.terminal import Column, Terminal, money, terminal_of

# Outcomes that need no action.
_SETTLED = ("duplicate", "ignored")
_DONE_CODE = 200
_OUTCOMES = {
    "delivered": "delivered",
    "underpaid": "underpaid",
    "overpaid": "overpaid",
    "mismatch": "contradiction",
    "unreachable": "no answer",
    "not_paid_yet": "not paid yet",
    "in_progress": "in progress",
    "handler_failed": "failed",
}
# What to do about an outcome, where its name does not say it.
_ADVICE = {
    "underpaid": "underpaid: the buyer paid less than the order costs.",
    "overpaid": "overpaid: the order was paid before; refund this payment.",
    "mismatch": "contradiction: QPay's answers do not agree; check the payment.",
    "unreachable": "no answer: QPay or the store did not answer; run the command again.",
    "in_progress": "in progress: another process is delivering it.",
    "handler_failed": "failed: the shop's handler raised an error; see the shop's log.",
}


def sweep(
    context: typer.Context,
    first: SinceDay = "yesterday",
    last: LastDay = "today",
    deliver: Annotated[
        str | None,
        typer.Option(
            "--deliver",
            metavar="MODULE:NAME",
            help="Deliver it, by this dispatcher of the shop, such as shop.payments:dispatcher. "
            "When left out, nothing is delivered.",
        ),
    ] = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Show what was paid on some days and not delivered."""
    terminal = terminal_of(context)
    days = read_days(first, last)
    replies: list[CallbackReply] = []
    failure: BaseException | None = None
    with terminal.progress("Payments") as progress:

        def take(reply: CallbackReply) -> None:
            replies.append(reply)
            progress(len(replies), len(replies) + 1)

        try:
            if deliver is not None:
                _deliver(load_dispatcher(deliver), *days, take)
            else:
                with opened_account(needed(store)) as account:
                    for reply in CallbackDispatcher(account.client).sweep(*days, dry_run=True):
                        take(reply)
        except (Exception, KeyboardInterrupt) as error:
            if deliver is None or not replies:
                raise
            # What was delivered until then is shown first.
            failure = error
    found = [one for one in replies if one.outcome not in _SETTLED]
    if as_json:
        terminal.json(
            {
                "from": days[0].isoformat(),
                "to": days[1].isoformat(),
                "dry_run": deliver is None,
                "complete": failure is None,
                "payments": [content(one) for one in found],
            }
        )
    else:
        show(terminal, found, count=len(replies), is_dry=deliver is None)
    if failure is not None:
        raise failure
    is_open = deliver is None or any(one.status_code != _DONE_CODE for one in found)
    if found and is_open:
        raise typer.Exit(ExitCode.ATTENTION)


def content(one: CallbackReply) -> dict[str, JsonValue]:
    """Return the outcome of a payment for programs.

    Args:
        one: The dispatcher's reply.
    """
    return {
        "order_no": one.order_no,
        "amount": str(one.amount),
        "outcome": one.outcome,
        "payment_id": one.payment_id,
        "invoice_id": one.invoice_id,
    }


def load_dispatcher(place: str) -> CallbackDispatcher | AsyncCallbackDispatcher:
    """Import a shop's dispatcher.

    Args:
        place: Such as "shop.payments:dispatcher"; the current folder is searched first.

    Raises:
        CommandError: It cannot be imported, or is not a dispatcher.
    """
    module_name, _, name = place.partition(":")
    sys.path.insert(0, "")
    try:
        found: object = getattr(importlib.import_module(module_name), name or "dispatcher")
    except (ImportError, AttributeError, ValueError) as error:
        raise CommandError(
            ExitCode.USAGE, "{place} cannot be imported: {reason}.", place=place, reason=error
        ) from None
    if not isinstance(found, (CallbackDispatcher, AsyncCallbackDispatcher)):
        raise CommandError(ExitCode.USAGE, "{place} is not a dispatcher.", place=place)
    return found


def _deliver(
    dispatcher: CallbackDispatcher | AsyncCallbackDispatcher,
    first: date,
    last: date,
    take: Callable[[CallbackReply], None],
) -> None:
    if isinstance(dispatcher, CallbackDispatcher):
        for reply in dispatcher.sweep(first, last):
            take(reply)
        return
    awaited = dispatcher

    async def sweep_all() -> None:
        async for reply in awaited.sweep(first, last):
            take(reply)

    asyncio.run(sweep_all())


def show(terminal: Terminal, found: Sequence[CallbackReply], *, count: int, is_dry: bool) -> None:
    """Write what was paid and not delivered, or the outcomes of its delivery.

    Args:
        terminal: Where to.
        found: The replies, without those that were delivered before.
        count: How many payments there were.
        is_dry: Whether nothing was delivered.
    """
    if not count:
        terminal.say("No payments.")
        return
    if not found:
        terminal.say("Payments: {count}. All of them are delivered.", style="green", count=count)
        return
    outcomes = {**_OUTCOMES, "delivered": "to be delivered"} if is_dry else _OUTCOMES
    terminal.table(
        [
            Column("Order", shrinks=True),
            Column("Amount", right=True),
            Column("State"),
            Column("Payment"),
        ],
        [
            [
                one.order_no,
                money(one.amount),
                terminal.t(outcomes.get(one.outcome, one.outcome)),
                one.payment_id,
            ]
            for one in found
        ],
        [
            [
                terminal.t("{count} of {all} payments", count=len(found), all=count),
                money(add_up(one.amount for one in found)),
                "",
                "",
            ]
        ],
    )
    for outcome in dict.fromkeys(one.outcome for one in found):
        if outcome in _ADVICE:
            terminal.say(_ADVICE[outcome])
    if is_dry:
        terminal.note("Nothing was delivered: --deliver MODULE:NAME does it.")
