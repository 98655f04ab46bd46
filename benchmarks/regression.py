"""Finds ratios that have become worse than the recorded ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from benchmarks.figures import Figure

RECORDED = Path(__file__).parent / "recorded.json"
MARGIN = 1.15
ATTEMPTS = 3


class Guard:
    """Keeps the best that was found of each ratio, and holds it against the recorded one.

    A noisy machine makes a ratio worse by chance, hardly ever better: the best of a few
    medians is what the code can do.
    """

    def __init__(self, recorded: Mapping[str, float]) -> None:
        self._recorded = recorded
        self.best: dict[str, float] = {}

    def see(self, figures: Iterable[Figure]) -> list[str]:
        """Take new figures in; return the sentences about those of them that regressed."""
        names = []
        for figure in figures:
            if figure.cpu is not None and figure.name in self._recorded:
                names.append(figure.name)
                self.best[figure.name] = min(figure.cpu, self.best.get(figure.name, figure.cpu))
        return [self._sentence(name) for name in names if self._worse(name)]

    @property
    def regressions(self) -> list[str]:
        """What is still beyond the margin, and what was recorded and not measured."""
        missing = [f"{name} was not measured" for name in self._recorded if name not in self.best]
        return missing + [self._sentence(name) for name in self.best if self._worse(name)]

    def _worse(self, name: str) -> bool:
        return self.best[name] > self._recorded[name] * MARGIN

    def _sentence(self, name: str) -> str:
        best, recorded = self.best[name], self._recorded[name]
        return f"{name}: {best:.3f} is beyond {MARGIN} times the recorded {recorded:.3f}"


def measured(guard: Guard, measure: Callable[[], Sequence[Figure]]) -> Sequence[Figure]:
    """Measure, and again up to twice where that looks like a regression."""
    figures = measure()
    complaints = guard.see(figures)
    for _ in range(ATTEMPTS - 1):
        if not complaints:
            break
        figures = measure()
        complaints = guard.see(figures)
    return figures


def ratios(figures: Iterable[Figure]) -> dict[str, float]:
    """Choose what is worth recording: the ratios that a bound is about."""
    return {
        figure.name: round(figure.cpu, 3)
        for figure in figures
        if figure.cpu is not None and figure.bound is not None
    }


def record(figures: Iterable[Figure], path: Path = RECORDED) -> None:
    """Write the ratios down, with the Python that they were found on."""
    content = {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "ratios": ratios(figures),
    }
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def recorded(path: Path = RECORDED) -> dict[str, float]:
    """Read the recorded ratios."""
    content: dict[str, dict[str, float]] = json.loads(path.read_text("utf-8"))
    return content["ratios"]
