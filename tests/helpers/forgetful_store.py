"""A store whose values a test can delete, as when it was emptied or evicted keys."""

from __future__ import annotations

from qpaykit import MemoryStore


class ForgetfulStore(MemoryStore):
    """Deletes its values in `forget`, and keeps its deliveries."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: set[str] = set()

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep a value, and remember its key."""
        self._keys.add(key)
        super().set(key, value, ttl=ttl)

    def forget(self, prefix: str = "") -> None:
        """Delete the values whose keys begin with `prefix`."""
        for key in self._keys:
            if key.startswith(prefix):
                self.delete(key)
