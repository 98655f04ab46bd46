"""A clock that a test can move."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from qpaykit._local_time import ULAANBAATAR


class Clock:
    """The simulator's time: the machine's, plus what it was moved by."""

    def __init__(self) -> None:
        self._offset = 0.0

    def advance(self, seconds: float) -> None:
        """Move the clock forward, so that tokens and invoices expire."""
        self._offset += seconds

    def reset(self) -> None:
        """Go back to the machine's time."""
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._offset

    def iso(self) -> str:
        """Now, as QPay writes it in answers."""
        return iso(self.now())

    def local(self) -> str:
        """Now, in the format of payment/list."""
        return datetime.fromtimestamp(self.now(), ULAANBAATAR).strftime("%Y-%m-%d %H:%M:%S")


def iso(moment: float) -> str:
    """Write a moment as "2026-01-29T08:24:32.000Z"."""
    at = datetime.fromtimestamp(moment, timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def parse(text: str) -> float:
    """Read a time in any of the forms that QPay takes; without a zone it is Ulaanbaatar's."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at if at.tzinfo else at.replace(tzinfo=ULAANBAATAR)).timestamp()
