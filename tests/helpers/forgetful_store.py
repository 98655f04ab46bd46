"""A store that loses what it knew, as one that was emptied or evicted keys."""

from __future__ import annotations

from qpaykit import MemoryStore


class ForgetfulStore(MemoryStore):
    """Forgets its values when it is told to; its deliveries it keeps."""

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
