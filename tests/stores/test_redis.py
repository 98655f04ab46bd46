"""What Redis's store does in threads, processes and accidents; the rest is in test_stores.py."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import anyio
import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import ConnectionError as RedisConnectionError

from helpers.store_processes import race
from qpaykit import AsyncRedisStore, ConfigurationError, RedisStore

BOTH = [RedisStore, AsyncRedisStore]


def test_of_sixty_four_threads_one_gets_the_claim(redis_url: str) -> None:
    store = RedisStore(redis_url, prefix=f"{uuid.uuid4()}:")
    gate = threading.Barrier(64)

    def claim(n: int) -> str:
        gate.wait(30)
        return store.claim("k", str(n), lease=60)

    with ThreadPoolExecutor(64) as pool:
        states = list(pool.map(claim, range(64)))
    store.close()
    assert states.count("claimed") == 1
    assert states.count("held") == 63


@pytest.mark.nightly
def test_of_eight_processes_one_gets_each_claim(redis_url: str) -> None:
    keys = [str(uuid.uuid4()) for _ in range(25)]
    with get_context("spawn").Pool(8) as pool:
        won = pool.starmap(race, [("redis", redis_url, keys, str(n)) for n in range(8)], 1)
    assert sum(won) == len(keys)


@pytest.mark.parametrize("decodes", [True, False])
def test_a_client_that_was_handed_in_is_used_and_not_closed(redis_url: str, decodes: bool) -> None:
    prefix = f"{uuid.uuid4()}:"
    with Redis.from_url(redis_url, decode_responses=decodes) as client:
        store = RedisStore(client=client, prefix=prefix)
        store.set("k", "утга")
        assert store.get("k") == "утга"
        assert store.claim("c", "a", lease=60) == "claimed"
        assert store.claim("c", "b", lease=60) == "held"
        assert store.complete("c", "a") is True
        assert store.claim("c", "b", lease=60) == "done"
        connection = client.client_id()
        store.close()
        assert client.client_id() == connection


def test_an_async_client_that_was_handed_in_is_used_and_not_closed(redis_url: str) -> None:
    async def scenario() -> None:
        client = AsyncRedis.from_url(redis_url)
        store = AsyncRedisStore(client=client, prefix=f"{uuid.uuid4()}:")
        assert await store.claim("c", "a", lease=60) == "claimed"
        assert await store.claim("c", "b", lease=60) == "held"
        connection = await client.client_id()
        await store.aclose()
        assert await client.client_id() == connection
        await client.aclose()

    anyio.run(scenario)


def test_a_client_that_was_handed_in_is_refused_on_a_second_event_loop(redis_url: str) -> None:
    client: Any = AsyncRedis.from_url(redis_url)
    store = AsyncRedisStore(client=client, prefix=f"{uuid.uuid4()}:")

    async def use() -> str | None:
        await store.set("k", "v")
        found = await store.get("k")
        await client.aclose()
        return found

    assert anyio.run(use) == "v"
    with pytest.raises(ConfigurationError, match="another event loop"):
        anyio.run(use)


def test_leases_and_times_are_kept_by_the_server(redis_url: str) -> None:
    prefix = f"{uuid.uuid4()}:"
    store = RedisStore(redis_url, prefix=prefix)
    store.claim("c", "a", lease=60)
    store.set("v", "text", ttl=30)
    with Redis.from_url(redis_url) as client:
        assert 59_000 < client.pttl(f"{prefix}claim:c") <= 60_000
        assert 29_000 < client.pttl(f"{prefix}value:v") <= 30_000
        store.complete("c", "a")
        assert client.pttl(f"{prefix}claim:c") == -1
    store.close()


@pytest.mark.parametrize("kind", BOTH)
def test_the_connections_of_a_url_end_with_the_store(kind: Any, redis_url: str) -> None:
    name = f"client-{uuid.uuid4()}"
    store = kind(f"{redis_url}?client_name={name}")

    with Redis.from_url(redis_url, decode_responses=True) as watching:

        def connections() -> int:
            return sum(one["name"] == name for one in watching.client_list())

        async def main() -> None:
            await store.get("k")
            assert connections() == 1
            await store.aclose()

        if kind is AsyncRedisStore:
            anyio.run(main)
        else:
            store.get("k")
            assert connections() == 1
            store.close()
        ends = time.monotonic() + 5
        while connections() and time.monotonic() < ends:
            time.sleep(0.01)
        assert connections() == 0


def test_the_sync_and_the_async_store_find_each_others_keys(redis_url: str) -> None:
    name = f"{uuid.uuid4()}"
    store = RedisStore(redis_url)
    store.set(name, "v")
    store.claim(name, "a", lease=60)

    async def main() -> tuple[str | None, str]:
        twin = AsyncRedisStore(redis_url)
        found = await twin.get(name), await twin.claim(name, "b", lease=60)
        await twin.aclose()
        return found

    assert anyio.run(main) == ("v", "held")
    with Redis.from_url(redis_url, decode_responses=True) as client:
        keys = {f"qpaykit:value:{name}", f"qpaykit:claim:{name}"}
        assert set(client.scan_iter(match=f"*{name}")) == keys
        client.delete(*keys)
    store.close()


@pytest.mark.parametrize("keep", [None, 0.5])
def test_a_value_without_an_end_is_kept_as_long_as_deliveries_are(
    redis_url: str, keep: float | None
) -> None:
    prefix = f"{uuid.uuid4()}:"
    store = RedisStore(redis_url, prefix=prefix, keep=keep)
    store.set("v", "text")
    with Redis.from_url(redis_url) as client:
        lasts = client.pttl(f"{prefix}value:v")
        assert 0 < lasts <= 500 if keep else lasts == -1
    store.close()


def test_the_shortest_time_is_a_millisecond(redis_url: str) -> None:
    store = RedisStore(redis_url, prefix=f"{uuid.uuid4()}:")
    assert store.claim("c", "a", lease=0.0001) == "claimed"
    store.set("v", "text", ttl=0.0001)
    store.close()


def test_a_server_that_forgot_the_scripts_is_told_them_again(redis_url: str) -> None:
    store = RedisStore(redis_url, prefix=f"{uuid.uuid4()}:")
    store.claim("c", "a", lease=60)
    with Redis.from_url(redis_url) as client:
        client.script_flush()
    assert store.complete("c", "a") is True
    store.close()


def test_an_owner_may_have_any_name(redis_url: str) -> None:
    store = RedisStore(redis_url, prefix=f"{uuid.uuid4()}:")
    for owner in ("+", "=", "", "=a"):
        key = f"of {owner}"
        assert store.claim(key, owner, lease=60) == "claimed"
        assert store.claim(key, "a", lease=60) == "held"
        assert store.complete(key, owner) is True
    store.close()


def test_stores_with_different_prefixes_do_not_meet(redis_url: str) -> None:
    one, other = (RedisStore(redis_url, prefix=f"{uuid.uuid4()}:") for _ in range(2))
    one.set("k", "v")
    one.claim("c", "a", lease=60)
    assert other.get("k") is None
    assert other.claim("c", "b", lease=60) == "claimed"
    one.close()
    other.close()


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "url", ["redis://:s3/cr3t@127.0.0.1:1/0", "http://u:s3cr3t@127.0.0.1:1", "s3cr3t"]
)
def test_a_url_that_cannot_be_read_is_refused_without_showing_it(kind: Any, url: str) -> None:
    with pytest.raises(ConfigurationError, match="percent-encoded") as refused:
        kind(url)
    assert refused.value.__context__ is None
    assert "s3" not in str(refused.value)


@pytest.mark.parametrize("kind", BOTH)
def test_a_url_and_a_client_exclude_each_other(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match="either"):
        kind()
    with pytest.raises(ConfigurationError, match="either"):
        kind("redis://127.0.0.1:1/0", client=object())


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("keep", [0, -1])
def test_deliveries_cannot_be_kept_for_no_time(kind: Any, keep: float) -> None:
    with pytest.raises(ConfigurationError, match="keep"):
        kind("redis://127.0.0.1:1/0", keep=keep)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rediss://user:s3cr3t@127.0.0.1:1/2", "127.0.0.1:1, db=2"),
        ("redis://127.0.0.1?password=s3cr3t", "127.0.0.1:6379, db=0"),
        ("redis://:s3cr3t@", "localhost:6379, db=0"),
        ("unix://user:s3cr3t@/run/redis.sock", "/run/redis.sock, db=0"),
    ],
)
def test_its_repr_shows_the_place_and_not_the_password(kind: Any, url: str, shown: str) -> None:
    assert repr(kind(url)) == f"{kind.__name__}({shown})"


def test_a_socket_file_where_no_redis_listens_is_told_by_redis_py(tmp_path: Path) -> None:
    with pytest.raises(RedisConnectionError):
        RedisStore(f"unix://{tmp_path}/none.sock").get("k")


@pytest.mark.parametrize("kind", BOTH)
def test_without_redis_py_the_extra_is_named(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ImportError, match=r'pip install "qpaykit\[redis\]"'):
        kind("redis://127.0.0.1:1/0")


def test_stores_are_imported_only_when_they_are_used() -> None:
    script = (
        "import sys\n"
        "from qpaykit import MemoryStore\n"
        "MemoryStore().set('key', 'value')\n"
        "assert not {'httpx', 'qpaykit.models', 'qpaykit.client'} & set(sys.modules)\n"
        "import sys, qpaykit, qpaykit.stores\n"
        "assert not {'sqlite3', 'redis'} & set(sys.modules)\n"
        "from qpaykit.stores import SQLiteStore\n"
        "assert 'sqlite3' in sys.modules and 'redis' not in sys.modules\n"
        "from qpaykit.stores import RedisStore\n"
        "assert 'redis' in sys.modules\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
