"""A store in Redis: for several machines."""

from __future__ import annotations

import re
import weakref
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypedDict

from pydantic import SecretStr

from qpaykit._local_time import aware
from qpaykit._loops import PerLoop, running_loop
from qpaykit._store_keys import DELIVERY_PREFIX
from qpaykit.config import wrap_secret
from qpaykit.errors import ConfigurationError
from qpaykit.stores.delivery import Delivery
from qpaykit.stores.protocol import ClaimState

# The extra is needed where a store is made; without it, its types alone are missing.
with suppress(ImportError):
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

# A claim is a text: "+" and the record of the delivery when it is done, else "=" and the owner;
# its lease is the key's own expiry.
# Redis runs each script atomically.
_CLAIM = """
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 1) == '+' then return 'done' end
if held and held ~= ARGV[1] then return 'held' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'claimed'
"""
# An owner whose lease has expired may still complete, unless another owner has claimed the key.
_COMPLETE = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
local done = '+' .. ARGV[3]
if ARGV[2] == '' then redis.call('SET', KEYS[1], done)
else redis.call('SET', KEYS[1], done, 'PX', ARGV[2]) end
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
"""
# Without a timeout, redis-py 5 waits forever for a Redis that does not answer.
SOCKET_TIMEOUT_SECONDS = 3.0
_SCAN_COUNT = 500


class _Timeouts(TypedDict, total=False):
    socket_timeout: float
    socket_connect_timeout: float


class _Keys:
    """The keys and expiry times of both stores."""

    def __init__(self, place: str, prefix: str, keep: float | None) -> None:
        if keep is not None and keep <= 0:
            raise ConfigurationError(
                "keep must be above 0 s, or None to keep deliveries without a limit"
            )
        self.shown = place
        self._prefix = prefix
        self.keep = "" if keep is None else str(_milliseconds(keep))
        self._keep = keep
        self.deliveries = f"{_escape_glob(prefix)}claim:{DELIVERY_PREFIX}*"

    def expires_in_ms(self, ttl: float | None) -> int | None:
        """Return milliseconds until a value expires; those of deliveries without a `ttl`."""
        seconds = self._keep if ttl is None else ttl
        return None if seconds is None else _milliseconds(seconds)

    def value(self, key: str) -> str:
        return f"{self._prefix}value:{key}"

    def claim(self, key: str) -> str:
        return f"{self._prefix}claim:{key}"


class RedisStore:
    """Keeps the token and the delivered callbacks in Redis, for the processes of many machines.

    Let Redis write to disk (`appendonly yes`), and let it evict nothing
    (`maxmemory-policy noeviction`): a delivery that it loses is made again.

    Args:
        url: Where Redis is, such as "rediss://user:password@host:6379/0". It is given 3 s to
            connect and to answer; `?socket_timeout=…&socket_connect_timeout=…` change that.
        client: A client of redis-py in place of `url`; it is used, and not closed.
        prefix: What every key begins with.
        keep: Seconds for which a completed delivery is remembered; without a limit when None.

    Raises:
        ConfigurationError: The URL cannot be read, `keep` is not above 0, or not just one
            of `url` and `client` was given.
        ImportError: The extra `redis` is missing.
    """

    blocking = True

    def __init__(
        self,
        url: str | None = None,
        *,
        client: Redis | None = None,
        prefix: str = "qpaykit:",
        keep: float | None = None,
    ) -> None:
        hidden = wrap_secret(url)
        del url
        try:
            import redis  # noqa: F401
        except ModuleNotFoundError as error:
            raise _missing() from error
        _only_one(hidden, client)
        self._own = client is None
        self._redis: Redis = _redis_at(hidden) if client is None else client
        self._keys = _Keys(_shown(self._redis.connection_pool.connection_kwargs), prefix, keep)
        self._claim = self._redis.register_script(_CLAIM)
        self._complete = self._redis.register_script(_COMPLETE)
        self._release = self._redis.register_script(_RELEASE)

    def __repr__(self) -> str:
        return f"RedisStore({self._keys.shown})"

    def get(self, key: str) -> str | None:
        """Return the value of `key`, or None where there is none or it has expired."""
        return _text(self._redis.get(self._keys.value(key)))

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep `value` under `key`, for `ttl` seconds or as long as deliveries are kept."""
        expires_in = self._keys.expires_in_ms(ttl)
        self._redis.set(self._keys.value(key), value, px=expires_in)

    def delete(self, key: str) -> None:
        """Delete the value of `key`, if there is one."""
        self._redis.delete(self._keys.value(key))

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """Try to become the owner of `key` for `lease` seconds; see `Store.claim`."""
        with self._leaving_replicas():
            given: list[str | int] = [_held_by(owner), _milliseconds(lease)]
            return _state(self._claim([self._keys.claim(key)], given))

    def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        """Mark `key` as done, if `owner` still holds it; return whether it did."""
        done = [_held_by(owner), self._keys.keep, _record(delivery)]
        with self._leaving_replicas():
            return bool(self._complete([self._keys.claim(key)], done))

    def release(self, key: str, owner: str) -> None:
        """Release `key`, if `owner` still holds it."""
        self._release([self._keys.claim(key)], [_held_by(owner)])

    def delivery(self, key: str) -> Delivery | None:
        """Return the record of the delivery `key`, or None where there is none."""
        return _delivery(self._redis.get(self._keys.claim(key)))

    def deliveries(self, since: datetime | None = None) -> Iterator[Delivery]:
        """Iterate over the records of deliveries, oldest first; see `Store.deliveries`.

        Redis keeps no order, so all of them are read before the first is given.
        """
        found: list[Delivery | None] = []
        keys = self._redis.scan_iter(match=self._keys.deliveries, count=_SCAN_COUNT)
        while batch := list(islice(keys, _SCAN_COUNT)):
            found.extend(map(_delivery, self._redis.mget(batch)))
        yield from _ordered(found, since)

    @contextmanager
    def _leaving_replicas(self) -> Iterator[None]:
        """Close the connections to a master that has become a replica."""
        from redis.exceptions import ResponseError

        try:
            yield
        except ResponseError as error:
            if not _is_of_replica(error):
                raise
            self._redis.connection_pool.disconnect()
            raise

    def close(self) -> None:
        """Close the connections, unless the client was handed in."""
        if self._own:
            self._redis.close()


