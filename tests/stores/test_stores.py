"""One specification for every store, sync and async."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from helpers.settings import SETTINGS
from helpers.store_processes import open_store, race
from qpaykit import (
    AsyncQPayClient,
    AsyncRedisStore,
    AsyncSQLAlchemyStore,
    AsyncSQLiteStore,
    ConfigurationError,
    MemoryStore,
    QPayClient,
    RedisStore,
    SQLiteStore,
    Store,
    stores,
)
from qpaykit.stores.adapters import for_async

DURABLE = ["sqlite", "redis", "postgres", "sqlalchemy-sqlite"]
# The tests of several processes are the slowest of the quick ones.
OF_PROCESSES = [
    *("sqlite", "redis"),
    *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("postgres", "sqlalchemy-sqlite")),
]
# The drivers of an AsyncSQLAlchemyStore, by the URL for a SQLAlchemyStore.
AWAITED = {"+psycopg:": "+asyncpg:", "sqlite:": "sqlite+aiosqlite:"}


class Awaited:
    """A sync face of an async store, so that one specification serves both."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def run(args: Any, kwargs: Any) -> Any:
            try:
                return await getattr(self._store, name)(*args, **kwargs)
            finally:
                # Redis's connections belong to the loop that opened them.
                if isinstance(self._store, AsyncRedisStore):
                    await self._store.aclose()

        return lambda *args, **kwargs: anyio.run(run, args, kwargs)


# The async client wraps what it is given, and the wrapper must pass everything on.
IN_A_CLIENT = ["memory in an async client", "async sqlite in an async client"]
KINDS = ["memory", *DURABLE, *(f"async {kind}" for kind in DURABLE), *IN_A_CLIENT]


def open_awaited(url: str) -> AsyncSQLAlchemyStore:
    """Open a store whose connections outlive no call, as its event loop does not."""
    for driver, awaited in AWAITED.items():
        url = url.replace(driver, awaited)
    return AsyncSQLAlchemyStore(create_async_engine(url, poolclass=NullPool), create_tables=True)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, store_url: Callable[[str], str]) -> Iterator[Store]:
    prefix = f"{uuid.uuid4()}:"
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "memory in an async client":
        yield Awaited(for_async(MemoryStore()))
    elif request.param == "sqlite":
        sqlite = SQLiteStore(store_url("sqlite"))
        yield sqlite
        sqlite.close()
    elif request.param == "redis":
        redis = RedisStore(store_url("redis"), prefix=prefix)
        yield redis
        redis.close()
    elif request.param in {"postgres", "sqlalchemy-sqlite"}:
        sqlalchemy = open_store(request.param, store_url(request.param))
        yield sqlalchemy
        sqlalchemy.close()
    elif request.param in {"async postgres", "async sqlalchemy-sqlite"}:
        yield Awaited(open_awaited(store_url(request.param.removeprefix("async "))))
    elif request.param in {"async sqlite", "async sqlite in an async client"}:
        async_sqlite = AsyncSQLiteStore(store_url("sqlite"))
        in_a_client = request.param.endswith("client")
        yield Awaited(for_async(async_sqlite) if in_a_client else async_sqlite)
        anyio.run(async_sqlite.aclose)
    else:
        yield Awaited(AsyncRedisStore(store_url("redis"), prefix=prefix))


def test_a_value_is_kept_changed_and_forgotten(store: Store) -> None:
    assert store.get("k") is None
    store.set("k", "а")
    assert store.get("k") == "а"
    store.set("k", "б", ttl=60)
    assert store.get("k") == "б"
    store.delete("k")
    store.delete("k")
    assert store.get("k") is None


def test_a_value_expires_after_its_ttl(store: Store) -> None:
    store.set("k", "v", ttl=0.5)
    assert store.get("k") == "v"
    ends = time.monotonic() + 5
    while store.get("k") is not None:
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_claim_has_one_owner(store: Store) -> None:
    assert store.claim("k", "a", lease=60) == "claimed"
    assert store.claim("k", "b", lease=60) == "held"
    assert store.claim("k", "a", lease=60) == "claimed"
    assert store.claim("other", "b", lease=60) == "claimed"


def test_a_completed_claim_is_done_for_all_and_for_good(store: Store) -> None:
    store.claim("k", "a", lease=0.1)
    assert store.complete("k", "a") is True
    time.sleep(0.15)
    assert store.claim("k", "a", lease=60) == "done"
    assert store.claim("k", "b", lease=60) == "done"
    store.release("k", "a")
    assert store.claim("k", "b", lease=60) == "done"


def test_a_released_claim_is_free(store: Store) -> None:
    store.claim("k", "a", lease=60)
    store.release("k", "a")
    assert store.claim("k", "b", lease=60) == "claimed"


def test_a_claim_is_free_after_its_lease_and_not_before(store: Store) -> None:
    store.claim("k", "a", lease=0.4)
    assert store.claim("k", "b", lease=60) == "held"
    time.sleep(0.45)
    assert store.claim("k", "b", lease=60) == "claimed"


