"""Wraps every store as an `AsyncStore`, which the flows are written against."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from itertools import islice
from typing import TypeVar

from typing_extensions import TypeIs

import qpaykit
from qpaykit.errors import ConfigurationError
from qpaykit.stores.cancellation import run_to_completion
from qpaykit.stores.protocol import AsyncStore, ClaimState, Store

T = TypeVar("T")

_BATCH_ROWS = 500
_METHODS = (
    "get",
    "set",
    "delete",
    "claim",
    "complete",
    "release",
    "delivery",
    "deliveries",
)


def for_sync(store: Store) -> AsyncStore:
    """Wrap a store for the sync client.

    Raises:
        ConfigurationError: Its methods must be awaited, or it is not a store.
    """
    if _is_async(store):
        msg = (
            f"{type(store).__name__} must be awaited: give it to AsyncQPayClient, or give "
            "QPayClient the store of the same name without Async"
        )
        raise ConfigurationError(msg)
    return _Direct(store)


def for_async(store: Store | AsyncStore) -> AsyncStore:
    """Wrap a store for the async client; one that blocks is called in a worker thread.

    Raises:
        ConfigurationError: It is not a store.
    """
    if _is_async(store):
        return _Shielded(store)
    return Threaded(store) if getattr(store, "blocking", True) else _Direct(store)


def _is_async(store: Store | AsyncStore) -> TypeIs[AsyncStore]:
    missing = [name for name in _METHODS if not callable(getattr(store, name, None))]
    if missing:
        raise ConfigurationError(
            "store must be one such as MemoryStore() or SQLiteStore(path); "
            f"{type(store).__name__} has no {', '.join(missing)}"
        )
    return inspect.iscoroutinefunction(store.get)


class _Direct:
    """Calls a store directly: one that does not block, or for the sync client."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> str | None:
        return self._store.get(key)

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        self._store.set(key, value, ttl=ttl)

    async def delete(self, key: str) -> None:
        self._store.delete(key)

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        return self._store.claim(key, owner, lease=lease)

    async def complete(
        self, key: str, owner: str, *, delivery: qpaykit.Delivery | None = None
    ) -> bool:
        return self._store.complete(key, owner, delivery=delivery)

    async def release(self, key: str, owner: str) -> None:
        self._store.release(key, owner)

    async def delivery(self, key: str) -> qpaykit.Delivery | None:
        return self._store.delivery(key)

    async def deliveries(self, since: datetime | None = None) -> AsyncIterator[qpaykit.Delivery]:
        for delivery in self._store.deliveries(since):
            yield delivery


class Threaded:
    """Calls a blocking store in worker threads; each call runs to completion."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> str | None:
        return await in_thread(lambda: self._store.get(key))

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        await in_thread(lambda: self._store.set(key, value, ttl=ttl))

    async def delete(self, key: str) -> None:
        await in_thread(lambda: self._store.delete(key))

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        return await in_thread(lambda: self._store.claim(key, owner, lease=lease), unless="claimed")

    async def complete(
        self, key: str, owner: str, *, delivery: qpaykit.Delivery | None = None
    ) -> bool:
        return await in_thread(lambda: self._store.complete(key, owner, delivery=delivery))

    async def release(self, key: str, owner: str) -> None:
        await in_thread(lambda: self._store.release(key, owner))

    async def delivery(self, key: str) -> qpaykit.Delivery | None:
        return await in_thread(lambda: self._store.delivery(key))

    async def deliveries(self, since: datetime | None = None) -> AsyncIterator[qpaykit.Delivery]:
        found = self._store.deliveries(since)
        while batch := await in_thread(lambda: list(islice(found, _BATCH_ROWS))):
            for delivery in batch:
                yield delivery


for _name in _METHODS:
    getattr(Threaded, _name).__doc__ = getattr(Store, _name).__doc__


async def in_thread(call: Callable[[], T], unless: T | None = None) -> T:
    """Run a blocking call in a worker thread to completion; see `run_to_completion`."""
    from anyio import to_thread

    return await run_to_completion(lambda: to_thread.run_sync(call), unless=unless)


class _Shielded:
    """Awaits an async store; calls that write run to completion."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store

    async def get(self, key: str) -> str | None:
        return await self._store.get(key)

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        await run_to_completion(lambda: self._store.set(key, value, ttl=ttl))

    async def delete(self, key: str) -> None:
        await self._store.delete(key)

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        return await run_to_completion(
            lambda: self._store.claim(key, owner, lease=lease), unless="claimed"
        )

    async def complete(
        self, key: str, owner: str, *, delivery: qpaykit.Delivery | None = None
    ) -> bool:
        return await run_to_completion(lambda: self._store.complete(key, owner, delivery=delivery))

    async def release(self, key: str, owner: str) -> None:
        await run_to_completion(lambda: self._store.release(key, owner))

    async def delivery(self, key: str) -> qpaykit.Delivery | None:
        return await self._store.delivery(key)

    def deliveries(self, since: datetime | None = None) -> AsyncIterator[qpaykit.Delivery]:
        return self._store.deliveries(since)
