"""A store in this process's memory: the default, gone when the process ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from pydantic import SecretStr

import qpaykit
from qpaykit._fork import reset_after_fork
from qpaykit._local_time import aware
from qpaykit.stores.protocol import ClaimState

_DROP_EXPIRED_EVERY_WRITES = 1024
_MAX_CLAIMS = 100_000
_MAX_VALUES = 100_000


# Plain classes: making a dataclass takes as long as importing a small module.
class _Value:
    __slots__ = ("text", "until")

    def __init__(self, text: SecretStr, until: float | None) -> None:
        self.text = text
        self.until = until


class _Claim:
    __slots__ = ("delivery", "owner", "until")

    def __init__(self, owner: str, until: float | None) -> None:
        self.owner = owner
        self.until = until
        self.delivery: qpaykit.Delivery | None = None


class MemoryStore:
    """Keeps the token and the delivered callbacks of one process.

    It never blocks, so it serves the sync and the async client alike. What was
    delivered is forgotten when the process ends: a shop with more than one process, or
    one that restarts while orders are open, needs `SQLiteStore` or `RedisStore`. It keeps
    the last 100,000 deliveries.
    """

    blocking = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, _Value] = {}
        self._claims: dict[str, _Claim] = {}
        self._writes = 0
        reset_after_fork(self, MemoryStore._reset_in_child)

    def _reset_in_child(self) -> None:
        self._lock = threading.Lock()
        for key in [key for key, held in self._claims.items() if held.until is not None]:
            del self._claims[key]

    def __repr__(self) -> str:
        return "MemoryStore()"

    def get(self, key: str) -> str | None:
        """Return the value of `key`, or None where there is none or it has expired."""
        with self._lock:
            value = self._values.get(key)
            if value is None or _has_expired(value.until):
                return None
            return value.text.get_secret_value()

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep `value` under `key`, for `ttl` seconds or without a limit."""
        with self._lock:
            self._drop_expired()
            until = None if ttl is None else time.monotonic() + ttl
            if len(self._values) >= _MAX_VALUES and key not in self._values:
                self._drop_oldest_values()
            self._values[key] = _Value(SecretStr(value), until)

    def delete(self, key: str) -> None:
        """Delete the value of `key`, if there is one."""
        with self._lock:
            self._values.pop(key, None)

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """Try to become the owner of `key` for `lease` seconds; see `Store.claim`."""
        with self._lock:
            held = self._claims.get(key)
            if held is not None:
                if held.until is None:
                    return "done"
                if held.owner != owner and not _has_expired(held.until):
                    return "held"
            if len(self._claims) >= _MAX_CLAIMS:
                self._drop_oldest_claims()
            self._claims[key] = _Claim(owner, time.monotonic() + lease)
            return "claimed"

    def complete(self, key: str, owner: str, *, delivery: qpaykit.Delivery | None = None) -> bool:
        """Mark `key` as done, if `owner` still holds it; return whether it did."""
        with self._lock:
            held = self._claims.get(key)
            if held is None or held.owner != owner or held.until is None:
                return False
            held.until = None
            held.delivery = delivery
            return True

    def release(self, key: str, owner: str) -> None:
        """Release `key`, if `owner` still holds it."""
        with self._lock:
            held = self._claims.get(key)
            if held is not None and held.owner == owner and held.until is not None:
                del self._claims[key]

    def delivery(self, key: str) -> qpaykit.Delivery | None:
        """Return the record of the delivery `key`, or None where there is none."""
        with self._lock:
            held = self._claims.get(key)
            return None if held is None else held.delivery

    def deliveries(self, since: datetime | None = None) -> Iterator[qpaykit.Delivery]:
        """Iterate over the records of deliveries, oldest first; see `Store.deliveries`."""
        with self._lock:
            found = [held.delivery for held in self._claims.values() if held.delivery is not None]
        first = None if since is None else aware(since)
        found.sort(key=lambda delivery: delivery.delivered_at)
        return (one for one in found if first is None or one.delivered_at >= first)

    def _drop_oldest_values(self) -> None:
        # Values without a ttl are no tokens; the oldest of them are dropped.
        for_good = (key for key, value in self._values.items() if value.until is None)
        for key in list(islice(for_good, _MAX_VALUES // 10)):
            del self._values[key]

    def _drop_oldest_claims(self) -> None:
        for key in list(islice(self._claims, _MAX_CLAIMS // 10)):
            if self._claims[key].until is None or _has_expired(self._claims[key].until):
                del self._claims[key]

    def _drop_expired(self) -> None:
        self._writes += 1
        if self._writes % _DROP_EXPIRED_EVERY_WRITES == 0:
            for key in [key for key, value in self._values.items() if _has_expired(value.until)]:
                del self._values[key]


def _has_expired(until: float | None) -> bool:
    return until is not None and time.monotonic() >= until
