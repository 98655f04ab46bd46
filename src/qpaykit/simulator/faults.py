"""Faults by name: how the next answers and callbacks fail."""

from __future__ import annotations

import fnmatch
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qpaykit.simulator.action_error import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

KINDS = {
    "500": "answers 500 SYSTEM_BUSY; nothing is done",
    "500-after": "does the work, then answers 500",
    "502": "answers 502 with a gateway's HTML page; nothing is done",
    "502-after": "does the work, then answers 502",
    "503": "answers 503 without Retry-After",
    "503-retry-after": "answers 503 with Retry-After",
    "429": "answers 429 with Retry-After",
    "401": "answers 401 NO_CREDENTIALS",
    "reset-before": "reads the request and resets the connection; nothing is done",
    "reset-after": "does the work and resets the connection",
    "hang": "never answers",
    "slow": "answers late",
    "drip": "sends the body byte by byte",
    "cut-off": "does the work and sends half of the body",
    "malformed": "does the work and sends broken JSON",
    "html": "does the work and sends an HTML page with 200",
    "empty": "does the work and sends an empty body with 200",
    "unknown-status": "sends an unknown payment_status",
    "no-status": "leaves payment_status out",
    "null": "sends null for every value",
    "no-payment-ids": "leaves payment_id out of every row",
    "numeric-ids": "sends payment_id as a JSON number, so that a leading zero is lost",
    "rows-twice": "lists each row of a page twice, and counts it twice",
    "rows-again": "shows the first page's rows again on every page, and counts them twice",
    "no-object-id": "leaves object_id out of payments",
    "no-callback-url": "leaves callback_url out of GET /invoice",
    "null-callback-url": "sends null as callback_url",
    "empty-callback-url": "sends an empty callback_url",
    "cut-callback-url": "sends callback_url without its query",
    "escaped-callback-url": "sends callback_url HTML-escaped, & as &amp;",
    "no-sender-invoice-no": "leaves sender_invoice_no out of GET /invoice",
    "zero-total": "sends 0.00 as an invoice's total_amount",
    "negative-total": "sends an invoice's total_amount with a minus",
    "huge-amounts": "sends 9e999999 for every amount",
    "long-amounts": "sends 1234567890123456 for every amount, one digit too long",
}


_OFTEN = re.compile(r"x(?P<times>[1-9][0-9]*)|all|(?P<share>[0-9]+(\.[0-9]+)?)%")

CALLBACK = "CALLBACK"
CALLBACK_FAULTS = {
    "drop": "the callback is never sent",
    "double": "it is sent twice",
    "delay": "it is sent late",
    "reorder": "it is sent after the next one",
    "forge": "it names a payment that does not exist",
    "post": "it is sent by POST, with the older document's JSON body",
}


@dataclass
class Fault:
    """A fault that waits for requests.

    Attributes:
        method: HTTP method, or "*"; "CALLBACK" for the calls to shops.
        path: Path with or without `/v2`; `*` and `{name}` stand for any part.
        kind: One of `KINDS`.
        times: How many more requests it applies to; None for all.
        share: The fraction of the requests that it applies to, from 0 to 1; None for each.
        delay: Seconds, for "slow", "drip" and the Retry-After of "503-retry-after" and "429".
    """

    method: str
    path: str
    kind: str
    times: int | None
    share: float | None
    delay: float | None
    pattern: re.Pattern[str]


class Faults:
    """The faults of one simulator; the first that matches a request applies to it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(
        self,
        method: str,
        path: str,
        kind: str,
        times: int | None = 1,
        *,
        share: float | None = None,
        delay: float | None = None,
    ) -> None:
        """Add a fault.

        Args:
            method: HTTP method, or "*"; "CALLBACK" for the calls to shops.
            path: Path, such as "/invoice" or "/payment/refund/*", those of Quick QR with
                "/quickqr" before it; for callbacks "*", or the id of an invoice.
            kind: One of `KINDS`, for callbacks one of `CALLBACK_FAULTS`.
            times: How many requests it applies to; None for all from now on.
            share: The fraction of the requests that it applies to, from 0 to 1, drawn by the
                seed.
            delay: Seconds that "slow" waits before, "drip" between, bytes; or Retry-After.

        Raises:
            ValueError: There is no such kind, or `times` or `share` is out of its range.
        """
        name = kind.lower().replace("_", "-")
        known = CALLBACK_FAULTS if method.upper() == CALLBACK else KINDS
        if name not in known:
            raise ActionError(
                "there is no fault {kind}; there are: {known}", kind=kind, known=", ".join(known)
            )
        if times is not None and times < 1:
            raise ActionError("times must be 1 or more, or all")
        if share is not None and not 0 <= share <= 1:
            raise ActionError("the share must be from 0 to 1")
        bare = re.sub(r"\{[^}]*\}", "*", _without_version(path))
        fault = Fault(
            method.upper(), path, name, times, share, delay, re.compile(fnmatch.translate(bare))
        )
        with self._lock:
            self._faults.append(fault)

    def add_line(self, line: str) -> None:
        """Add a fault that is written in a line, such as "POST /invoice 500 x3".

        Args:
            line: Method, path and kind, then how often: "x3" (once when left out), "all",
                or a share such as "5%".

        Raises:
            ValueError: It is not written so.
        """
        words = line.split()
        match = _OFTEN.fullmatch(words[3] if len(words) == 4 else "x1")
        if len(words) not in {3, 4} or match is None:
            raise ActionError(
                "a fault is written as 'POST /invoice 500 x3', and not as '{line}'", line=line
            )
        method, path, kind = words[:3]
        times, share = match.group("times"), match.group("share")
        self.add(
            method,
            path,
            kind,
            int(times) if times else None,
            share=float(share) / 100 if share else None,
        )

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that applies to a request, and count it."""
        bare = _without_version(path)
        with self._lock:
            for fault in self._faults:
                meant = fault.method == method or (fault.method == "*" and method != CALLBACK)
                if not meant or not fault.pattern.match(bare):
                    continue
                if fault.share is not None and self._random.random() >= fault.share:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(list(self._faults))


def _without_version(path: str) -> str:
    return path.replace("/v2", "", 1)
