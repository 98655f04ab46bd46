"""Times two or more implementations in turn, so that a slow phase of the machine affects all."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Side = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one batch took, in seconds."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """One side's cost by another's: below 1 is cheaper."""

    cpu: float
    wall: float


def often(times: int, ask: Side) -> Side:
    """Make a batch of one call."""

    def batch() -> None:
        for _ in range(times):
            ask()

    return batch


def clocked(side: Side) -> Spent:
    """Run a batch once, after the garbage of whatever ran before it."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    side()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def interleaved(sides: Mapping[str, Side], *, rounds: int) -> dict[str, list[Spent]]:
    """Time every side once a round, each second round in the opposite order.

    Args:
        sides: By name, what runs one batch.
        rounds: How often; one more, before the first, warms up and does not count.
    """
    order = list(sides)
    for name in order:
        sides[name]()
    spent: dict[str, list[Spent]] = {name: [] for name in order}
    gc.collect()
    # What is loaded by now is no batch's garbage: looking through it would cost more than they.
    gc.freeze()
    try:
        for _ in range(rounds):
            for name in order:
                spent[name].append(clocked(sides[name]))
            order.reverse()
    finally:
        gc.unfreeze()
    return spent


def ratio(side: Sequence[Spent], by: Sequence[Spent]) -> Ratio:
    """Compare two sides: the median over the rounds of the quotient within a round."""
    pairs = list(zip(side, by, strict=True))
    return Ratio(
        cpu=median(_quotient(one.cpu, other.cpu) for one, other in pairs),
        wall=median(_quotient(one.wall, other.wall) for one, other in pairs),
    )


def summed(*sides: Sequence[Spent]) -> list[Spent]:
    """Add sides up, round by round."""
    return [
        Spent(sum(spent.cpu for spent in turn), sum(spent.wall for spent in turn))
        for turn in zip(*sides, strict=True)
    ]


def _quotient(one: float, other: float) -> float:
    # A batch shorter than the clock's tick tells nothing, and must not look cheap.
    return one / other if other > 0 else float("inf")
