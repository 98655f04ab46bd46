"""`qpaykit sweep`: what was paid on some days and not delivered; `--deliver` delivers it."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer
from pydantic import JsonValue

from qpaykit._arithmetic import add_up
from qpaykit.callbacks import AsyncCallbackDispatcher, CallbackDispatcher, CallbackReply
from qpaykit.cli.account import AsJson, StoreOption, opened_account
from qpaykit.cli.days import LastDay, SinceDay, read_days
from qpaykit.cli.exits import CommandError, ExitCode
from qpaykit.cli.terminal import Column, Terminal, money, terminal_of

# What a sweep has nothing to do about.
_SETTLED = ("duplicate", "ignored")
_DONE_CODE = 200
_OUTCOMES = {
    "delivered": "delivered",
    "underpaid": "underpaid",
    "overpaid": "overpaid: refund it",
    "mismatch": "QPay contradicts itself: look at it",
    "unreachable": "QPay or the store did not answer",
    "not_paid_yet": "not paid yet",
    "in_progress": "being delivered just now",
    "handler_failed": "the handler failed: see the shop's log",
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
    if deliver is not None:
        replies = _deliver(load_dispatcher(deliver), *days)
    elif store is None:
        raise CommandError(
            ExitCode.USAGE,
            "Without the shop's store nobody knows what was delivered: give --store.",
        )
    else:
        with opened_account(store) as account, terminal.progress("Payments") as progress:
            replies = []
            for reply in CallbackDispatcher(account.client).sweep(*days, dry_run=True):
                replies.append(reply)
                progress(len(replies), len(replies) + 1)
    found = [one for one in replies if one.outcome not in _SETTLED]
    if as_json:
        terminal.json(
            {
                "from": days[0].isoformat(),
                "to": days[1].isoformat(),
                "dry_run": deliver is None,
                "payments": [content(one) for one in found],
            }
        )
    else:
        show(terminal, found, count=len(replies), is_dry=deliver is None)
    is_open = deliver is None or any(one.status_code != _DONE_CODE for one in found)
    if found and is_open:
        raise typer.Exit(ExitCode.ATTENTION)


def content(one: CallbackReply) -> dict[str, JsonValue]:
    """Return what became of a payment, or would, for programs.

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
        place: Such as "shop.payments:dispatcher"; the present folder is looked at first.

    Raises:
        CommandError: There is none.
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
        raise CommandError(ExitCode.USAGE, "{place} is no dispatcher.", place=place)
    return found


def _deliver(
    dispatcher: CallbackDispatcher | AsyncCallbackDispatcher, first: date, last: date
) -> list[CallbackReply]:
    if isinstance(dispatcher, CallbackDispatcher):
        return list(dispatcher.sweep(first, last))
    awaited = dispatcher

    async def swept() -> list[CallbackReply]:
        return [reply async for reply in awaited.sweep(first, last)]

    return asyncio.run(swept())


def show(terminal: Terminal, found: Sequence[CallbackReply], *, count: int, is_dry: bool) -> None:
    """Write what was paid and not delivered, or what became of it.

    Args:
        terminal: Where to.
        found: The replies, without those that were delivered before.
        count: How many payments there were.
        is_dry: Whether nothing was delivered.
    """
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
    if is_dry:
        terminal.note("Nothing was delivered: --deliver MODULE:NAME does it.")
