"""Leases of SQLite are measured with a clock that nobody can set."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from qpaykit import SQLiteStore


def set_clocks(
    monkeypatch: pytest.MonkeyPatch, *, wall: float = 0.0, monotonic: float = 0.0
) -> None:
    """Move the clocks of the store by so many seconds; event loops in this process keep theirs."""
    clocks = SimpleNamespace(
        time=lambda: time.time() + wall,
        monotonic=lambda: time.monotonic() + monotonic,
        sleep=time.sleep,
    )
    monkeypatch.setattr("qpaykit.stores.sqlite.time", clocks)


@pytest.mark.parametrize("step", [86_400.0, -86_400.0], ids=["forwards", "backwards"])
class TestAStepOfTheWallClock:
    def test_does_not_end_a_lease(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
    ) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        store.claim("k", "a", lease=60)
        set_clocks(monkeypatch, wall=step)
        assert SQLiteStore(tmp_path / "store.db").claim("k", "b", lease=60) == "held"

    def test_does_not_prolong_a_lease(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
    ) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        store.claim("k", "a", lease=0.05)
        set_clocks(monkeypatch, wall=step)
        time.sleep(0.06)
        assert SQLiteStore(tmp_path / "store.db").claim("k", "b", lease=60) == "claimed"


def test_a_lease_from_before_a_restart_of_the_machine_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SQLiteStore(tmp_path / "store.db").claim("k", "a", lease=60)
    set_clocks(monkeypatch, monotonic=-time.monotonic())
    assert SQLiteStore(tmp_path / "store.db").claim("k", "b", lease=60) == "claimed"


def test_what_was_done_before_a_restart_of_the_machine_stays_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    store.claim("k", "a", lease=60)
    store.complete("k", "a")
    set_clocks(monkeypatch, monotonic=-time.monotonic())
    assert SQLiteStore(tmp_path / "store.db").claim("k", "b", lease=60) == "done"