class AsyncRedisStore:
    """A `RedisStore` whose methods are awaited, on asyncio.

    It serves event loops one after another, and keeps nothing of one that is closed.

    Args:
        url: Where Redis is, such as "rediss://user:password@host:6379/0". It is given 3 s to
            connect and to answer; `?socket_timeout=…&socket_connect_timeout=…` change that.
        client: A client of redis.asyncio in place of `url`; it is used, and not closed. It serves
            the event loop on which it is first used, and no other.
        prefix: What every key begins with.
        keep: Seconds for which a completed delivery is remembered; without a limit when None.

    Raises:
        ConfigurationError: The URL cannot be read, `keep` is not above 0, not just one of `url`
            and `client` was given, or `client` is used on a second event loop.
        ImportError: The extra `redis` is missing.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        client: AsyncRedis | None = None,
        prefix: str = "qpaykit:",
        keep: float | None = None,
    ) -> None:
        hidden = wrap_secret(url)
        del url
        try:
            import redis.asyncio  # noqa: F401
        except ModuleNotFoundError as error:
            raise _missing() from error
        _only_one(hidden, client)
        self._keys = _Keys(_place_of(hidden, client), prefix, keep)
        self._given = None if client is None else _OnOneLoop(_Connected(client))
        self._own: PerLoop[_Connected] = PerLoop(partial(_connected, hidden), _disconnect)

    def __repr__(self) -> str:
        return f"AsyncRedisStore({self._keys.shown})"

    async def get(self, key: str) -> str | None:
        """See `RedisStore.get`."""
        connected = await self._connected()
        return _text(await connected.redis.get(self._keys.value(key)))

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """See `RedisStore.set`."""
        connected = await self._connected()
        await connected.redis.set(self._keys.value(key), value, px=self._keys.expires_in_ms(ttl))

    async def delete(self, key: str) -> None:
        """See `RedisStore.delete`."""
        connected = await self._connected()
        await connected.redis.delete(self._keys.value(key))

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """See `RedisStore.claim`."""
        connected = await self._connected()
        given: list[str | int] = [_held_by(owner), _milliseconds(lease)]
        async with connected.leaving_replicas():
            return _state(await connected.claim([self._keys.claim(key)], given))

    async def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        """See `RedisStore.complete`."""
        connected = await self._connected()
        done = [_held_by(owner), self._keys.keep, _record(delivery)]
        async with connected.leaving_replicas():
            return bool(await connected.complete([self._keys.claim(key)], done))

    async def release(self, key: str, owner: str) -> None:
        """See `RedisStore.release`."""
        connected = await self._connected()
        await connected.release([self._keys.claim(key)], [_held_by(owner)])

    async def delivery(self, key: str) -> Delivery | None:
        """See `RedisStore.delivery`."""
        connected = await self._connected()
        return _delivery(await connected.redis.get(self._keys.claim(key)))

    async def deliveries(self, since: datetime | None = None) -> AsyncIterator[Delivery]:
        """See `RedisStore.deliveries`."""
        redis = (await self._connected()).redis
        found: list[Delivery | None] = []
        batch: list[str | bytes] = []
        async for key in redis.scan_iter(match=self._keys.deliveries, count=_SCAN_COUNT):
            batch.append(key)
            if len(batch) == _SCAN_COUNT:
                found.extend(map(_delivery, await redis.mget(batch)))
                batch = []
        if batch:
            found.extend(map(_delivery, await redis.mget(batch)))
        for delivery in _ordered(found, since):
            yield delivery

    async def aclose(self) -> None:
        """Close the connections of the running event loop, unless the client was handed in."""
        await self._own.aclose()

    async def _connected(self) -> _Connected:
        return await self._own.get() if self._given is None else self._given.get()


class _Connected:
    """A client of redis.asyncio with the scripts."""

    def __init__(self, redis: AsyncRedis) -> None:
        self.redis = redis
        self.claim = redis.register_script(_CLAIM)
        self.complete = redis.register_script(_COMPLETE)
        self.release = redis.register_script(_RELEASE)

    @asynccontextmanager
    async def leaving_replicas(self) -> AsyncIterator[None]:
        """Close the connections to a master that has become a replica."""
        from redis.exceptions import ResponseError

        try:
            yield
        except ResponseError as error:
            if not _is_of_replica(error):
                raise
            await self.redis.connection_pool.disconnect()
            raise


class _OnOneLoop:
    """A client that was handed in, whose connections belong to one event loop."""

    def __init__(self, connected: _Connected) -> None:
        self._connected = connected
        self._loop: weakref.ref[object] | None = None

    def get(self) -> _Connected:
        loop = running_loop()
        if self._loop is None:
            self._loop = weakref.ref(loop)
        elif self._loop() is not loop:
            raise ConfigurationError(
                "the client that AsyncRedisStore was given belongs to another event loop: give "
                "the store a url in its place, or make a store in each event loop"
            )
        return self._connected


def _connected(url: SecretStr | None) -> _Connected:
    from redis.asyncio import Redis

    if url is None:
        raise _not_just_one()
    return _Connected(Redis.from_url(url.get_secret_value(), **_timeouts(url.get_secret_value())))


async def _disconnect(connected: _Connected) -> None:
    await connected.redis.aclose()


def _place_of(url: SecretStr | None, client: AsyncRedis | None) -> str:
    from redis.connection import parse_url

    if client is not None:
        return _shown(client.connection_pool.connection_kwargs)
    if url is None:
        raise _not_just_one()
    try:
        place = _shown(parse_url(url.get_secret_value()))  # type: ignore[no-untyped-call]
    except ValueError:
        unreadable = _unreadable()
    else:
        return place
    raise unreadable


def _shown(settings: Mapping[str, object]) -> str:
    """Describe a Redis without its password."""
    host, port = settings.get("host", "localhost"), settings.get("port", 6379)
    return f"{settings.get('path') or f'{host}:{port}'}, db={settings.get('db') or 0}"


def _timeouts(url: str) -> _Timeouts:
    # redis-py prefers the timeouts that the URL names.
    timeouts: _Timeouts = {"socket_timeout": SOCKET_TIMEOUT_SECONDS}
    if not url.startswith("unix:"):
        timeouts["socket_connect_timeout"] = SOCKET_TIMEOUT_SECONDS
    return timeouts


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _held_by(owner: str) -> str:
    return f"={owner}"


def _text(value: object) -> str | None:
    # A client that was handed in may return bytes. What is not UTF-8 was not written by qpaykit.
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else None


def _record(delivery: Delivery | None) -> str:
    return "" if delivery is None else delivery.to_json()


def _delivery(value: object) -> Delivery | None:
    text = _text(value)
    return Delivery.from_json(text[1:]) if text and text.startswith("+") else None


def _ordered(found: Iterable[Delivery | None], since: datetime | None) -> list[Delivery]:
    first = None if since is None else aware(since)
    kept = [one for one in found if one and (first is None or one.delivered_at >= first)]
    return sorted(kept, key=lambda one: one.delivered_at)


def _escape_glob(text: str) -> str:
    return re.sub(r"([*?\[\]^\\])", r"\\\1", text)


def _state(answer: object) -> ClaimState:
    state = _text(answer)
    if state == "claimed":
        return "claimed"
    return "done" if state == "done" else "held"


def _is_of_replica(error: Exception) -> bool:
    # Redis before 7 wraps the answer of a script in an error of its own.
    return type(error).__name__ == "ReadOnlyError" or "READONLY" in str(error)


def _redis_at(url: SecretStr | None) -> Redis:
    from redis import Redis

    if url is None:
        raise _not_just_one()
    try:
        return Redis.from_url(url.get_secret_value(), **_timeouts(url.get_secret_value()))
    except ValueError:
        unreadable = _unreadable()
    raise unreadable


def _only_one(url: SecretStr | None, client: object) -> None:
    if (url is None) == (client is None):
        raise _not_just_one()


def _not_just_one() -> ConfigurationError:
    return ConfigurationError("give the store either a url or a client of redis-py")


def _unreadable() -> ConfigurationError:
    # The message of redis-py may quote a part of the password.
    return ConfigurationError(
        "the URL of Redis cannot be read: write redis://user:password@host:6379/0 (or rediss://, "
        "unix://), with what is special in the password percent-encoded"
    )


def _missing() -> ImportError:
    return ImportError('this store needs redis-py: pip install "qpaykit[redis]"')
