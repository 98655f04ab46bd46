"""SQLAlchemy's stores: an order and its delivery commit together, or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, inspect, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncSQLAlchemyStore,
    CallbackDispatcher,
    CallbackReply,
    ConfigurationError,
    MemoryStore,
    PaymentEvent,
    SQLAlchemyStore,
)
from qpaykit.stores.sqlalchemy_tables import metadata

SHARED_MEMORY = "sqlite:///file:x?mode=memory&uri=true"
Work = Callable[[Session, PaymentEvent], None]


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    number: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="open")


class Shop:
    """A shop with the orders 42 and 43, whose handler does what a test wants."""

    def __init__(self, url: str, *, lease: float = 60, patience: float = 5) -> None:
        self.url = url
        self.engine = create_engine(url, poolclass=NullPool)
        Base.metadata.create_all(self.engine)
        metadata.create_all(self.engine)
        with Session(self.engine) as session:
            session.add_all([Order(number="42"), Order(number="43")])
            session.commit()
        self.lease, self.patience = lease, patience
        self.work: Work = mark_paid

    def call(self, order: str = "42") -> CallbackReply:
        """Let the callback of an order's payment come."""
        raise NotImplementedError

    def state(self, number: str = "42") -> str:
        with Session(self.engine) as session:
            return session.get_one(Order, number).state

    def delivered(self) -> list[str]:
        return [one.order_no for one in SQLAlchemyStore(self.engine).deliveries()]


class SyncShop(Shop):
    def call(self, order: str = "42") -> CallbackReply:
        dispatcher = CallbackDispatcher(
            verify=False,
            store=SQLAlchemyStore(self.engine),
            lease=self.lease,
            patience=self.patience,
        )

        @dispatcher.on_paid
        def deliver(event: PaymentEvent[Session]) -> None:
            self.work(event.session, event)

        return dispatcher.handle(body=callback(order))


class AsyncShop(Shop):
    def call(self, order: str = "42") -> CallbackReply:
        async def main() -> CallbackReply:
            url = self.url.replace("+psycopg:", "+asyncpg:").replace("sqlite:", "sqlite+aiosqlite:")
            dispatcher = AsyncCallbackDispatcher(
                verify=False,
                store=AsyncSQLAlchemyStore(create_async_engine(url, poolclass=NullPool)),
                lease=self.lease,
                patience=self.patience,
            )

            @dispatcher.on_paid
            async def deliver(event: PaymentEvent[AsyncSession]) -> None:
                await event.session.run_sync(self.work, event)

            return await dispatcher.handle(body=callback(order))

        return anyio.run(main)


def callback(order: str) -> dict[str, object]:
    return {"payment_id": f"p-{order}", "payment_status": "PAID", "sender_invoice_no": order}


def mark_paid(session: Session, event: PaymentEvent) -> None:
    session.get_one(Order, event.order_no).state = "paid"


@pytest.fixture(params=["postgres", "sqlalchemy-sqlite"])
def url(request: pytest.FixtureRequest, store_url: Callable[[str], str]) -> str:
    return store_url(request.param)


@pytest.fixture(
    params=[
        (SyncShop, "postgres"),
        (AsyncShop, "postgres"),
        (SyncShop, "sqlalchemy-sqlite"),
        pytest.param((AsyncShop, "sqlalchemy-sqlite"), marks=pytest.mark.slow),
    ],
    ids=["sync-postgres", "async-postgres", "sync-sqlite", "async-sqlite"],
)
def shop(request: pytest.FixtureRequest, store_url: Callable[[str], str]) -> Shop:
    kind, database = request.param
    made: Shop = kind(store_url(database))
    return made


def test_the_order_and_its_delivery_commit_together(shop: Shop) -> None:
    assert [shop.call().outcome for _ in range(2)] == ["delivered", "duplicate"]
    assert (shop.state(), shop.delivered()) == ("paid", ["42"])


