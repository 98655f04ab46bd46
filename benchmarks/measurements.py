"""All measurements by name, in the order of the table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.callbacks import handling, parsing
from benchmarks.calls import loopback_call, mocked_call
from benchmarks.claims import growth, redis_claims, sqlite_claims
from benchmarks.imports import constructing, importing, starting
from benchmarks.paging import iterating
from benchmarks.samples import CALLS
from benchmarks.scale import cold_start, tasks, threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.figures import Figure
    from benchmarks.plan import Plan

    Measurement = Callable[[Plan], Iterator[Figure]]

_MOCK: dict[str, Measurement] = {f"mock-{call.name}": partial(mocked_call, call) for call in CALLS}
MEASUREMENTS: dict[str, Measurement] = {
    **_MOCK,
    **{f"loopback-{call.name}": partial(loopback_call, call) for call in CALLS},
    "parse": parsing,
    "handle": handling,
    "import": importing,
    "cold": starting,
    "construct": constructing,
    "iterate": iterating,
    "scale-cold": cold_start,
    "scale-tasks": tasks,
    "scale-threads": threads,
    "stores-sqlite": sqlite_claims,
    "stores-redis": redis_claims,
    "growth": growth,
}
SHORT_FORM = (*_MOCK, "parse", "import")
