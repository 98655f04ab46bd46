"""Several small connection pools in place of one large pool."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._fork import reset_after_fork

if TYPE_CHECKING:
    from collections.abc import Callable

S = TypeVar("S")
C = TypeVar("C")

POOL_CONNECTIONS = 5
_MAX_POOLS = 20


class Pool(Generic[S, C]):
    """One connection pool, and the number of requests that use it now.

    Attributes:
        busy: The number of requests that use it now.
        discarded: Whether it gets no further requests.
    """

    def __init__(self, send: S, close: C) -> None:
        self.send = send
        self.close = close
        self.busy = 0
        self.discarded = False


class PoolGroup(Generic[S, C]):
    """The pools of one client; the next is opened when all before it are full.

    httpx's work for a request grows with the square of its pool's size: a thousand requests
    at once take a third of the time over twenty pools of five connections that they take
    over the best single pool.

    Args:
        first: The first pool, already open.
        open_pool: Opens one more; None where the first must stay the only one.
    """

    def __init__(
        self, first: Pool[S, C], open_pool: Callable[[], Pool[S, C]] | None = None
    ) -> None:
        self.opened = [first]
        self._open_pool = open_pool
        self._new_lock()
        reset_after_fork(self, PoolGroup._new_lock)

    def _new_lock(self) -> None:
        self._lock = threading.Lock()

    def acquire(self) -> Pool[S, C]:
        """Take the first pool with a free connection, else a new one, else the least busy one."""
        if self._open_pool is None:
            return self.opened[0]
        with self._lock:
            for pool in self.opened:
                if pool.busy < POOL_CONNECTIONS:
                    break
            else:
                pool = self._add_or_reuse(self._open_pool)
            pool.busy += 1
        return pool

    def release(self, pool: Pool[S, C]) -> bool:
        """Give a pool back; return whether it is discarded and must now be closed."""
        if self._open_pool is None:
            return False
        with self._lock:
            pool.busy -= 1
            return pool.discarded and not pool.busy

    def discard(self, pool: Pool[S, C]) -> None:
        """Give a pool no further requests. The only pool of a group is not discarded."""
        with self._lock:
            if self._open_pool is not None and not pool.discarded:
                pool.discarded = True
                self.opened.remove(pool)

    def _add_or_reuse(self, open_pool: Callable[[], Pool[S, C]]) -> Pool[S, C]:
        if len(self.opened) == _MAX_POOLS:
            return min(self.opened, key=lambda pool: pool.busy)
        pool = open_pool()
        self.opened.append(pool)
        return pool
