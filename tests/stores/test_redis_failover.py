"""A master of Redis that becomes a replica: the connections to it are given up."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from redis import Redis
from redis.exceptions import ReadOnlyError, ResponseError

from helpers.redis import RestartableRedis
from qpaykit import AsyncRedisStore, RedisStore


def test_a_store_opens_new_connections_after_a_failover() -> None:
    with RestartableRedis() as server, Redis.from_url(server.url) as operator:
        store = RedisStore(server.url, prefix=f"{uuid.uuid4()}:")
        assert store.claim("k", "a", lease=60) == "claimed"
        before = {client["id"] for client in operator.client_list()}
        operator.replicaof("127.0.0.1", 1)
        with pytest.raises(ResponseError):
            store.complete("k", "a")
        operator.replicaof("NO", "ONE")
        assert store.complete("k", "a") is True
        after = {client["id"] for client in operator.client_list()}
        assert len(after - before) == 1
        store.close()


def test_the_async_store_opens_new_connections_after_a_failover() -> None:
    async def main(server: RestartableRedis, operator: Redis) -> tuple[bool, int]:
        store = AsyncRedisStore(server.url, prefix=f"{uuid.uuid4()}:")
        assert await store.claim("k", "a", lease=60) == "claimed"
        before = {client["id"] for client in operator.client_list()}
        operator.replicaof("127.0.0.1", 1)
        with pytest.raises(ResponseError):
            await store.complete("k", "a")
        operator.replicaof("NO", "ONE")
        completed = await store.complete("k", "a")
        after = {client["id"] for client in operator.client_list()}
        await store.aclose()
        return completed, len(after - before)

    with RestartableRedis() as server, Redis.from_url(server.url) as operator:
        assert asyncio.run(main(server, operator)) == (True, 1)


@pytest.mark.parametrize(
    ("refusal", "ends"),
    [
        (ReadOnlyError("You can't write against a read only replica."), True),
        (ResponseError("Error running script: READONLY You can't write"), True),
        (ResponseError("WRONGTYPE Operation against a key"), False),
    ],
    ids=["replica", "replica, of a script", "another"],
)
def test_only_a_replica_ends_the_connections(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, refusal: ResponseError, ends: bool
) -> None:
    store = RedisStore(redis_url, prefix=f"{uuid.uuid4()}:")
    store.set("k", "v")

    def refuse(*_: object) -> None:
        raise refusal

    monkeypatch.setattr(store, "_claim", refuse)
    with Redis.from_url(redis_url) as operator:
        before = {client["id"] for client in operator.client_list()}
        with pytest.raises(ResponseError):
            store.claim("k", "a", lease=60)
        assert store.get("k") == "v"
        after = {client["id"] for client in operator.client_list()}
        assert (len(after - before) == 1) is ends
    store.close()


def test_a_value_that_is_not_utf_8_is_no_value() -> None:
    with RestartableRedis() as server, Redis.from_url(server.url) as operator:
        store = RedisStore(server.url, prefix="p:")
        operator.set("p:claim:delivered:x", b"+\xff\xfe")
        assert store.delivery("delivered:x") is None
        assert list(store.deliveries()) == []
        store.close()
