"""Days of Ulaanbaatar, as `--from` and `--to` name them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from qpaykit._local_time import now
from qpaykit.cli.exits import CommandError, ExitCode

# Keeps a margin to the first and last day of datetime, so that a day can be added.
_YEARS = range(2000, 3000)

FromDay = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="DAY",
        help="The first day: 2026-11-28, today or yesterday. Ulaanbaatar's.",
    ),
]
ToDay = Annotated[
    str | None,
    typer.Option("--to", metavar="DAY", help="The last day, in full; the first one when left out."),
]

SinceDay = Annotated[
    str,
    typer.Option("--from", metavar="DAY", help="The first day, as with payments."),
]
LastDay = Annotated[
    str,
    typer.Option("--to", metavar="DAY", help="The last day, in full."),
]


def read_days(first: str, last: str | None) -> tuple[date, date]:
    """Read the days from `--from` to `--to`.

    Args:
        first: `--from`.
        last: `--to`; the same day when left out.

    Raises:
        CommandError: One is not a day, or the last one is before the first.
    """
    days = (_day(first), _day(first if last is None else last))
    if days[1] < days[0]:
        raise CommandError(ExitCode.USAGE, "--to is before --from.")
    return days


def time_form(first: date, last: date) -> str:
    """Return the shortest form, for `strftime`, that tells the times of some days apart.

    Args:
        first: The first day.
        last: The last day.
    """
    if first == last:
        return "%H:%M:%S"
    return "%m-%d %H:%M" if first.year == last.year else "%Y-%m-%d %H:%M"


def _day(text: str) -> date:
    today = now().date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        # date.fromisoformat takes more forms from Python 3.11 on.
        day = named.get(text) or datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise CommandError(
            ExitCode.USAGE,
            "{day} is not a day: write it as 2026-11-28, or today, or yesterday.",
            day=text,
        )
    return day
