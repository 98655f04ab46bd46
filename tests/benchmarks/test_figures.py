"""How figures are computed, judged and laid out."""

from __future__ import annotations

import pytest

from benchmarks.figures import Bound, Figure
from benchmarks.report import table
from benchmarks.timing import Ratio, Spent, interleaved, ratio, summed

pytestmark = pytest.mark.slow


def test_a_ratio_is_the_median_of_the_rounds_quotients() -> None:
    side = [Spent(cpu=1, wall=2), Spent(cpu=9, wall=9), Spent(cpu=3, wall=8)]
    by = [Spent(cpu=2, wall=2), Spent(cpu=1, wall=1), Spent(cpu=2, wall=4)]
    assert ratio(side, by) == Ratio(cpu=1.5, wall=2)


def test_a_batch_too_short_for_the_clock_does_not_look_cheap() -> None:
    assert ratio([Spent(1, 1)], [Spent(0, 0)]) == Ratio(float("inf"), float("inf"))


def test_sides_are_added_up_round_by_round() -> None:
    assert summed([Spent(1, 2), Spent(3, 4)], [Spent(10, 20), Spent(30, 40)]) == [
        Spent(11, 22),
        Spent(33, 44),
    ]


def test_sides_take_turns_and_each_goes_first_every_second_round() -> None:
    ran: list[str] = []
    interleaved({"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, rounds=3)
    assert "".join(ran) == "ababbaab"


def test_the_warming_up_does_not_count() -> None:
    assert len(interleaved({"a": lambda: None}, rounds=2)["a"]) == 2


@pytest.mark.parametrize(
    ("bound", "cpu", "holds"),
    [
        (Bound("cpu", 0.9), 0.9, True),
        (Bound("cpu", 0.9), 0.91, False),
        (Bound("cpu", 1.0, least=True), 1.0, True),
        (Bound("cpu", 1.0, least=True), 0.99, False),
        (Bound("wall", 1.0), 0.5, False),
    ],
    ids=["at most", "too much", "at least", "too little", "not measured"],
)
def test_a_bound_holds_or_not(bound: Bound, cpu: float, holds: bool) -> None:
    assert Figure("name", "what", cpu=cpu, bound=bound).holds is holds


def test_a_figure_without_a_bound_is_only_shown() -> None:
    assert Figure("name", "what", cpu=7).holds is None


def test_the_table_says_which_bound_is_broken() -> None:
    figures = [
        Figure("good", "what", cpu=0.5, bound=Bound("cpu", 0.9)),
        Figure("bad", "what", value=2, unit="logins", bound=Bound("value", 1)),
    ]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(figures).split("\n")]
    assert rows[2] == ["good", "what", "0.500", "", "", "cpu <= 0.9", "yes", ""]
    assert rows[3] == ["bad", "what", "", "", "2 logins", "value <= 1", "NO", ""]
