"""A store in a SQLite file: for several processes on one machine."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from qpaykit._local_time import aware
from qpaykit.errors import ConfigurationError
from qpaykit.stores.adapters import Threaded, in_thread
from qpaykit.stores.delivery import Delivery
from qpaykit.stores.protocol import ClaimState

_SCHEMA = """
CREATE TABLE IF NOT EXISTS qpaykit_values (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, until REAL, written REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS qpaykit_claims (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL, done REAL, delivery TEXT, since REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS qpaykit_claims_done ON qpaykit_claims (done) WHERE done IS NOT NULL;
"""
# Columns that files of the first edition lack.
_ADDED = (
    ("qpaykit_values", "written", "REAL"),
    ("qpaykit_claims", "delivery", "TEXT"),
    ("qpaykit_claims", "since", "REAL"),
)
# A lease is taken over only when it has expired, or is the owner's own. This is one statement, so
# that reading and writing are atomic. The clock is read inside it, when the write lock is held: a
# wait for the lock must not shorten the lease. Leases use the machine's monotonic clock, which its
# processes share and which cannot be set. A lease that began in its future is from before a restart
# of the machine. Leases in files of the first edition have no `since`, and use the wall clock.
_CLAIM = """
INSERT INTO qpaykit_claims (key, owner, since, until)
VALUES (:key, :owner, qpaykit_now(), qpaykit_now() + :lease)
ON CONFLICT (key) DO UPDATE
SET owner = excluded.owner, since = excluded.since, until = excluded.until
WHERE done IS NULL AND (
    until <= CASE WHEN since IS NULL THEN qpaykit_wall_clock() ELSE qpaykit_now() END
    OR since > qpaykit_now() OR owner = excluded.owner
)
"""
BUSY_TIMEOUT_SECONDS = 30.0
_PAGE_ROWS = 500
_OWNER_ONLY_MODE = 0o600
_OTHERS_MODE_MASK = 0o077


class SQLiteStore:
    """Keeps the token and the delivered callbacks in a file, for the processes of one machine.

    It is safe over threads and processes, over forks, and when a process is killed. The file
    is readable by its owner only. It contains the token, which gives access to the account for a
    day, and never the password.

    Args:
        path: The file; its folder must exist. A relative path is resolved when the store is made.

    Raises:
        ConfigurationError: The folder does not exist, or the file cannot be used.
    """

    blocking = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if os.fspath(path) == ":memory:":
            # Every connection would have its own database.
            raise ConfigurationError("SQLiteStore needs a file: for memory, use MemoryStore()")
        self._path = Path(path).absolute()
        self._idle: deque[sqlite3.Connection] = deque()
        self._pid = os.getpid()
        if not self._path.parent.is_dir():
            raise ConfigurationError(f"the folder of {self._path} does not exist: make it first")
        try:
            # SQLite gives its other files the mode of this one.
            _restrict_to_owner(self._path)
            with self._connection() as connection:
                connection.executescript(_SCHEMA)
                _migrate(connection)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"{self._path} cannot be used as a store: {error}") from None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._path)!r})"

    def get(self, key: str) -> str | None:
        """Return the value of `key`, or None where there is none or it has expired."""
        with self._connection() as connection:
            row: tuple[str] | None = connection.execute(
                "SELECT value FROM qpaykit_values WHERE key = ? AND (until IS NULL OR until > ?)",
                (key, time.time()),
            ).fetchone()
        return None if row is None else row[0]

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep `value` under `key`, for `ttl` seconds or without a limit."""
        until = None if ttl is None else time.time() + ttl
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO qpaykit_values (key, value, until, written) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until,"
                " written = excluded.written",
                (key, value, until, time.time()),
            )

    def delete(self, key: str) -> None:
        """Delete the value of `key`, if there is one."""
        with self._connection() as connection:
            connection.execute("DELETE FROM qpaykit_values WHERE key = ?", (key,))

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """Try to become the owner of `key` for `lease` seconds; see `Store.claim`."""
        with self._connection() as connection:
            claimed = connection.execute(_CLAIM, {"key": key, "owner": owner, "lease": lease})
            if claimed.rowcount:
                return "claimed"
            row: tuple[float | None] | None = connection.execute(
                "SELECT done FROM qpaykit_claims WHERE key = ?", (key,)
            ).fetchone()
        return "done" if row is not None and row[0] is not None else "held"

    def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        """Mark `key` as done, if `owner` still holds it; return whether it did."""
        record, at = None, time.time()
        if delivery is not None:
            record, at = delivery.to_json(), delivery.delivered_at.timestamp()
        with self._connection() as connection:
            done = connection.execute(
                "UPDATE qpaykit_claims SET done = ?, delivery = ?"
                " WHERE key = ? AND owner = ? AND done IS NULL",
                (at, record, key, owner),
            )
            return done.rowcount == 1

    def release(self, key: str, owner: str) -> None:
        """Release `key`, if `owner` still holds it."""
        with self._connection() as connection:
            connection.execute(
                "DELETE FROM qpaykit_claims WHERE key = ? AND owner = ? AND done IS NULL",
                (key, owner),
            )

    def delivery(self, key: str) -> Delivery | None:
        """Return the record of the delivery `key`, or None where there is none."""
        with self._connection() as connection:
            row: tuple[str | None] | None = connection.execute(
                "SELECT delivery FROM qpaykit_claims WHERE key = ? AND done IS NOT NULL", (key,)
            ).fetchone()
        return None if row is None else Delivery.from_json(row[0])

    def deliveries(self, since: datetime | None = None) -> Iterator[Delivery]:
        """Iterate over the records of deliveries, oldest first; see `Store.deliveries`."""
        first = None if since is None else aware(since)
        last = (0.0 if first is None else first.timestamp(), "")
        while rows := self._page(*last):
            for done, key, record in rows:
                last = (done, key)
                delivery = Delivery.from_json(record)
                # Earlier versions kept the time of the record, which is a moment later.
                if delivery is not None and (first is None or delivery.delivered_at >= first):
                    yield delivery

    def _page(self, done: float, key: str) -> list[tuple[float, str, str | None]]:
        with self._connection() as connection:
            return connection.execute(
                "SELECT done, key, delivery FROM qpaykit_claims"
                " WHERE done IS NOT NULL AND (done, key) > (?, ?) ORDER BY done, key LIMIT ?",
                (done, key, _PAGE_ROWS),
            ).fetchall()

    def prune(self, older_than: float) -> int:
        """Delete old deliveries and invoices, and values that have expired.

        Args:
            older_than: Seconds; a callback that comes later than that is delivered again.

        Returns:
            How many deliveries were deleted.
        """
        with self._connection() as connection:
            now = time.time()
            connection.execute(
                "DELETE FROM qpaykit_values"
                " WHERE until <= :now OR (until IS NULL AND coalesce(written, 0) < :oldest)",
                {"now": now, "oldest": now - older_than},
            )
            pruned = connection.execute(
                "DELETE FROM qpaykit_claims WHERE done IS NOT NULL AND done < ?",
                (now - older_than,),
            )
            return pruned.rowcount

    def close(self) -> None:
        """Close the connections that are not in use; the store opens new ones when needed."""
        idle = self._own_idle()
        while idle:
            with suppress(IndexError):
                idle.pop().close()

    def __del__(self) -> None:
        # A thread that a cancelled task abandoned returns its connection after `close`. A store
        # whose `__init__` failed has no connections, and at interpreter shutdown the modules that
        # `close` needs may be gone.
        with suppress(AttributeError, TypeError):
            self.close()

    def _own_idle(self) -> deque[sqlite3.Connection]:
        if self._pid != os.getpid():
            # SQLite forbids a child process to use or close the connections of its parent.
            _abandoned.extend(self._idle)
            self._idle = deque()
            self._pid = os.getpid()
        return self._idle

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        idle = self._own_idle()
        try:
            connection = idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        finally:
            idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        ends = time.monotonic() + BUSY_TIMEOUT_SECONDS
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:  # noqa: PERF203
                # Several processes may do so at once, and SQLite does not wait for this lock.
                if time.monotonic() > ends:
                    raise
                time.sleep(0.01)
            else:
                break
        # A delivery whose record is lost in a power cut would be made again.
        connection.execute("PRAGMA synchronous = FULL")
        connection.create_function("qpaykit_now", 0, time.monotonic)
        connection.create_function("qpaykit_wall_clock", 0, time.time)


def _restrict_to_owner(path: Path) -> None:
    """Create the file if it is missing, and make it readable by its owner alone.

    Raises:
        OSError: The file is another user's, or it is no regular file.
    """
    # SQLite names its other files after the target of a link.
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise OSError("it is no regular file")
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, _OWNER_ONLY_MODE))
    # Windows has no such modes; the folder's permissions apply.
    if os.name == "nt":
        return
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        file = path.with_name(name)
        with suppress(FileNotFoundError):
            if file.stat().st_mode & _OTHERS_MODE_MASK:
                file.chmod(_OWNER_ONLY_MODE)


def _migrate(connection: sqlite3.Connection) -> None:
    for table, column, kind in _ADDED:
        known = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if column not in known:
            # Another process may add it at the same time.
            with suppress(sqlite3.OperationalError):
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")


_abandoned: list[sqlite3.Connection] = []


class AsyncSQLiteStore(Threaded):
    """A `SQLiteStore` whose methods are awaited; the work is done in threads.

    Args:
        path: The file; its folder must exist.

    Raises:
        ConfigurationError: The folder does not exist, or the file cannot be used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._sqlite = SQLiteStore(path)
        super().__init__(self._sqlite)

    def __repr__(self) -> str:
        return f"Async{self._sqlite!r}"

    async def prune(self, older_than: float) -> int:
        """Delete old deliveries and invoices; see `SQLiteStore.prune`."""
        return await in_thread(lambda: self._sqlite.prune(older_than))

    async def aclose(self) -> None:
        """Close the connections that are not in use."""
        self._sqlite.close()
