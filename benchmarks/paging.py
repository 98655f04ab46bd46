"""`payments.iterate` over a long list: memory and time."""

from __future__ import annotations

import tracemalloc
from collections import deque
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import httpx

from benchmarks import mocked
from benchmarks.clients import ACCOUNT
from benchmarks.figures import Bound, Figure
from benchmarks.timing import interleaved, ratio
from qpaykit import QPayClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.plan import Plan
    from qpaykit import PaymentListRow

_PAGE = 100
_CHUNKS = 20
_MEGABYTE = 1024 * 1024


def iterating(plan: Plan) -> Iterator[Figure]:
    """Go through all payments twice: once for the time, once for the memory."""
    with httpx.Client(transport=mocked.transport()) as given:
        client = QPayClient(**ACCOUNT, base_url=mocked.URL, http_client=given)
        client.tokens.get()
        yield _time(client, plan.payments)
        yield _memory(client, plan.payments)


def _rows(client: QPayClient) -> Iterator[PaymentListRow]:
    return client.payments.iterate(start_date="2026-01-01", end_date="2026-02-01", page_limit=_PAGE)


def _time(client: QPayClient, payments: int) -> Figure:
    # Two iterators in turn, one of which has half of the payments behind it.
    early, late = _rows(client), _rows(client)
    half = payments // 2
    _exhaust(late, half)
    chunk = half // _CHUNKS
    spent = interleaved(
        {"early": partial(_exhaust, early, chunk), "late": partial(_exhaust, late, chunk)},
        rounds=_CHUNKS - 1,
    )
    if next(late, None) is not None:
        raise RuntimeError("there are more payments than there should be")
    speed = chunk / min(one.wall for one in spent["late"])
    return Figure.of(
        "iterate/time",
        "second half / first half of the payments",
        ratio(spent["late"], spent["early"]),
        Bound("cpu", 1.2),
        f"{payments:,} payments, {speed:,.0f} a second",
    )


def _memory(client: QPayClient, payments: int) -> Figure:
    tracemalloc.start()
    try:
        rows = _rows(client)
        seen = len(list(islice(rows, _PAGE)))
        first = tracemalloc.get_traced_memory()[1]
        seen += sum(1 for _ in rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if seen != payments:
        raise RuntimeError(f"{seen} payments came, and not {payments}")
    return Figure(
        "iterate/memory",
        "peak over all pages less the first page's",
        value=(peak - first) / _MEGABYTE,
        unit="MB",
        bound=Bound("value", 5),
        note=f"first page {first / _MEGABYTE:.2f} MB",
    )


def _exhaust(rows: Iterable[object], number: int) -> None:
    deque(islice(rows, number), maxlen=0)
