"""Several small pools of connections in place of a large one."""

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
    """One pool of connections, and how many requests are under way on it."""

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
        first: The pool that is there from the start.
        another: Opens one more; None where there can be no other.
    """

    def __init__(self, first: Pool[S, C], another: Callable[[], Pool[S, C]] | None = None) -> None:
        self.opened = [first]
        self._another = another
        self._unlock()
        reset_after_fork(self, PoolGroup._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()

    def acquire(self) -> Pool[S, C]:
        """Take the first pool with a connection to spare, or else the least busy one."""
        if self._another is None:
            return self.opened[0]
        with self._lock:
            for pool in self.opened:
                if pool.busy < POOL_CONNECTIONS:
                    break
            else:
                pool = self._widened(self._another)
            pool.busy += 1
        return pool

    def release(self, pool: Pool[S, C]) -> bool:
        """Give a pool back; say whether it was retired and this was its last request."""
        if self._another is None:
            return False
        with self._lock:
            pool.busy -= 1
            return pool.discarded and not pool.busy

    def discard(self, pool: Pool[S, C]) -> None:
        """Let a pool's requests end, and give it no new ones; where there is no other, keep it."""
        with self._lock:
            if self._another is not None and not pool.discarded:
                pool.discarded = True
                self.opened.remove(pool)

    def _widened(self, another: Callable[[], Pool[S, C]]) -> Pool[S, C]:
        if len(self.opened) == _MAX_POOLS:
            return min(self.opened, key=lambda pool: pool.busy)
        pool = another()
        self.opened.append(pool)
        return pool
