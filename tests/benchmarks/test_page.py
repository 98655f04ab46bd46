"""The documentation's page gets its figures from the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.figures import Figure

pytestmark = pytest.mark.slow

PERFORMANCE = Path(__file__).parents[2] / "docs" / "performance.md"
FIGURES = [Figure("calls/check", "qpaykit / httpx", cpu=0.5)]


def test_new_figures_take_the_place_of_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("Before.\n\n<!-- figures -->\nstale\n<!-- /figures -->\n\nAfter.\n", "utf-8")
    page.write(FIGURES, path)
    written = path.read_text("utf-8")
    assert written.startswith("Before.\n")
    assert written.endswith("\nAfter.\n")
    assert "| calls/check" in written
    assert "stale" not in written


def test_can_be_written_again(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("<!-- figures -->\nstale\n<!-- /figures -->\n", "utf-8")
    page.write(FIGURES, path)
    once = path.read_text("utf-8")
    page.write(FIGURES, path)
    assert path.read_text("utf-8") == once


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("Text.\n", "utf-8")
    with pytest.raises(ValueError, match="no place for the figures"):
        page.write(FIGURES, path)


def test_the_page_on_performance_has_the_place(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(PERFORMANCE.read_text("utf-8"), "utf-8")
    page.write(FIGURES, path)
    assert "| calls/check" in path.read_text("utf-8")
