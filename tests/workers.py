"""What other processes do in tests: they must find it in a module that they can import."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient, RedisStore, SQLiteStore

if TYPE_CHECKING:
    from qpaykit.simulator import Credentials


def open_store(kind: str, where: str) -> SQLiteStore | RedisStore:
    return SQLiteStore(where) if kind == "sqlite" else RedisStore(where, prefix="shared:")


def race(kind: str, where: str, keys: list[str], owner: str) -> int:
    store = open_store(kind, where)
    won = sum(store.claim(key, owner, lease=60) == "claimed" for key in keys)
    store.close()
    return won


def get_token(kind: str, where: str, credentials: Credentials, at: float) -> str:
    time.sleep(max(0.0, at - time.time()))
    store = open_store(kind, where)
    with QPayClient(**credentials, store=store) as client:
        token = client.tokens.get()
    store.close()
    return token


def check_often(kind: str, where: str, credentials: Credentials, invoice_id: str) -> int:
    store = open_store(kind, where)
    with QPayClient(**credentials, store=store) as client:
        for _ in range(20):
            client.payments.check(invoice_id)
    store.close()
    return 20


def deliver(kind: str, where: str, credentials: Credentials, queries: list[str]) -> list[str]:
    delivered: list[str] = []
    store = open_store(kind, where)
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
