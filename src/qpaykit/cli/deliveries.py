"""`qpaykit deliveries`: what the shop delivered on some days, from its store."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import typer

from qpaykit._local_time import ULAANBAATAR
from qpaykit.cli.account import AsJson, StoreOption, needed, opened_store
from qpaykit.cli.days import FromDay, ToDay, read_days, time_form
from qpaykit.cli.details import delivery_content
from qpaykit.cli.terminal import WIDE_COLUMNS, Column, moment, money, terminal_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from qpaykit.cli.terminal import Terminal
    from qpaykit.stores import Delivery, Store


def fetch_deliveries(store: Store, first: date, last: date) -> list[Delivery]:
    """Return what was delivered on some days, oldest first.

    Args:
        store: The shop's store.
        first: The first day.
        last: The last day, in full.
    """
    begin = datetime.combine(first, time(), ULAANBAATAR)
    end = datetime.combine(last, time(), ULAANBAATAR) + timedelta(days=1)
    return [one for one in store.deliveries(begin) if begin <= one.delivered_at < end]


def deliveries(
    context: typer.Context,
    first: FromDay = "today",
    last: ToDay = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """List what was delivered on some days, from the shop's store; QPay is not asked."""
    terminal = terminal_of(context)
    days = read_days(first, last)
    with opened_store(needed(store)) as opened:
        found = [] if opened is None else fetch_deliveries(opened, *days)
    if as_json:
        terminal.json(
            {
                "from": days[0].isoformat(),
                "to": days[1].isoformat(),
                "deliveries": [delivery_content(one) for one in found],
            }
        )
    else:
        show(terminal, found, form=time_form(*days))


def show(terminal: Terminal, found: Sequence[Delivery], *, form: str) -> None:
    """Write the table of deliveries.

    Args:
        terminal: Where to.
        found: The deliveries.
        form: How times are written, as `strftime` takes it.
    """
    if not found:
        terminal.say("No deliveries.")
        return
    columns = [
        Column("Time"),
        Column("Order", shrinks=True),
        Column("Status"),
        Column("Amount", right=True),
        Column("Due", right=True),
    ]
    rows = [
        [
            moment(one.delivered_at, form),
            one.order_no,
            one.status,
            money(one.amount),
            money(one.due),
        ]
        for one in found
    ]
    if terminal.out.width >= WIDE_COLUMNS:
        columns.append(Column("Payment"))
        rows = [[*row, one.payment_id] for row, one in zip(rows, found, strict=True)]
    terminal.table(columns, rows)
