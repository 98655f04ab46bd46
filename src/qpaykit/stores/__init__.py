"""Where the token lives and where delivered callbacks are remembered."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from qpaykit.stores.delivery import Delivery
from qpaykit.stores.memory import MemoryStore
from qpaykit.stores.protocol import AsyncStore, ClaimState, Store

if TYPE_CHECKING:
    from qpaykit.stores.redis import AsyncRedisStore, RedisStore
    from qpaykit.stores.sqlalchemy import AsyncSQLAlchemyStore, SQLAlchemyStore
    from qpaykit.stores.sqlite import AsyncSQLiteStore, SQLiteStore

__all__ = [
    "AsyncRedisStore",
    "AsyncSQLAlchemyStore",
    "AsyncSQLiteStore",
    "AsyncStore",
    "ClaimState",
    "Delivery",
    "MemoryStore",
    "RedisStore",
    "SQLAlchemyStore",
    "SQLiteStore",
    "Store",
]

_ROOMS = {
    "AsyncRedisStore": "redis",
    "AsyncSQLAlchemyStore": "sqlalchemy",
    "AsyncSQLiteStore": "sqlite",
    "RedisStore": "redis",
    "SQLAlchemyStore": "sqlalchemy",
    "SQLiteStore": "sqlite",
}


def __getattr__(name: str) -> object:
    # Who keeps nothing in SQLite should not pay for its import.
    if name in _ROOMS:
        found: object = getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
