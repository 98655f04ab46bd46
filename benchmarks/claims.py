"""Stores: a claim against the bare statement that does the same, and against a full table."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Bound, Figure
from benchmarks.redis_server import PROGRAM, redis_server
from benchmarks.timing import clocked, interleaved, often, ratio
from qpaykit import RedisStore, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.plan import Plan
    from benchmarks.timing import Spent

_LEASE = 120.0
_ACCOUNT = "0123456789abcdef0123456789abcdef"
_OWNER = "f" * 32
_THOUSAND = 1_000
_GROWTH_ROUNDS = 7
# Spreads the keys of new deliveries over the whole table, as QPay's own ids are spread.
_STRIDE = 7_919_777


def _key(number: int) -> str:
    return f"delivered:{_ACCOUNT}:PAID:{number * _STRIDE % 10**15:015d}"


def sqlite_claims(plan: Plan) -> Iterator[Figure]:
    """Time claims in a file against `INSERT OR IGNORE` with the same pragmas."""
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "store.db")
        bare = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        with closing(store), closing(bare):
            bare.execute("PRAGMA journal_mode = WAL")
            bare.execute("PRAGMA synchronous = FULL")
            bare.execute(
                "CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT, until REAL) WITHOUT ROWID"
            )

            def insert(key: str) -> None:
                bare.execute(
                    "INSERT OR IGNORE INTO claims VALUES (?, ?, ?)",
                    (key, _OWNER, time.time() + _LEASE),
                )

            yield _claims("sqlite", "INSERT OR IGNORE", _claimer(store), insert, plan)


def redis_claims(plan: Plan) -> Iterator[Figure]:
    """Time claims in Redis against `SET NX`, both over one connection."""
    if PROGRAM is None:
        yield Figure(
            "stores/redis", "RedisStore.claim / SET NX", note="redis-server is not installed"
        )
        return
    from redis import Redis

    with (
        redis_server(PROGRAM) as port,
        closing(Redis(port=port, decode_responses=True)) as bare,
        closing(Redis(port=port, decode_responses=True)) as given,
    ):
        store = RedisStore(client=given)

        def insert(key: str) -> None:
            bare.set(f"bare:{key}", _OWNER, nx=True, px=int(_LEASE * 1000))

        yield _claims("redis", "SET NX", _claimer(store), insert, plan)


def growth(plan: Plan) -> Iterator[Figure]:
    """Time claim and completion in a full table against those of an empty one's first thousand."""
    full_spent: list[Spent] = []
    empty_spent: list[Spent] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "full.db"
        filled = _filled(path, plan.delivered)
        numbers = itertools.count(plan.delivered)
        with closing(SQLiteStore(path)) as full:
            _warm(full)
            for turn in range(_GROWTH_ROUNDS):
                with closing(SQLiteStore(Path(folder) / f"empty-{turn}.db")) as empty:
                    _warm(empty)
                    keys = [_key(next(numbers)) for _ in range(_THOUSAND)]
                    sides = [(full, full_spent), (empty, empty_spent)]
                    for store, spent in sides if turn % 2 else reversed(sides):
                        spent.append(clocked(partial(_deliver, store, keys)))
            yield Figure.of(
                "growth/sqlite",
                f"claim and complete after {plan.delivered:,} / among the first thousand",
                ratio(full_spent, empty_spent),
                Bound("cpu", 1.2),
                f"filled in {filled:.0f} s",
            )
            started = time.perf_counter()
            pruned = full.prune(older_than=0)
            yield Figure(
                "growth/prune",
                "old deliveries forgotten by SQLiteStore.prune",
                value=pruned,
                note=f"in {time.perf_counter() - started:.1f} s",
            )


def _filled(path: Path, delivered: int) -> float:
    started = time.perf_counter()
    SQLiteStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        done = time.time() - 86_400
        keys = sorted(_key(number) for number in range(delivered))
        rows = ((key, _OWNER, done, done + place / 1000) for place, key in enumerate(keys))
        connection.executemany(
            "INSERT INTO qpaykit_claims (key, owner, until, done) VALUES (?, ?, ?, ?)", rows
        )
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return time.perf_counter() - started


def _warm(store: SQLiteStore) -> None:
    # The first writes make the log's file longer; after a checkpoint they go into what is there.
    for number in range(_THOUSAND):
        store.set("warm", str(number))


def _deliver(store: SQLiteStore, keys: list[str]) -> None:
    for key in keys:
        if store.claim(key, _OWNER, lease=_LEASE) != "claimed" or not store.complete(key, _OWNER):
            raise RuntimeError(f"{key} was delivered before")


def _claimer(store: SQLiteStore | RedisStore) -> Callable[[str], None]:
    def claim(key: str) -> None:
        if store.claim(key, _OWNER, lease=_LEASE) != "claimed":
            raise RuntimeError(f"{key} was claimed before")

    return claim


def _claims(
    name: str, bare: str, claim: Callable[[str], None], insert: Callable[[str], None], plan: Plan
) -> Figure:
    numbers = itertools.count()
    spent = interleaved(
        {
            "store": often(plan.calls, lambda: claim(_key(next(numbers)))),
            "bare": often(plan.calls, lambda: insert(_key(next(numbers)))),
        },
        rounds=plan.rounds,
    )
    speed = plan.calls / min(one.wall for one in spent["store"])
    what = f"{name} claim / {bare}"
    found = ratio(spent["store"], spent["bare"])
    return Figure.of(f"stores/{name}", what, found, note=f"{speed:,.0f} claims a second")
