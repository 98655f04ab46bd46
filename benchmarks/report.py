"""The table for people, and the JSON for machines."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.other_sdks import OTHER_SDKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.figures import Figure

_HEAD = ("measurement", "what", "CPU", "wall", "count", "bound", "holds", "note")
_PARTS = ("qpaykit", "httpx", "httpcore", "h11", "anyio", "pydantic", "pydantic-core", "tenacity")


def table(figures: Sequence[Figure]) -> str:
    """Lay the figures out as a table in Markdown."""
    rows = [_HEAD, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, _line(tuple("-" * width for width in widths), widths))
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        figure.what,
        _number(figure.cpu),
        _number(figure.wall),
        _count(figure),
        "" if figure.bound is None else str(figure.bound),
        {None: "", True: "yes", False: "NO"}[figure.holds],
        figure.note,
    )


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.3f}"


def _count(figure: Figure) -> str:
    if figure.value is None:
        return ""
    whole = float(figure.value).is_integer()
    return (
        f"{figure.value:,.0f} {figure.unit}".rstrip()
        if whole
        else (f"{figure.value:,.2f} {figure.unit}".rstrip())
    )


def machine() -> dict[str, object]:
    """Describe what the figures were measured on."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "versions": {name: _version(name) for name in (*_PARTS, *OTHER_SDKS, "redis")},
    }


def as_json(figures: Sequence[Figure]) -> dict[str, object]:
    """Give everything that was found."""
    return {
        "machine": machine(),
        "figures": [
            {
                **asdict(figure),
                "bound": None if figure.bound is None else str(figure.bound),
                "holds": figure.holds,
            }
            for figure in figures
        ],
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"