def test_who_lost_a_claim_cannot_complete_or_release_it(store: Store) -> None:
    store.claim("k", "a", lease=0.05)
    time.sleep(0.1)
    store.claim("k", "b", lease=60)
    assert store.complete("k", "a") is False
    store.release("k", "a")
    assert store.claim("k", "c", lease=60) == "held"
    assert store.complete("k", "b") is True


def test_a_late_owner_whom_nobody_followed_may_still_complete(store: Store) -> None:
    store.claim("k", "a", lease=0.05)
    time.sleep(0.1)
    assert store.complete("k", "a") is True
    assert store.claim("k", "b", lease=60) == "done"


def test_what_nobody_claimed_can_be_released(store: Store) -> None:
    store.release("k", "a")
    assert store.claim("k", "b", lease=60) == "claimed"


@pytest.mark.parametrize("kind", ["memory", *DURABLE])
def test_of_many_threads_one_gets_the_claim(kind: str, store_url: Callable[[str], str]) -> None:
    store = MemoryStore() if kind == "memory" else open_store(kind, store_url(kind))
    for _ in range(5):
        key = str(uuid.uuid4())
        with ThreadPoolExecutor(32) as pool:
            states = list(
                pool.map(lambda n, key=key: store.claim(key, str(n), lease=60), range(32))
            )
        assert states.count("claimed") == 1
        assert states.count("held") == 31
    if not isinstance(store, MemoryStore):
        store.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", OF_PROCESSES)
def test_of_many_processes_one_gets_each_claim(kind: str, store_url: Callable[[str], str]) -> None:
    keys = [str(uuid.uuid4()) for _ in range(50)]
    place = store_url(kind)
    with get_context("spawn").Pool(4) as pool:
        won = pool.starmap(race, [(kind, place, keys, str(n)) for n in range(4)])
    assert sum(won) == 50


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[3])
from helpers.store_processes import open_store
store = open_store(sys.argv[1], sys.argv[2])
assert store.claim(sys.argv[4], "victim", lease=1.5) == "claimed"
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", OF_PROCESSES)
def test_the_claim_of_a_killed_process_is_free_after_its_lease(
    kind: str, store_url: Callable[[str], str]
) -> None:
    key, place = str(uuid.uuid4()), store_url(kind)
    tests = str(Path(__file__).parent.parent)
    command = [sys.executable, "-c", KILLED, kind, place, tests, key]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == -signal.SIGKILL, done.stderr
    store = open_store(kind, place)
    assert store.claim(key, "heir", lease=60) == "held"
    time.sleep(1.6)
    assert store.claim(key, "heir", lease=60) == "claimed"
    store.close()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("kind", OF_PROCESSES)
def test_a_store_serves_on_both_sides_of_a_fork(kind: str, store_url: Callable[[str], str]) -> None:
    store = open_store(kind, store_url(kind))
    parent, child = str(uuid.uuid4()), str(uuid.uuid4())
    store.claim(parent, "a", lease=60)
    code = (
        "import os\n"
        "pid = os.fork()\n"
        "state = store.claim(child if pid == 0 else parent, 'b', lease=60)\n"
        "if pid == 0: os._exit(0 if state == 'claimed' else 1)\n"
        "assert state == 'held', state\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0\n"
        "assert store.claim(child, 'c', lease=60) == 'held'\n"
    )
    script = (
        "import sys; sys.path.insert(0, sys.argv[3])\n"
        "from helpers.store_processes import open_store\n"
        "store = open_store(sys.argv[1], sys.argv[2])\n"
        "parent, child = sys.argv[4], sys.argv[5]\n" + code
    )
    tests = str(Path(__file__).parent.parent)
    command = [sys.executable, "-c", script, kind, store_url(kind), tests, parent, child]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr
    store.close()


