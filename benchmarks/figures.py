"""One line of the table, and whether its bound holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from benchmarks.timing import Ratio

Column = Literal["cpu", "wall", "value"]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must keep."""

    of: Column
    limit: float
    least: bool = False

    def __str__(self) -> str:
        return f"{self.of} {'>=' if self.least else '<='} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement.

    Attributes:
        name: Its slug, such as "calls/mock/sync/check".
        what: Which side by which other, in words.
        cpu: The ratio in CPU time of this process.
        wall: The ratio in wall time.
        value: What is counted and is no ratio of times.
        unit: Of `value`.
        bound: What it must keep; None where it is only shown.
        note: What else there is to say.
    """

    name: str
    what: str
    cpu: float | None = None
    wall: float | None = None
    value: float | None = None
    unit: str = ""
    bound: Bound | None = None
    note: str = ""

    @classmethod
    def of(
        cls, name: str, what: str, ratio: Ratio, bound: Bound | None = None, note: str = ""
    ) -> Figure:
        """Make one of a ratio."""
        return cls(name, what, cpu=ratio.cpu, wall=ratio.wall, bound=bound, note=note)

    @property
    def bounded(self) -> float | None:
        """The number that the bound is about."""
        if self.bound is None:
            return None
        return {"cpu": self.cpu, "wall": self.wall, "value": self.value}[self.bound.of]

    @property
    def holds(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        if self.bound is None:
            return None
        found = self.bounded
        if found is None:
            return False
        return found >= self.bound.limit if self.bound.least else found <= self.bound.limit
