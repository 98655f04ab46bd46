"""What other processes do in tests: they must find it in a module that they can import."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from qpaykit import (
    CallbackDispatcher,
    Orders,
    PaymentEvent,
    QPayClient,
    RedisStore,
    SQLAlchemyStore,
    SQLiteStore,
)
from qpaykit.orders import flow

if TYPE_CHECKING:
    from qpaykit.simulator import Credentials


class OwnSQLAlchemyStore(SQLAlchemyStore):
    """A store that closes the engine that was made for it."""

    def __init__(self, url: str) -> None:
        from sqlalchemy import create_engine

        self._own = create_engine(url)
        super().__init__(self._own, create_tables=True)

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._own.dispose()


OwnStore: TypeAlias = SQLiteStore | RedisStore | OwnSQLAlchemyStore


def open_store(kind: str, store_url: str) -> OwnStore:
    if kind == "sqlite":
        return SQLiteStore(store_url)
    if kind == "redis":
        return RedisStore(store_url, prefix="shared:")
    return OwnSQLAlchemyStore(store_url)


def race(kind: str, store_url: str, keys: list[str], owner: str) -> int:
    store = open_store(kind, store_url)
    won = sum(store.claim(key, owner, lease=60) == "claimed" for key in keys)
    store.close()
    return won


def get_token(kind: str, store_url: str, credentials: Credentials, at: float) -> str:
    time.sleep(max(0.0, at - time.time()))
    store = open_store(kind, store_url)
    with QPayClient(**credentials, store=store) as client:
        token = client.tokens.get()
    store.close()
    return token


def check_often(kind: str, store_url: str, credentials: Credentials, invoice_id: str) -> int:
    store = open_store(kind, store_url)
    with QPayClient(**credentials, store=store) as client:
        for _ in range(20):
            client.payments.check(invoice_id)
    store.close()
    return 20


def deliver(kind: str, store_url: str, credentials: Credentials, queries: list[str]) -> list[str]:
    delivered: list[str] = []
    store = open_store(kind, store_url)
    with QPayClient(**credentials, store=store) as client:
        dispatcher = CallbackDispatcher(client)

        @dispatcher.on_paid
        def handler(event: PaymentEvent) -> None:
            time.sleep(0.01)
            delivered.append(str(event.payment.payment_id))

        for query in queries:
            assert dispatcher.handle(query=query).status_code == 200
    store.close()
    return delivered


def open_orders(
    kind: str, store_url: str, credentials: Credentials, numbers: list[str], lease: float = 30
) -> dict[str, str]:
    flow.LEASE_SECONDS = lease
    store = open_store(kind, store_url)
    with QPayClient(**credentials, store=store) as client:
        orders = Orders(CallbackDispatcher(client))
        opened = {
            number: orders.open(number, amount=1500, description="Tea").invoice_id
            for number in numbers
        }
    store.close()
    return opened


def poll(
    kind: str,
    store_url: str,
    credentials: Credentials,
    number: str,
    threads: int,
    interval: float,
    starts: float,
    seconds: float,
) -> int:
    flow.QUESTION_INTERVAL_SECONDS = interval
    store = open_store(kind, store_url)
    time.sleep(max(0.0, starts - time.time()))
    with QPayClient(**credentials, store=store) as client:
        orders = Orders(CallbackDispatcher(client))

        def look(_: int) -> int:
            asked = 0
            while time.time() < starts + seconds:
                assert orders.status(number) == "open"
                asked += 1
                time.sleep(0.1)
            return asked

        with ThreadPoolExecutor(threads) as pool:
            asked = sum(pool.map(look, range(threads)))
    store.close()
    return asked
