"""A store in Redis: for several machines."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

    from qpaykit.stores.protocol import ClaimState

# A claim is a text: "+" when it is done, else the owner; its lease is the key's own expiry.
# Each script is one step for Redis, so that no other client can come between.
_CLAIM = """
local held = redis.call('GET', KEYS[1])
if held == '+' then return 'done' end
if held and held ~= ARGV[1] then return 'held' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'claimed'
"""
_COMPLETE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('SET', KEYS[1], '+')
else redis.call('SET', KEYS[1], '+', 'PX', ARGV[2]) end
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
"""


class _Keys:
    """How both faces name and number things."""

    def __init__(self, url: str, prefix: str, keep: float | None) -> None:
        parts = urlsplit(url)
        self.shown = f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}{parts.path}"
        self._prefix = prefix
        self.keep = "" if keep is None else str(_milliseconds(keep))

    def value(self, key: str) -> str:
        return f"{self._prefix}value:{key}"

    def claim(self, key: str) -> str:
        return f"{self._prefix}claim:{key}"


class RedisStore:
    """Keeps the token and the delivered callbacks in Redis, for the processes of many machines.

    Let Redis write to disk (`appendonly yes`), and let it evict nothing
    (`maxmemory-policy noeviction`): a delivery that it forgets is made again.

    Args:
        url: Where Redis is, such as "rediss://user:password@host:6379/0".
        prefix: What every key begins with.
        keep: Seconds for which a completed delivery is remembered; for good when None.

    Raises:
        ImportError: The extra `redis` is missing.
    """

    blocking = True

    def __init__(self, url: str, *, prefix: str = "qpaykit:", keep: float | None = None) -> None:
        try:
            from redis import Redis
        except ModuleNotFoundError as error:
            raise _missing() from error
        self._redis: Redis = Redis.from_url(url, decode_responses=True)
        self._keys = _Keys(url, prefix, keep)
        self._claim = self._redis.register_script(_CLAIM)
        self._complete = self._redis.register_script(_COMPLETE)
        self._release = self._redis.register_script(_RELEASE)

    def __repr__(self) -> str:
        return f"RedisStore({self._keys.shown!r})"

    def get(self, key: str) -> str | None:
        """Return the value of `key`, or None where there is none or its time is over."""
        return _text(self._redis.get(self._keys.value(key)))

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep `value` under `key`, for `ttl` seconds or for good."""
        lasts = None if ttl is None else _milliseconds(ttl)
        self._redis.set(self._keys.value(key), value, px=lasts)

    def delete(self, key: str) -> None:
        """Forget the value of `key`, if there is one."""
        self._redis.delete(self._keys.value(key))

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """Try to become the owner of `key` for `lease` seconds; see `Store.claim`."""
        return _state(self._claim([self._keys.claim(key)], [owner, _milliseconds(lease)]))

    def complete(self, key: str, owner: str) -> bool:
        """Mark `key` as done, if `owner` still holds it; say whether it did."""
        return bool(self._complete([self._keys.claim(key)], [owner, self._keys.keep]))

    def release(self, key: str, owner: str) -> None:
        """Give `key` back, if `owner` still holds it."""
        self._release([self._keys.claim(key)], [owner])

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()


class AsyncRedisStore:
    """A `RedisStore` whose methods are awaited, on asyncio."""

    def __init__(self, url: str, *, prefix: str = "qpaykit:", keep: float | None = None) -> None:
        try:
            from redis.asyncio import Redis
        except ModuleNotFoundError as error:
            raise _missing() from error
        self._redis: AsyncRedis = Redis.from_url(url, decode_responses=True)
        self._keys = _Keys(url, prefix, keep)
        self._claim = self._redis.register_script(_CLAIM)
        self._complete = self._redis.register_script(_COMPLETE)
        self._release = self._redis.register_script(_RELEASE)

    def __repr__(self) -> str:
        return f"AsyncRedisStore({self._keys.shown!r})"

    async def get(self, key: str) -> str | None:
        """See `RedisStore.get`."""
        return _text(await self._redis.get(self._keys.value(key)))

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """See `RedisStore.set`."""
        lasts = None if ttl is None else _milliseconds(ttl)
        await self._redis.set(self._keys.value(key), value, px=lasts)

    async def delete(self, key: str) -> None:
        """See `RedisStore.delete`."""
        await self._redis.delete(self._keys.value(key))

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """See `RedisStore.claim`."""
        return _state(await self._claim([self._keys.claim(key)], [owner, _milliseconds(lease)]))

    async def complete(self, key: str, owner: str) -> bool:
        """See `RedisStore.complete`."""
        return bool(await self._complete([self._keys.claim(key)], [owner, self._keys.keep]))

    async def release(self, key: str, owner: str) -> None:
        """See `RedisStore.release`."""
        await self._release([self._keys.claim(key)], [owner])

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _state(answer: object) -> ClaimState:
    if answer == "claimed":
        return "claimed"
    return "done" if answer == "done" else "held"


def _missing() -> ImportError:
    return ImportError('this store needs redis-py: pip install "qpaykit[redis]"')
