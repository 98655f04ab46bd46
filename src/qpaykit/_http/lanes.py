"""Several small pools of connections in place of a large one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._forks import in_forked_child

if TYPE_CHECKING:
    from collections.abc import Callable

S = TypeVar("S")
C = TypeVar("C")

LANE_CONNECTIONS = 5
_MOST_LANES = 20


class Lane(Generic[S, C]):
    """One pool of connections, and how many requests are under way on it."""

    def __init__(self, send: S, close: C) -> None:
        self.send = send
        self.close = close
        self.busy = 0
        self.retired = False


class Lanes(Generic[S, C]):
    """The lanes of one client; the next is opened when all before it are full.

    httpx's work for a request grows with the square of its pool's size: a thousand requests
    at once take a third of the time over twenty pools of five connections that they take
    over the best single pool.

    Args:
        first: The lane that is there from the start.
        another: Opens one more; None where there can be no other.
    """

    def __init__(self, first: Lane[S, C], another: Callable[[], Lane[S, C]] | None = None) -> None:
        self.opened = [first]
        self._another = another
        self._unlock()
        in_forked_child(self, Lanes._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()

    def enter(self) -> Lane[S, C]:
        """Take the first lane with a connection to spare, or else the least busy one."""
        if self._another is None:
            return self.opened[0]
        with self._lock:
            for lane in self.opened:
                if lane.busy < LANE_CONNECTIONS:
                    break
            else:
                lane = self._widened(self._another)
            lane.busy += 1
        return lane

    def leave(self, lane: Lane[S, C]) -> bool:
        """Give a lane back; say whether it was retired and this was its last request."""
        if self._another is None:
            return False
        with self._lock:
            lane.busy -= 1
            return lane.retired and not lane.busy

    def retire(self, lane: Lane[S, C]) -> None:
        """Let a lane's requests end, and give it no new ones; where there is no other, keep it."""
        with self._lock:
            if self._another is not None and not lane.retired:
                lane.retired = True
                self.opened.remove(lane)

    def _widened(self, another: Callable[[], Lane[S, C]]) -> Lane[S, C]:
        if len(self.opened) == _MOST_LANES:
            return min(self.opened, key=lambda lane: lane.busy)
        lane = another()
        self.opened.append(lane)
        return lane
