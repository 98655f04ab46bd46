"""Where the token lives and where delivered callbacks are remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qpaykit._lazy import lazy_names

if TYPE_CHECKING:
    from qpaykit.stores.delivery import Delivery
    from qpaykit.stores.memory import MemoryStore
    from qpaykit.stores.protocol import AsyncStore, ClaimState, Store
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

# A store's module is imported only when it is used.
_NAMES = {
    "delivery": ("Delivery",),
    "memory": ("MemoryStore",),
    "protocol": ("AsyncStore", "ClaimState", "Store"),
    "redis": ("AsyncRedisStore", "RedisStore"),
    "sqlalchemy": ("AsyncSQLAlchemyStore", "SQLAlchemyStore"),
    "sqlite": ("AsyncSQLiteStore", "SQLiteStore"),
}

__getattr__: Callable[[str], object] = lazy_names(__name__, _NAMES)
