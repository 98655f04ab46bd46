"""What SQLite's store does in threads, processes and accidents; the rest is in test_stores.py."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import anyio
import pytest

from helpers.store_processes import race
from qpaykit import AsyncSQLiteStore, ConfigurationError, SQLiteStore
from qpaykit.stores.adapters import Threaded

TESTS = str(Path(__file__).parent.parent)


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.path.insert(0, sys.argv[1])\n" + script
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, TESTS, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
    )


def test_of_sixty_four_threads_on_two_stores_of_one_file_one_gets_the_claim(
    tmp_path: Path,
) -> None:
    stores = [SQLiteStore(tmp_path / "store.db") for _ in range(2)]
    gate = threading.Barrier(64)

    def claim(n: int) -> str:
        gate.wait(30)
        return stores[n % 2].claim("k", str(n), lease=60)

    with ThreadPoolExecutor(64) as pool:
        states = list(pool.map(claim, range(64)))
    for store in stores:
        store.close()
    assert states.count("claimed") == 1
    assert states.count("held") == 63


@pytest.mark.nightly
def test_of_eight_processes_one_gets_each_claim(tmp_path: Path) -> None:
    keys = [f"k{n}" for n in range(25)]
    place = str(tmp_path / "store.db")
    with get_context("spawn").Pool(8) as pool:
        won = pool.starmap(race, [("sqlite", place, keys, str(n)) for n in range(8)], chunksize=1)
    assert sum(won) == len(keys)


def test_two_stores_of_one_file_see_each_others_values_and_claims(tmp_path: Path) -> None:
    one, other = SQLiteStore(tmp_path / "store.db"), SQLiteStore(tmp_path / "store.db")
    one.set("k", "v")
    one.claim("c", "a", lease=60)
    assert other.get("k") == "v"
    assert other.claim("c", "b", lease=60) == "held"
    assert one.complete("c", "a") is True
    assert other.claim("c", "b", lease=60) == "done"
    one.close()
    other.close()


def test_a_wait_for_the_file_is_not_taken_off_the_lease(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    with closing(
        sqlite3.connect(tmp_path / "store.db", isolation_level=None, check_same_thread=False)
    ) as busy:
        busy.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.8, busy.execute, ["COMMIT"])
        timer.start()
        assert store.claim("k", "a", lease=0.5) == "claimed"
        timer.join()
    assert store.claim("k", "b", lease=0.5) == "held"
    store.close()


def test_a_new_file_that_another_holds_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as busy:
        busy.execute("CREATE TABLE older (id INTEGER)")
        busy.execute("BEGIN EXCLUSIVE")
        timer = threading.Timer(0.3, busy.execute, ["COMMIT"])
        timer.start()
        store = SQLiteStore(path)
        timer.join()
    store.set("k", "v")
    assert store.get("k") == "v"
    store.close()


def test_a_new_file_that_another_never_gives_back_is_an_error_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpaykit.stores.sqlite.BUSY_TIMEOUT_SECONDS", 0.1)
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as busy:
        busy.execute("CREATE TABLE older (id INTEGER)")
        busy.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        with pytest.raises(ConfigurationError, match=r"store\.db.*locked"):
            SQLiteStore(path)
        assert 0.1 <= time.monotonic() - started < 5


KILLED_AT_WORK = """
from helpers.store_processes import open_store
store = open_store("sqlite", sys.argv[2])
for n in range(10**9):
    key = f"{sys.argv[3]}:{n}"
    store.claim(key, "victim", lease=60)
    if n % 2:
        assert store.complete(key, "victim")
        print(key, flush=True)
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_the_work_leaves_the_file_sound(tmp_path: Path) -> None:
    place = tmp_path / "store.db"
    completed: list[str] = []
    for turn in range(3):
        code = "import sys; sys.path.insert(0, sys.argv[1])\n" + KILLED_AT_WORK
        with subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", code, TESTS, str(place), str(turn)],
            stdout=subprocess.PIPE,
            text=True,
        ) as victim:
            assert victim.stdout is not None
            first = victim.stdout.readline()
            time.sleep(0.05 + 0.03 * turn)
            victim.send_signal(signal.SIGKILL)
            completed += [first, *victim.stdout.read().splitlines(keepends=True)]
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store = SQLiteStore(place)
    # The last line of a killed process may be cut off.
    keys = [line.strip() for line in completed if line.endswith("\n")]
    assert len(keys) >= 3
    assert {store.claim(key, "heir", lease=60) for key in keys} == {"done"}
    assert store.claim("new", "heir", lease=60) == "claimed"
    store.close()


