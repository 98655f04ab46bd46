"""Best-effort access to the store, for the token: failures never fail a call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from qpaykit._escaping import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from qpaykit.stores.protocol import AsyncStore, ClaimState

T = TypeVar("T")

STORE_COOLDOWN_SECONDS = 10.0

_logger = get_logger("qpaykit.tokens")


class StoreUnavailableError(Exception):
    """The store failed, or is in its cooldown after a failure."""


class BestEffortStore:
    """Reads and writes the token; a failure is logged and starts a 10 s cooldown.

    In the cooldown the store is not read, because a store that hangs would delay each call by its
    timeout. Writes are always tried.
    """

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._cooldown_ends = 0.0

    async def get(self, key: str) -> str | None:
        """See `Store.get`.

        Raises:
            StoreUnavailableError: The store could not be asked.
        """
        self._check_cooldown()
        return await self._try(lambda: self._store.get(key))

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState | None:
        """See `Store.claim`; None where the store could not be asked."""
        try:
            self._check_cooldown()
            return await self._try(lambda: self._store.claim(key, owner, lease=lease))
        except StoreUnavailableError:
            return None

    async def set(self, key: str, value: str, *, ttl: float) -> None:
        """See `Store.set`."""
        try:
            await self._try(lambda: self._store.set(key, value, ttl=ttl))
        except StoreUnavailableError:
            return

    async def release(self, key: str, owner: str) -> None:
        """See `Store.release`."""
        try:
            await self._try(lambda: self._store.release(key, owner))
        except StoreUnavailableError:
            return

    async def delete(self, key: str) -> None:
        """See `Store.delete`. The store's errors pass, because the value may still be there."""
        await self._store.delete(key)

    def _check_cooldown(self) -> None:
        if time.monotonic() < self._cooldown_ends:
            raise StoreUnavailableError

    async def _try(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            result = await call()
        except Exception as error:  # noqa: BLE001 (a store may be anything)
            # Its text may hold the token: SQLAlchemy's repeats the parameters of the statement.
            _logger.warning(
                "The store failed (%s). The token is kept in memory, and the store is not read for "
                "%g s.",
                _name_of(error),
                STORE_COOLDOWN_SECONDS,
            )
            self._cooldown_ends = time.monotonic() + STORE_COOLDOWN_SECONDS
            raise StoreUnavailableError from None
        self._cooldown_ends = 0.0
        return result


def _name_of(error: Exception) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"
