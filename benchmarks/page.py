"""Puts the table into the documentation's page, so that nobody copies figures by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.report import machine, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.figures import Figure

_PLACE = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- /figures -->)", re.DOTALL)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Replace what stands between the page's two marks by the table and the machine.

    Raises:
        ValueError: The page has no such marks.
    """
    page, places = _PLACE.subn(lambda _: _content(figures), path.read_text("utf-8"))
    if places != 1:
        raise ValueError(f"{path} has no place for the figures")
    path.write_text(page, "utf-8")


def _content(figures: Sequence[Figure]) -> str:
    found = machine()
    versions = found["versions"]
    parts = versions.items() if isinstance(versions, dict) else ()
    said = ", ".join(f"{name} {version}" for name, version in parts if version)
    described = f"{found['python']}, {found['system']}, {found['cpu']}, {found['cores']} cores"
    return f"\n{table(figures)}\n\nMeasured on {described}; {said}.\n"