FORKED = """
import os, sqlite3
closed = []
class Watched(sqlite3.Connection):
    def close(self):
        closed.append(self)
        super().close()
connect = sqlite3.connect
sqlite3.connect = lambda *args, **kwargs: connect(*args, **kwargs, factory=Watched)
from helpers.store_processes import open_store
store = open_store("sqlite", sys.argv[2])
store.set("token", "of the parent")
pid = os.fork()
if pid == 0:
    store.close()
    untouched = not closed
    seen = store.get("token")
    store.set("token", "of the child")
    store.close()
    os._exit(0 if untouched and len(closed) == 1 and seen == "of the parent" else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert store.get("token") == "of the child"
store.close()
assert len(closed) == 1
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_never_touches_the_connections_of_its_parent(tmp_path: Path) -> None:
    done = run(FORKED, tmp_path / "store.db")
    assert done.returncode == 0, done.stderr


def test_calls_one_after_another_share_a_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def counted(path: str, **options: Any) -> sqlite3.Connection:
        opened.append(path)
        return connect(path, **options)

    monkeypatch.setattr(sqlite3, "connect", counted)
    store = SQLiteStore(tmp_path / "store.db")
    for n in range(5):
        store.set("k", str(n))
        assert store.get("k") == str(n)
    store.close()
    assert len(opened) == 1


def test_a_relative_path_stays_where_it_was_when_the_process_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore("store.db")
    store.set("k", "v")
    store.close()
    monkeypatch.chdir("elsewhere")
    assert store.get("k") == "v"
    store.close()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_sqlites_name_for_memory_is_refused_because_each_thread_would_have_its_own() -> None:
    with pytest.raises(ConfigurationError, match="MemoryStore"):
        SQLiteStore(":memory:")


def test_the_async_store_is_pruned_too(tmp_path: Path) -> None:
    async def main() -> None:
        store = AsyncSQLiteStore(tmp_path / "store.db")
        await store.claim("old", "a", lease=60)
        await store.complete("old", "a")
        assert await store.prune(older_than=3600) == 0
        assert await store.prune(older_than=-1) == 1
        await store.aclose()

    anyio.run(main)


def test_expired_and_old_values_are_pruned(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    store.set("dead", "v", ttl=0.01)
    store.set("live", "v", ttl=60)
    store.set("for good", "v")
    time.sleep(0.05)
    store.prune(older_than=3600)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        keys = connection.execute("SELECT key FROM qpaykit_values ORDER BY key").fetchall()
        assert keys == [("for good",), ("live",)]
        store.prune(older_than=0.01)
        keys = connection.execute("SELECT key FROM qpaykit_values").fetchall()
        assert keys == [("live",)]
    store.close()


def test_a_claim_is_found_by_its_key_however_many_are_done(tmp_path: Path) -> None:
    SQLiteStore(tmp_path / "store.db").close()
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT done FROM qpaykit_claims WHERE key = 'k'"
        ).fetchone()
    assert "SEARCH" in plan[3]
    assert "PRIMARY KEY" in plan[3]


def test_a_claim_that_is_cancelled_in_its_thread_is_still_answered(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    states: list[str] = []

    async def scenario() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            states.append(await Threaded(store).claim("k", "a", lease=60))

    anyio.run(scenario)
    assert states == ["claimed"]
    store.close()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_store_releases_in_spite_of_cancellation(tmp_path: Path, backend: str) -> None:
    async def scenario() -> str:
        store = AsyncSQLiteStore(tmp_path / "store.db")
        await store.claim("k", "a", lease=60)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await store.release("k", "a")
        state = await store.claim("k", "b", lease=60)
        await store.aclose()
        return state

    assert anyio.run(scenario, backend=backend) == "claimed"


def test_the_event_loop_goes_on_while_the_file_is_busy(tmp_path: Path) -> None:
    async def scenario() -> int:
        store, ticks = AsyncSQLiteStore(tmp_path / "store.db"), 0
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as busy:
            busy.execute("BEGIN IMMEDIATE")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: store.set("k", "v"))
                for _ in range(10):
                    await anyio.sleep(0.02)
                    ticks += 1
                busy.execute("COMMIT")
        assert await store.get("k") == "v"
        await store.aclose()
        return ticks

    assert anyio.run(scenario) == 10