def test_a_handler_that_raises_leaves_neither_and_is_called_again(shop: Shop) -> None:
    def fails(session: Session, event: PaymentEvent) -> None:
        mark_paid(session, event)
        session.flush()
        raise RuntimeError("after the order was written")

    shop.work = fails
    assert shop.call().outcome == "handler_failed"
    assert (shop.state(), shop.delivered()) == ("open", [])
    shop.work = mark_paid
    assert shop.call().outcome == "delivered"
    assert (shop.state(), shop.delivered()) == ("paid", ["42"])


def test_a_commit_that_fails_leaves_neither_and_the_handler_is_called_again(shop: Shop) -> None:
    def cannot_be_committed(session: Session, event: PaymentEvent) -> None:
        mark_paid(session, event)
        session.flush()
        session.add(Order(number="43"))

    shop.work = cannot_be_committed
    assert shop.call().outcome == "handler_failed"
    assert (shop.state(), shop.delivered()) == ("open", [])
    shop.work = mark_paid
    assert shop.call().outcome == "delivered"


def test_a_handler_cannot_commit_by_itself(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    def commits(session: Session, event: PaymentEvent) -> None:
        mark_paid(session, event)
        session.commit()

    shop.work = commits
    assert shop.call().outcome == "handler_failed"
    assert "must not commit event.session" in caplog.text
    assert (shop.state(), shop.delivered()) == ("open", [])


def test_a_handler_that_rolls_back_has_delivered_nothing(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    def rolls_back(session: Session, event: PaymentEvent) -> None:
        session.rollback()
        mark_paid(session, event)

    shop.work = rolls_back
    assert shop.call().outcome == "handler_failed"
    assert "must neither commit it nor roll it back" in caplog.text
    assert (shop.state(), shop.delivered()) == ("open", [])


@pytest.mark.parametrize("statement", ["ROLLBACK", "COMMIT"])
def test_a_handler_that_ends_the_transaction_in_sql_has_delivered_nothing(
    shop: Shop, statement: str
) -> None:
    def ends(session: Session, event: PaymentEvent) -> None:
        session.execute(text(statement))

    shop.work = ends
    assert shop.call().outcome == "handler_failed"
    assert shop.delivered() == []
    shop.work = mark_paid
    assert shop.call().outcome == "delivered"
    assert (shop.state(), shop.delivered()) == ("paid", ["42"])


def test_a_savepoint_of_the_handler_is_its_own(shop: Shop) -> None:
    def tries(session: Session, event: PaymentEvent) -> None:
        with suppress(RuntimeError), session.begin_nested():
            session.get_one(Order, "43").state = "paid"
            raise RuntimeError
        with session.begin_nested():
            mark_paid(session, event)

    shop.work = tries
    assert shop.call().outcome == "delivered"
    assert (shop.state("42"), shop.state("43"), shop.delivered()) == ("paid", "open", ["42"])


def test_callbacks_at_the_same_moment_deliver_once(shop: Shop) -> None:
    called: list[str] = []

    def slow(session: Session, event: PaymentEvent) -> None:
        called.append(event.order_no)
        time.sleep(0.2)
        mark_paid(session, event)

    shop.work = slow
    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(lambda _: shop.call().outcome, range(6)))
    assert outcomes == ["delivered", *["duplicate"] * 5]
    assert called == ["42"]


def test_a_delivery_of_another_process_is_waited_for_and_then_in_progress(
    postgres_url: str,
) -> None:
    shop = SyncShop(postgres_url, patience=0)
    inside, done = threading.Event(), threading.Event()

    def slow(session: Session, event: PaymentEvent) -> None:
        inside.set()
        assert done.wait(10)

    shop.work = slow
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.call)
        assert inside.wait(10)
        assert shop.call().outcome == "in_progress"
        done.set()
        assert first.result(10).outcome == "delivered"


def test_a_handler_that_is_silent_for_its_lease_has_delivered_nothing(postgres_url: str) -> None:
    shop = SyncShop(postgres_url, lease=0.3)
    other = SyncShopOf(shop)
    outcomes: list[str] = []

    def hangs(session: Session, event: PaymentEvent) -> None:
        mark_paid(session, event)
        session.flush()
        time.sleep(0.5)
        outcomes.append(other.call().outcome)

    shop.work = hangs
    assert shop.call().outcome == "handler_failed"
    assert outcomes == ["delivered"]
    assert shop.delivered() == ["42"]
    assert shop.state() == "paid"


