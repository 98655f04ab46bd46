"""A Redis that goes away and comes back: the same store goes on."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest

from helpers.redis import RestartableRedis
from qpaykit import AsyncRedisStore, RedisStore

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def redis() -> Iterator[RestartableRedis]:
    with RestartableRedis() as server:
        yield server


def test_a_claim_is_completed_after_a_restart(redis: RestartableRedis) -> None:
    store = RedisStore(redis.url, prefix=f"{uuid.uuid4()}:")
    assert store.claim("k", "a", lease=60) == "claimed"
    redis.stop()
    with pytest.raises(Exception, match="onnect"):
        store.complete("k", "a")
    redis.start()
    assert store.complete("k", "a") is True
    assert store.claim("k", "b", lease=60) == "done"
    store.close()


def test_a_claim_is_completed_after_a_restart_by_the_async_store(redis: RestartableRedis) -> None:
    async def main() -> list[object]:
        store = AsyncRedisStore(redis.url, prefix=f"{uuid.uuid4()}:")
        assert await store.claim("k", "a", lease=60) == "claimed"
        redis.stop()
        with pytest.raises(Exception, match="onnect"):
            await store.complete("k", "a")
        redis.start()
        answers: list[object] = [await store.complete("k", "a")]
        answers.append(await store.claim("k", "b", lease=60))
        await store.aclose()
        return answers

    assert asyncio.run(main()) == [True, "done"]


@pytest.mark.slow
def test_the_async_store_serves_event_loops_one_after_another(redis: RestartableRedis) -> None:
    store = AsyncRedisStore(redis.url, prefix=f"{uuid.uuid4()}:")

    async def use(number: int) -> str | None:
        await store.set(str(number), "kept")
        return await store.get(str(number))

    assert [asyncio.run(use(number)) for number in range(200)] == ["kept"] * 200
    assert redis.connections() <= 2
