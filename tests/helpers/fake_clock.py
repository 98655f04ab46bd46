"""A clock that moves only when somebody sleeps."""

from __future__ import annotations

import time


class Clock:
    """Stands in for the module `time` where tokens and stores read it."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
