"""The tables of the SQLAlchemy stores, which Alembic may manage, and their SQL statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Double,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable

from qpaykit._local_time import aware
from qpaykit.errors import ConfigurationError
from qpaykit.stores.delivery import Delivery
from qpaykit.stores.protocol import ClaimState

Row: TypeAlias = tuple[float, str, str | None]

metadata: MetaData = MetaData()
"""The tables `qpaykit_values` and `qpaykit_claims`."""

_MAX_KEY_CHARACTERS = 255
# Times are seconds since 1970 by the clock of the database, for those of several machines differ.
_values = Table(
    "qpaykit_values",
    metadata,
    Column("key", String(_MAX_KEY_CHARACTERS), primary_key=True),
    Column("value", Text, nullable=False),
    Column("until", Double),
    Column("written", Double),
)
_claims = Table(
    "qpaykit_claims",
    metadata,
    Column("key", String(_MAX_KEY_CHARACTERS), primary_key=True),
    Column("owner", String(_MAX_KEY_CHARACTERS), nullable=False),
    Column("until", Double),
    Column("done", Double),
    Column("delivery", Text),
)
Index("qpaykit_claims_done", _claims.c.done)

# A setting that PostgreSQL resets when the transaction ends: a changed value shows another
# transaction.
_OWNER_SETTING = "qpaykit.owner"
_CLOCKS = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
_CREATION_LOCK = 0x71706179
_PAGE_ROWS = 500
_MAX_TIMEOUT_MS = 2**31 - 1
# Serialization failure, deadlock, lock not available: another transaction is at work on the row.
_CONFLICTS = frozenset({"40001", "40P01", "55P03"})


class Statements:
    """The SQL statements of the stores, in a database's dialect.

    Raises:
        ConfigurationError: It is neither PostgreSQL nor a SQLite file.
    """

    def __init__(self, engine: Engine) -> None:
        dialect, database = engine.dialect, engine.url.database
        if dialect.name not in _CLOCKS:
            msg = f"the SQLAlchemy stores know PostgreSQL and SQLite, not {dialect.name}"
            raise ConfigurationError(msg)
        is_in_memory = database in {None, "", ":memory:"} or "memory" in engine.url.query.values()
        if dialect.name == "sqlite" and is_in_memory:
            # Its single connection would be shared by the handler and everything else.
            raise ConfigurationError("SQLite needs a file here: for memory, use MemoryStore()")
        self._is_postgresql = dialect.name == "postgresql"
        self._insert = postgresql.insert if self._is_postgresql else sqlite.insert
        self._now: ColumnElement[float] = literal_column(_CLOCKS[dialect.name], Double())

    def create(self, connection: Connection) -> None:
        """Create the tables that are missing."""
        if self._is_postgresql:
            # There two processes that create the same at once fail, IF NOT EXISTS or not.
            connection.execute(select(func.pg_advisory_xact_lock(_CREATION_LOCK)))
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def get(self, connection: Connection, key: str) -> str | None:
        """See `Store.get`."""
        is_current = or_(_values.c.until.is_(None), _values.c.until > self._now)
        found = select(_values.c.value).where(_values.c.key == key, is_current)
        value: str | None = connection.execute(found).scalar()
        return value

    def set(self, connection: Connection, key: str, value: str, ttl: float | None) -> None:
        """See `Store.set`."""
        until = None if ttl is None else self._now + ttl
        kept = {"value": value, "until": until, "written": self._now}
        insert = self._insert(_values).values(key=key, **kept)
        connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=kept))

    def delete(self, connection: Connection, key: str) -> None:
        """See `Store.delete`."""
        connection.execute(delete(_values).where(_values.c.key == key))

    def claim(self, connection: Connection, key: str, owner: str, lease: float) -> ClaimState:
        """Claim a key that is not a delivery's, by a lease; see `Store.claim`."""
        held = {"owner": owner, "until": self._now + lease}
        is_free = or_(_claims.c.until <= self._now, _claims.c.owner == owner)
        claim = (
            self._insert(_claims)
            .values(key=key, **held)
            .on_conflict_do_update(
                index_elements=["key"], set_=held, where=and_(_claims.c.done.is_(None), is_free)
            )
            .execution_options(preserve_rowcount=True)
        )
        if connection.execute(claim).rowcount:
            return "claimed"
        return self._held_or_done(connection, key)

    def complete(
        self, connection: Connection, key: str, owner: str, delivery: Delivery | None
    ) -> bool:
        """Mark a key as done; see `Store.complete`."""
        done = update(_claims).where(self._is_held(key, owner)).values(self._done(delivery))
        return connection.execute(done).rowcount == 1

    def release(self, connection: Connection, key: str, owner: str) -> None:
        """Release a lease; see `Store.release`."""
        connection.execute(delete(_claims).where(self._is_held(key, owner)))

    def prepare(self, connection: Connection, key: str) -> None:
        """Make the row of a delivery, which a transaction can then lock."""
        row = self._insert(_claims).values(key=key, owner="")
        connection.execute(row.on_conflict_do_nothing(index_elements=["key"]))

    def lock(self, session: Session, key: str, owner: str, lease: float) -> ClaimState:
        """Lock the row of a delivery for the transaction of a session.

        The database frees it when the transaction ends: also when the process is killed, and on
        PostgreSQL when nothing is heard of it for a lease.

        Raises:
            ConfigurationError: The engine is in AUTOCOMMIT, so that there is no transaction.
        """
        connection = session.connection()
        if self._is_postgresql:
            state = self._lock_row(connection, key, owner, lease)
        else:
            state = self._lock_file(connection, key, owner)
        if state == "claimed" and not self._is_in_transaction(connection, owner):
            raise ConfigurationError(
                "the engine is in AUTOCOMMIT, so that an order and its delivery cannot commit "
                "together: give the store an engine of another isolation level"
            )
        return state

    def _lock_row(self, connection: Connection, key: str, owner: str, lease: float) -> ClaimState:
        limit = str(max(1, min(int(lease * 1000), _MAX_TIMEOUT_MS)))
        timeout = func.set_config("idle_in_transaction_session_timeout", limit, True)
        connection.execute(select(timeout, func.set_config(_OWNER_SETTING, owner, True)))
        # The row is not changed yet: the `prepare` of another would wait for a change to commit.
        free = select(_claims.c.done).where(_claims.c.key == key)
        row = connection.execute(free.with_for_update(skip_locked=True)).first()
        if row is None:
            return "held"
        return "claimed" if row.done is None else "done"

    def _lock_file(self, connection: Connection, key: str, owner: str) -> ClaimState:
        # A transaction of SQLite has the whole file, from its first change on; others wait.
        is_open = and_(_claims.c.key == key, _claims.c.done.is_(None))
        taken = connection.execute(update(_claims).where(is_open).values(owner=owner))
        return "claimed" if taken.rowcount else self._held_or_done(connection, key)

    def record(self, session: Session, key: str, owner: str, delivery: Delivery | None) -> None:
        """Mark the delivery of a session's transaction as done.

        Raises:
            ConfigurationError: The transaction is no longer the one in which it was claimed.
        """
        connection = session.connection()
        is_open = and_(_claims.c.key == key, _claims.c.done.is_(None))
        is_ours = is_open if self._is_postgresql else and_(is_open, _claims.c.owner == owner)
        done = update(_claims).where(is_ours).values(owner=owner, **self._done(delivery))
        # Asked before the UPDATE: after a ROLLBACK in SQL, asyncpg would commit that by itself.
        is_whole = self._is_in_transaction(connection, owner)
        if not (is_whole and connection.execute(done).rowcount == 1):
            raise ConfigurationError(
                "the transaction of event.session ended before the delivery was recorded: a "
                "handler must neither commit it nor roll it back"
            )

    def _done(self, delivery: Delivery | None) -> dict[str, object]:
        if delivery is None:
            return {"done": self._now}
        return {"done": delivery.delivered_at.timestamp(), "delivery": delivery.to_json()}

    def delivery(self, connection: Connection, key: str) -> Delivery | None:
        """See `Store.delivery`."""
        is_done = and_(_claims.c.key == key, _claims.c.done.is_not(None))
        record: str | None = connection.execute(select(_claims.c.delivery).where(is_done)).scalar()
        return Delivery.from_json(record)

    def page(self, connection: Connection, done: float, key: str) -> list[Row]:
        """Return the next rows of deliveries, oldest first."""
        is_later = or_(_claims.c.done > done, and_(_claims.c.done == done, _claims.c.key > key))
        rows = (
            select(_claims.c.done, _claims.c.key, _claims.c.delivery)
            .where(_claims.c.done.is_not(None), is_later)
            .order_by(_claims.c.done, _claims.c.key)
            .limit(_PAGE_ROWS)
        )
        return [(row.done, row.key, row.delivery) for row in connection.execute(rows)]

    def prune(self, connection: Connection, older_than: float) -> int:
        """Delete old deliveries, invoices and values; return how many deliveries."""
        oldest = self._now - older_than
        is_old = and_(_values.c.until.is_(None), func.coalesce(_values.c.written, 0) < oldest)
        connection.execute(delete(_values).where(or_(_values.c.until <= self._now, is_old)))
        pruned = delete(_claims).where(_claims.c.done < oldest)
        return connection.execute(pruned).rowcount

    def _is_in_transaction(self, connection: Connection, owner: str) -> bool:
        """Return whether the transaction is the one that was begun for an owner's claim."""
        if self._is_postgresql:
            recorded_owner = connection.execute(
                select(func.current_setting(_OWNER_SETTING, True))
            ).scalar()
            return bool(recorded_owner == owner)
        return bool(getattr(connection.connection.driver_connection, "in_transaction", True))

    def _is_held(self, key: str, owner: str) -> ColumnElement[bool]:
        return and_(_claims.c.key == key, _claims.c.owner == owner, _claims.c.done.is_(None))

    def _held_or_done(self, connection: Connection, key: str) -> ClaimState:
        is_done = select(_claims.c.done).where(_claims.c.key == key)
        return "held" if connection.execute(is_done).scalar() is None else "done"

    def first_row(self, since: datetime | None) -> tuple[float, str]:
        """Return where the pages of deliveries begin."""
        return (0.0 if since is None else aware(since).timestamp(), "")

    def deliveries(self, rows: list[Row]) -> Iterator[Delivery]:
        """Read the records of a page."""
        for _, _, record in rows:
            delivery = Delivery.from_json(record)
            if delivery is not None:
                yield delivery

    def is_conflict(self, error: Exception) -> bool:
        """Return whether the error comes from a concurrent transaction."""
        if not isinstance(error, DBAPIError):
            return False
        state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
        return state in _CONFLICTS or "is locked" in str(error.orig)
