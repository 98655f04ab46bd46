"""The deadline of one attempt, shared by connect, write and read."""

from __future__ import annotations

import time

MIN_TIMEOUT_SECONDS = 0.001


class Seconds(float):
    """A timeout in seconds that carries the deadline it was computed from."""

    deadline: float


class Deadline(dict[str, float]):
    """The `timeout` extension of one attempt: each phase gets the seconds that are left.

    Args:
        timeout: Seconds that the attempt may take.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._deadline = time.monotonic() + timeout

    def seconds(self) -> float:
        """Return the seconds that are left; 0 or less when the deadline has passed."""
        return self._deadline - time.monotonic()

    def get(self, key: str, default: object = None, /) -> Seconds:
        del key, default
        left = Seconds(max(self.seconds(), MIN_TIMEOUT_SECONDS))
        left.deadline = self._deadline
        return left

    __missing__ = get
