"""A regression is seen, and a noisy moment is not taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import regression
from benchmarks.figures import Bound, Figure
from benchmarks.measurements import MEASUREMENTS, SHORT_FORM
from benchmarks.regression import Guard, measured

pytestmark = pytest.mark.slow


def figure(cpu: float, name: str = "call") -> Figure:
    return Figure(name, "qpaykit / httpx", cpu=cpu, bound=Bound("cpu", 0.9))


@pytest.mark.parametrize("cpu", [0.5, 1.0, 1.15])
def test_a_ratio_within_the_margin_passes(cpu: float) -> None:
    guard = Guard({"call": 1.0})
    guard.see([figure(cpu)])
    assert guard.regressions == []


def test_a_ratio_beyond_the_margin_fails_and_is_named() -> None:
    guard = Guard({"call": 1.0})
    guard.see([figure(1.16)])
    assert guard.regressions == ["call: 1.160 is beyond 1.15 times the recorded 1.000"]


def test_a_recorded_ratio_that_is_no_longer_measured_fails() -> None:
    guard = Guard({"call": 1.0, "gone": 1.0})
    guard.see([figure(1.0)])
    assert guard.regressions == ["gone was not measured"]


def test_a_noisy_measurement_is_repeated_and_its_best_counts() -> None:
    guard = Guard({"call": 1.0})
    found = [1.3, 1.1, 0.9]
    measured(guard, lambda: [figure(found.pop(0))])
    assert found == [0.9]
    assert guard.regressions == []


def test_a_lasting_regression_fails_after_three_measurements() -> None:
    guard = Guard({"call": 1.0})
    found = [1.3, 1.2, 1.4, 1.0]
    measured(guard, lambda: [figure(found.pop(0))])
    assert found == [1.0]
    assert guard.regressions == ["call: 1.200 is beyond 1.15 times the recorded 1.000"]


def test_two_ratios_may_have_their_best_in_different_repetitions() -> None:
    guard = Guard({"a": 1.0, "b": 1.0})
    turns = [(1.3, 1.0), (1.0, 1.3)]

    def measure() -> list[Figure]:
        a, b = turns.pop(0)
        return [figure(a, "a"), figure(b, "b")]

    measured(guard, measure)
    assert guard.regressions == []


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    shown = Figure("shown", "what", cpu=3.0)
    regression.record([figure(0.8765), shown], path)
    assert regression.recorded(path) == {"call": 0.876}


def test_the_short_form_is_made_of_measurements_that_exist() -> None:
    assert set(SHORT_FORM) < set(MEASUREMENTS)
