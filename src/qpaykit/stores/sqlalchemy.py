"""A store in the shop's own database: an order and its delivery commit together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from qpaykit._fork import reset_after_fork
from qpaykit._store_keys import DELIVERY_PREFIX
from qpaykit.errors import ConfigurationError
from qpaykit.stores.delivery import Delivery
from qpaykit.stores.protocol import ClaimState

# The extra is needed where a store is made; without it, its types alone are missing.
with suppress(ImportError):
    from sqlalchemy import Connection, Engine, event
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import Session

    from qpaykit.stores.sqlalchemy_tables import Row, Statements

T = TypeVar("T")


class SQLAlchemyStore:
    """Keeps the token and the deliveries in the shop's own database, by SQLAlchemy 2.

    A delivery is one transaction. It is opened before the handler is called, is `event.session`
    in the handler, and is committed with the record of the delivery. A crash at any point leaves
    both or neither. While it is open no other process delivers the same.

    The tables are `qpaykit_values` and `qpaykit_claims`, of the MetaData `metadata` in
    `qpaykit.stores.sqlalchemy_tables`, for Alembic.

    Args:
        engine: An engine of PostgreSQL or of a SQLite file. It is used, and not closed.
        create_tables: Whether to create the tables that are missing, before their first use; for
            a shop without migrations.

    Raises:
        ConfigurationError: The engine is an async one, of another database, or of a SQLite that
            is in memory.
        ImportError: The extra `sqlalchemy` is missing.
    """

    blocking = True
    transactional = True

    def __init__(self, engine: Engine, *, create_tables: bool = False) -> None:
        _need_sqlalchemy()
        if not isinstance(engine, Engine):
            raise _not_an_engine(engine, "SQLAlchemyStore", "sqlalchemy.create_engine")
        self._engine = engine
        self._creates = create_tables
        self._statements = Statements(engine)
        self._sessions: dict[str, Session] = {}
        reset_after_fork(self, SQLAlchemyStore._leave_parent)

    def __repr__(self) -> str:
        return f"SQLAlchemyStore({self._engine.url!r})"

    def get(self, key: str) -> str | None:
        """Return the value of `key`, or None where there is none or it has expired."""
        return self._run(lambda connection: self._statements.get(connection, key))

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep `value` under `key`, for `ttl` seconds or without a limit."""
        self._run(lambda connection: self._statements.set(connection, key, value, ttl))

    def delete(self, key: str) -> None:
        """Delete the value of `key`, if there is one."""
        self._run(lambda connection: self._statements.delete(connection, key))

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """Try to become the owner of `key` for `lease` seconds; see `Store.claim`.

        A delivery is claimed by the lock of its row, for as long as its transaction lasts.
        """
        if not key.startswith(DELIVERY_PREFIX):
            return self._run(lambda it: self._statements.claim(it, key, owner, lease))
        try:
            self._run(lambda connection: self._statements.prepare(connection, key))
            return self._open(key, owner, lease)
        except Exception as error:
            if self._statements.is_conflict(error):
                return "held"
            raise

    def _open(self, key: str, owner: str, lease: float) -> ClaimState:
        session = Session(self._engine)
        try:
            state = self._statements.lock(session, key, owner, lease)
            if state == "claimed":
                _watch(session)
                self._sessions[owner] = session
        finally:
            if owner not in self._sessions:
                session.close()
        return state

    def delivery_session(self, owner: str) -> Session:
        """Return the session of the delivery that `owner` has claimed."""
        return self._sessions[owner]

    def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        """Mark `key` as done, if `owner` still holds it; return whether it did.

        For a delivery, this commits what the handler did with `event.session`.

        Raises:
            ConfigurationError: The handler has ended the transaction. Nothing was delivered.
        """
        session = self._sessions.pop(owner, None)
        if session is None:
            return self._run(lambda it: self._statements.complete(it, key, owner, delivery))
        with session:
            self._statements.record(session, key, owner, delivery)
            _unwatch(session)
            session.commit()
        return True

    def release(self, key: str, owner: str) -> None:
        """Release `key`, if `owner` still holds it, and roll back what its handler did."""
        session = self._sessions.pop(owner, None)
        if session is None:
            self._run(lambda connection: self._statements.release(connection, key, owner))
        else:
            session.close()

    def delivery(self, key: str) -> Delivery | None:
        """Return the record of the delivery `key`, or None where there is none."""
        return self._run(lambda connection: self._statements.delivery(connection, key))

    def deliveries(self, since: datetime | None = None) -> Iterator[Delivery]:
        """Iterate over the records of deliveries, oldest first; see `Store.deliveries`."""
        done, key = self._statements.first_row(since)
        while rows := self._page(done, key):
            done, key = rows[-1][:2]
            yield from self._statements.deliveries(rows)

    def _page(self, done: float, key: str) -> list[Row]:
        return self._run(lambda connection: self._statements.page(connection, done, key))

    def prune(self, older_than: float) -> int:
        """Delete old deliveries and invoices, and values that have expired.

        Args:
            older_than: Seconds; a callback that comes later than that is delivered again.

        Returns:
            How many deliveries were deleted.
        """
        return self._run(lambda connection: self._statements.prune(connection, older_than))

    def _run(self, work: Callable[[Connection], T]) -> T:
        if self._creates:
            with self._engine.begin() as connection:
                self._statements.create(connection)
            self._creates = False
        with self._engine.begin() as connection:
            return work(connection)

    def _leave_parent(self) -> None:
        _abandon(self._engine, *self._sessions.values())
        self._sessions = {}


