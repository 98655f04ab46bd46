"""Ulaanbaatar's time zone, the current time in it, and times without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

# Mongolia has kept one offset since 2017, and zone data are missing on Windows.
ULAANBAATAR: Final = timezone(timedelta(hours=8), "Asia/Ulaanbaatar")


def now() -> datetime:
    """Return the current time, in Ulaanbaatar's zone."""
    return datetime.now(ULAANBAATAR)


def aware(moment: datetime) -> datetime:
    """Return a time in Ulaanbaatar's zone; one without a zone is read as Ulaanbaatar's."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=ULAANBAATAR)
    return moment.astimezone(ULAANBAATAR)
