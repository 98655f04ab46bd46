"""How long to measure: the full run, or the short form for CI."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """How often things are done.

    Attributes:
        rounds: Rounds of which the median is taken; many short ones bear noise better than few.
        quick_rounds: The same where nothing leaves this process: a round is short there, and
            what else the machine does weighs more.
        calls: Calls in a batch.
        starts: Fresh processes for each side of an import.
        payments: How many payments `iterate` goes through.
        tasks: How many tasks share one client.
        delivered: How many deliveries a store remembers before its growth is measured.
    """

    rounds: int
    quick_rounds: int
    calls: int
    starts: int
    payments: int = 200_000
    tasks: int = 1_000
    delivered: int = 1_000_000


FULL = Plan(rounds=21, quick_rounds=101, calls=100, starts=21)
SHORT = Plan(rounds=41, quick_rounds=41, calls=50, starts=15)