class AsyncSQLAlchemyStore:
    """A `SQLAlchemyStore` whose methods are awaited, on asyncio.

    `event.session` is an `AsyncSession`. The engine's connections belong to one event loop, as
    SQLAlchemy's do; with several loops one after another give an engine with a `NullPool`.

    Args:
        engine: An async engine of PostgreSQL or of a SQLite file. It is used, and not closed.
        create_tables: Whether to create the tables that are missing, before their first use; for
            a shop without migrations.

    Raises:
        ConfigurationError: The engine is not one of sqlalchemy.ext.asyncio, of another database, or
            of a SQLite that is in memory.
        ImportError: The extra `sqlalchemy` is missing.
    """

    transactional = True

    def __init__(self, engine: AsyncEngine, *, create_tables: bool = False) -> None:
        _need_sqlalchemy()
        if not isinstance(engine, AsyncEngine):
            maker = "sqlalchemy.ext.asyncio.create_async_engine"
            raise _not_an_engine(engine, "AsyncSQLAlchemyStore", maker)
        self._engine = engine
        self._creates = create_tables
        self._statements = Statements(engine.sync_engine)
        self._sessions: dict[str, AsyncSession] = {}
        reset_after_fork(self, AsyncSQLAlchemyStore._leave_parent)

    def __repr__(self) -> str:
        return f"AsyncSQLAlchemyStore({self._engine.url!r})"

    async def get(self, key: str) -> str | None:
        """See `SQLAlchemyStore.get`."""
        return await self._run(lambda connection: self._statements.get(connection, key))

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """See `SQLAlchemyStore.set`."""
        await self._run(lambda connection: self._statements.set(connection, key, value, ttl))

    async def delete(self, key: str) -> None:
        """See `SQLAlchemyStore.delete`."""
        await self._run(lambda connection: self._statements.delete(connection, key))

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """See `SQLAlchemyStore.claim`."""
        if not key.startswith(DELIVERY_PREFIX):
            return await self._run(lambda it: self._statements.claim(it, key, owner, lease))
        try:
            await self._run(lambda connection: self._statements.prepare(connection, key))
            return await self._open(key, owner, lease)
        except Exception as error:
            if self._statements.is_conflict(error):
                return "held"
            raise

    async def _open(self, key: str, owner: str, lease: float) -> ClaimState:
        session = AsyncSession(self._engine)
        try:
            state = await session.run_sync(self._statements.lock, key, owner, lease)
            if state == "claimed":
                _watch(session.sync_session)
                self._sessions[owner] = session
        finally:
            if owner not in self._sessions:
                await session.close()
        return state

    def delivery_session(self, owner: str) -> AsyncSession:
        """Return the session of the delivery that `owner` has claimed."""
        return self._sessions[owner]

    async def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        """See `SQLAlchemyStore.complete`."""
        session = self._sessions.pop(owner, None)
        if session is None:
            return await self._run(lambda it: self._statements.complete(it, key, owner, delivery))
        async with session:
            await session.run_sync(self._statements.record, key, owner, delivery)
            _unwatch(session.sync_session)
            await session.commit()
        return True

    async def release(self, key: str, owner: str) -> None:
        """See `SQLAlchemyStore.release`."""
        session = self._sessions.pop(owner, None)
        if session is None:
            await self._run(lambda connection: self._statements.release(connection, key, owner))
        else:
            await session.close()

    async def delivery(self, key: str) -> Delivery | None:
        """See `SQLAlchemyStore.delivery`."""
        return await self._run(lambda connection: self._statements.delivery(connection, key))

    async def deliveries(self, since: datetime | None = None) -> AsyncIterator[Delivery]:
        """See `SQLAlchemyStore.deliveries`."""
        done, key = self._statements.first_row(since)
        while rows := await self._page(done, key):
            done, key = rows[-1][:2]
            for delivery in self._statements.deliveries(rows):
                yield delivery

    async def _page(self, done: float, key: str) -> list[Row]:
        return await self._run(lambda connection: self._statements.page(connection, done, key))

    async def prune(self, older_than: float) -> int:
        """See `SQLAlchemyStore.prune`."""
        return await self._run(lambda connection: self._statements.prune(connection, older_than))

    async def _run(self, work: Callable[[Connection], T]) -> T:
        if self._creates:
            async with self._engine.begin() as connection:
                await connection.run_sync(self._statements.create)
            self._creates = False
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    def _leave_parent(self) -> None:
        _abandon(self._engine.sync_engine, *self._sessions.values())
        self._sessions = {}


def _watch(session: Session) -> None:
    event.listen(session, "before_commit", _refuse_commit)


def _unwatch(session: Session) -> None:
    event.remove(session, "before_commit", _refuse_commit)


def _refuse_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        raise ConfigurationError(
            "a handler must not commit event.session: qpaykit commits it together with the "
            "delivery. For a savepoint use event.session.begin_nested()"
        )


_abandoned: list[object] = []


def _abandon(engine: Engine, *sessions: object) -> None:
    """Let a forked child open connections of its own.

    Closing those of the parent would end them there, and unlock the parent's SQLite.
    """
    _abandoned.extend([engine.pool, *sessions])
    engine.dispose(close=False)


def _not_an_engine(given: object, store: str, maker: str) -> ConfigurationError:
    return ConfigurationError(f"{store} needs an engine of {maker}, not {type(given).__name__}")


def _need_sqlalchemy() -> None:
    try:
        import qpaykit.stores.sqlalchemy_tables  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'this store needs SQLAlchemy 2: pip install "qpaykit[sqlalchemy]"'
        ) from error
