"""Leases of SQLite are measured with a clock that nobody can set."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from qpaykit import SQLiteStore

REAL_TIME = time.time
REAL_MONOTONIC = time.monotonic


@pytest.mark.parametrize("step", [86_400.0, -86_400.0], ids=["forwards", "backwards"])
class TestAStepOfTheWallClock:
    def test_does_not_end_a_lease(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
    ) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        store.claim("k", "a", lease=60)
        monkeypatch.setattr(time, "time", lambda: REAL_TIME() + step)
        assert SQLiteStore(tmp_path / "store.db").claim("k", "b", lease=60) == "held"

    def test_does_not_prolong_a_lease(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
    ) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        store.claim("k", "a", lease=0.05)
        monkeypatch.setattr(time, "time", lambda: REAL_TIME() + step)
        time.sleep(0.06)
        assert SQLiteStore(tmp_path / "store.db").claim("k", "b", lease=60) == "claimed"


def test_a_lease_from_before_a_restart_of_the_machine_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SQLiteStore(tmp_path / "store.db").claim("k", "a", lease=60)
    started = REAL_MONOTONIC()
    monkeypatch.setattr(time, "monotonic", lambda: REAL_MONOTONIC() - started)
    assert SQLiteStore(tmp_path / "store.db").claim("k", "b", lease=60) == "claimed"


def test_what_was_done_before_a_restart_of_the_machine_stays_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    store.claim("k", "a", lease=60)
    store.complete("k", "a")
    started = REAL_MONOTONIC()
    monkeypatch.setattr(time, "monotonic", lambda: REAL_MONOTONIC() - started)
    assert SQLiteStore(tmp_path / "store.db").claim("k", "b", lease=60) == "done"