class SyncShopOf(SyncShop):
    """Another process of a shop."""

    def __init__(self, other: Shop) -> None:
        self.url, self.engine = other.url, other.engine
        self.lease, self.patience, self.work = 60, 5, mark_paid


KILLED = """
import os, signal, sys
sys.path[:0] = sys.argv[2:]
from stores.test_sqlalchemy import SyncShopOf, SyncShop, create_engine, mark_paid

class Killed(SyncShop):
    def __init__(self):
        self.engine, self.lease, self.patience = create_engine(sys.argv[1]), 60, 5

    def work(self, session, event):
        mark_paid(session, event)
        session.flush()
        os.kill(os.getpid(), signal.SIGKILL)

Killed().call()
"""


@pytest.mark.slow
def test_a_process_that_is_killed_in_its_handler_leaves_neither_and_holds_nothing(
    url: str,
) -> None:
    shop = SyncShop(url)
    command = [sys.executable, "-c", KILLED, url, str(Path(__file__).parent.parent)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (shop.state(), shop.delivered()) == ("open", [])
    # Though the lease of 60 s has only begun.
    assert shop.call().outcome == "delivered"
    assert (shop.state(), shop.delivered()) == ("paid", ["42"])


@pytest.mark.parametrize("kind", [SyncShop, AsyncShop])
def test_orders_are_delivered_at_once_and_none_waits_for_another(
    kind: type[Shop], postgres_url: str
) -> None:
    shop = kind(postgres_url)
    together = threading.Barrier(2, timeout=10)

    def meets(session: Session, event: PaymentEvent) -> None:
        mark_paid(session, event)
        session.flush()
        together.wait()

    shop.work = meets
    with ThreadPoolExecutor(2) as pool:
        assert [one.outcome for one in pool.map(shop.call, ["42", "43"])] == ["delivered"] * 2


def test_an_async_dispatcher_takes_a_store_that_blocks(postgres_url: str) -> None:
    shop = SyncShop(postgres_url)

    async def main() -> str:
        dispatcher = AsyncCallbackDispatcher(verify=False, store=SQLAlchemyStore(shop.engine))

        @dispatcher.on_paid
        async def deliver(event: PaymentEvent[Session]) -> None:
            mark_paid(event.session, event)

        return (await dispatcher.handle(body=callback("42"))).outcome

    assert anyio.run(main) == "delivered"
    assert (shop.state(), shop.delivered()) == ("paid", ["42"])


@pytest.mark.slow
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_shop_may_isolate_its_transactions_further(postgres_url: str, level: str) -> None:
    shop = SyncShop(postgres_url)
    shop.engine = create_engine(postgres_url, isolation_level=level)

    def slow(session: Session, event: PaymentEvent) -> None:
        time.sleep(0.1)
        mark_paid(session, event)

    shop.work = slow
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda _: shop.call().outcome, range(6)))
    # The database may refuse to serialize a transaction: QPay gets 500 then, and calls again.
    outcomes.append(shop.call().outcome)
    assert outcomes.count("delivered") == 1
    assert shop.delivered() == ["42"]
    shop.engine.dispose()