class TestSQLite:
    """What is SQLite's own."""

    def test_its_files_are_readable_by_their_owner_alone(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            store = SQLiteStore(tmp_path / "store.db")
            store.set("token", "secret")
        finally:
            os.umask(old)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        store.close()
        assert modes
        assert set(modes.values()) == {0o600}, modes

    def test_a_file_that_is_there_already_is_closed_to_others(self, tmp_path: Path) -> None:
        path = tmp_path / "store.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE older (id INTEGER)")
            for name in ("store.db", "store.db-wal", "store.db-shm"):
                (tmp_path / name).chmod(0o644)
            SQLiteStore(path).close()
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
        assert set(modes.values()) == {0o600}, modes

    def test_a_file_behind_a_link_is_closed_to_others(self, tmp_path: Path) -> None:
        path = tmp_path / "real.db"
        (tmp_path / "store.db").symlink_to(path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE older (id INTEGER)")
            for name in ("real.db", "real.db-wal", "real.db-shm"):
                (tmp_path / name).chmod(0o644)
            SQLiteStore(tmp_path / "store.db").close()
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
        assert set(modes.values()) == {0o600}, modes

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
    def test_what_is_no_regular_file_is_refused_and_keeps_its_mode(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        pipe.chmod(0o644)
        with pytest.raises(ConfigurationError, match="no regular file"):
            SQLiteStore(pipe)
        assert stat.S_IMODE(pipe.stat().st_mode) == 0o644

    def test_a_folder_that_is_missing_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="folder"):
            SQLiteStore(tmp_path / "missing" / "store.db")

    def test_a_file_that_is_no_database_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "store.db").write_text("this is not a database, and long enough to tell")
        with pytest.raises(ConfigurationError, match=r"store\.db"):
            SQLiteStore(tmp_path / "store.db")

    def test_old_deliveries_are_pruned_and_young_ones_kept(self, tmp_path: Path) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        for key in ("old", "young", "open"):
            store.claim(key, "a", lease=60)
        store.complete("old", "a")
        time.sleep(0.2)
        store.complete("young", "a")
        assert store.prune(older_than=0.1) == 1
        states = [store.claim(key, "b", lease=60) for key in ("old", "young", "open")]
        assert states == ["claimed", "done", "held"]
        store.close()

    def test_it_is_reopened_with_what_it_knew(self, tmp_path: Path) -> None:
        for expected in (None, "v"):
            store = SQLiteStore(tmp_path / "store.db")
            assert store.get("k") == expected
            store.set("k", "v")
            store.close()

    def test_its_repr_shows_the_path_and_nothing_stored(self, tmp_path: Path) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        store.set("token", "secret")
        assert "store.db" in repr(store)
        assert "secret" not in repr(store) + repr(vars(store))
        store.close()


class TestRedis:
    """What is Redis's own."""

    def test_its_repr_hides_the_password(self) -> None:
        store = RedisStore("redis://user:s3cr3t@127.0.0.1:1/0")
        assert "s3cr3t" not in repr(store)
        assert "127.0.0.1:1" in repr(store)

    def test_a_delivery_is_kept_as_long_as_asked(self, redis_url: str) -> None:
        store = RedisStore(redis_url, prefix=f"{uuid.uuid4()}:", keep=0.1)
        store.claim("k", "a", lease=60)
        store.complete("k", "a")
        assert store.claim("k", "b", lease=60) == "done"
        time.sleep(0.15)
        assert store.claim("k", "b", lease=60) == "claimed"
        store.close()


def test_a_store_that_must_be_awaited_is_refused_by_the_sync_client(tmp_path: Path) -> None:
    store: Any = AsyncSQLiteStore(tmp_path / "store.db")
    with pytest.raises(ConfigurationError, match="AsyncQPayClient"):
        QPayClient(**SETTINGS, store=store)
    anyio.run(store.aclose)


@pytest.mark.parametrize("kind", [QPayClient, AsyncQPayClient])
@pytest.mark.parametrize("lacks", ["get", "deliveries"])
def test_what_lacks_a_method_is_no_store_and_is_told_which(kind: Any, lacks: str) -> None:
    class Lacking(MemoryStore):
        pass

    setattr(Lacking, lacks, None)
    with pytest.raises(ConfigurationError, match=f"Lacking has no {lacks}$"):
        kind(**SETTINGS, store=Lacking())


def test_the_async_client_takes_a_store_that_blocks(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    assert AsyncQPayClient(**SETTINGS, store=store).store is store
    store.close()


class Noting(MemoryStore):
    """A store that notes in which thread it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def get(self, key: str) -> str | None:
        self.threads.add(threading.get_ident())
        return super().get(key)


class Blocking(Noting):
    blocking = True


class Unsaid:
    """A store that does not say whether it blocks."""

    def __init__(self) -> None:
        self._store = Noting()
        self.threads = self._store.threads

    def __getattr__(self, name: str) -> Any:
        if name == "blocking":
            raise AttributeError(name)
        return getattr(self._store, name)


@pytest.mark.parametrize(("kind", "here"), [(Noting, True), (Blocking, False), (Unsaid, False)])
def test_a_store_that_may_block_is_called_in_a_thread_of_its_own(kind: Any, here: bool) -> None:
    store = kind()
    anyio.run(for_async(store).get, "k")
    assert (store.threads == {threading.get_ident()}) is here


def test_a_store_is_found_by_its_name() -> None:
    found = [getattr(stores, kind.__name__) for kind in (RedisStore, AsyncRedisStore)]
    assert found == [RedisStore, AsyncRedisStore]
    found = [getattr(stores, kind.__name__) for kind in (SQLiteStore, AsyncSQLiteStore)]
    assert found == [SQLiteStore, AsyncSQLiteStore]
    with pytest.raises(AttributeError, match=r"qpaykit\.stores.*'MySQLStore'"):
        stores.MySQLStore  # noqa: B018