def test_an_engine_that_commits_each_statement_delivers_nothing(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = SyncShop(url)
    shop.engine = create_engine(url, isolation_level="AUTOCOMMIT")
    assert shop.call().outcome == "unreachable"
    assert "AUTOCOMMIT" in caplog.text
    assert shop.state() == "open"
    shop.engine.dispose()


def test_a_forgotten_delivery_is_made_again(url: str) -> None:
    shop = SyncShop(url)
    store = SQLAlchemyStore(shop.engine)
    shop.call("42")
    store.set("invoice:shop:i-1", "old")
    time.sleep(0.05)
    between = time.time()
    time.sleep(0.05)
    shop.call("43")
    assert store.prune(older_than=time.time() - between) == 1
    assert shop.delivered() == ["43"]
    assert store.get("invoice:shop:i-1") is None
    assert shop.call("42").outcome == "delivered"


def test_values_whose_time_is_over_and_those_of_long_ago_are_pruned(url: str) -> None:
    engine = SyncShop(url).engine
    store = SQLAlchemyStore(engine)

    def kept() -> list[str]:
        with engine.connect() as connection:
            keys = connection.execute(text("SELECT key FROM qpaykit_values"))
            return sorted(keys.scalars())

    store.set("dead", "v", ttl=0.01)
    store.set("live", "v", ttl=60)
    store.set("for good", "v")
    time.sleep(0.05)
    store.prune(older_than=3600)
    assert kept() == ["for good", "live"]
    store.prune(older_than=0.01)
    assert kept() == ["live"]


def test_a_delivery_leaves_the_claims_of_others_as_they_are(url: str) -> None:
    shop = SyncShop(url)
    store = SQLAlchemyStore(shop.engine)
    store.claim("other", "another process", lease=60)
    assert shop.call().outcome == "delivered"
    assert store.claim("other", "a third", lease=60) == "held"
    assert store.complete("other", "another process")


def test_deliveries_are_listed_from_a_time_on_oldest_first(url: str) -> None:
    shop = SyncShop(url)
    store = SQLAlchemyStore(shop.engine)
    started = datetime.now(timezone.utc) - timedelta(seconds=1)
    for order in ("43", "42"):
        shop.call(order)
    assert [one.order_no for one in store.deliveries(since=started)] == ["43", "42"]
    assert list(store.deliveries(since=started + timedelta(days=1))) == []


def test_the_tables_are_what_alembic_finds(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    for _ in range(2):
        assert SQLAlchemyStore(engine, create_tables=True).get("k") is None
    with engine.connect() as connection:
        assert {*inspect(connection).get_table_names()} == {"qpaykit_claims", "qpaykit_values"}
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_processes_that_create_the_tables_at_once_do_not_fail(url: str) -> None:
    engine = create_engine(url)
    with ThreadPoolExecutor(8) as pool:
        stores = [SQLAlchemyStore(engine, create_tables=True) for _ in range(8)]
        assert list(pool.map(lambda store: store.get("k"), stores)) == [None] * 8
    engine.dispose()


def test_an_event_of_another_store_has_no_session() -> None:
    dispatcher = CallbackDispatcher(verify=False, store=MemoryStore())
    errors: list[str] = []

    @dispatcher.on_paid
    def deliver(event: PaymentEvent) -> None:
        with pytest.raises(ConfigurationError) as caught:
            event.session  # noqa: B018
        errors.append(str(caught.value))

    assert dispatcher.handle(body=callback("42")).outcome == "delivered"
    assert "SQLAlchemyStore(engine)" in errors[0]


def test_a_store_shows_no_password() -> None:
    engine = create_engine("postgresql+psycopg://shop:s3cr3t@127.0.0.1:1/shop")
    store = SQLAlchemyStore(engine)
    assert "s3cr3t" not in repr(store) + repr(vars(store))
    assert "127.0.0.1:1/shop" in repr(store)


@pytest.mark.parametrize(
    ("store", "engine", "message"),
    [
        (SQLAlchemyStore, "postgresql://shop", "sqlalchemy.create_engine"),
        (SQLAlchemyStore, create_async_engine("postgresql+asyncpg://h/d"), "create_engine"),
        (AsyncSQLAlchemyStore, create_engine("postgresql+psycopg://h/d"), "create_async_engine"),
        (SQLAlchemyStore, create_engine("sqlite://"), "MemoryStore"),
        (
            SQLAlchemyStore,
            create_engine("sqlite:///file:x?mode=memory&uri=true", poolclass=NullPool),
            "MemoryStore",
        ),
        (AsyncSQLAlchemyStore, create_async_engine("sqlite+aiosqlite://"), "MemoryStore"),
    ],
    ids=["text", "async engine", "sync engine", "memory", "shared memory", "async memory"],
)
def test_an_engine_that_will_not_do_is_named(store: Any, engine: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        store(engine)


def test_a_missing_sqlalchemy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine("postgresql+psycopg://h/d")
    monkeypatch.setitem(sys.modules, "qpaykit.stores.sqlalchemy_tables", None)
    with pytest.raises(ImportError, match=r"qpaykit\[sqlalchemy\]"):
        SQLAlchemyStore(engine)
