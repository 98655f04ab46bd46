"""Connections come in small pools, the next of which is opened when those before it are full."""

from __future__ import annotations

from itertools import count

from qpaykit._http.pools import POOL_CONNECTIONS, Pool, PoolGroup

MOST = 20 * POOL_CONNECTIONS


def pools_by_number() -> PoolGroup[int, None]:
    numbers = count(1)

    def another() -> Pool[int, None]:
        return Pool(next(numbers), None)

    return PoolGroup(Pool(0, None), another)


def test_requests_one_after_another_share_one_lane() -> None:
    pools = pools_by_number()
    for _ in range(MOST):
        pool = pools.acquire()
        assert pool.send == 0
        pools.release(pool)
    assert len(pools.opened) == 1


def test_a_full_lane_lets_the_next_one_be_opened() -> None:
    pools = pools_by_number()
    taken = [pools.acquire().send for _ in range(POOL_CONNECTIONS + 1)]
    assert taken == [0] * POOL_CONNECTIONS + [1]


def test_a_connection_given_back_is_used_before_another_lane_is_opened() -> None:
    pools = pools_by_number()
    taken = [pools.acquire() for _ in range(POOL_CONNECTIONS)]
    pools.release(taken[0])
    assert pools.acquire().send == 0
    assert len(pools.opened) == 1


def test_beyond_a_hundred_requests_the_least_busy_lane_gets_the_next() -> None:
    pools = pools_by_number()
    taken = [pools.acquire() for _ in range(MOST)]
    assert len(pools.opened) == 20
    pools.acquire()
    pools.release(taken[-1])
    pools.release(taken[-2])
    assert [pools.acquire().send for _ in range(3)] == [19, 19, 1]


def test_a_client_that_was_handed_in_is_the_only_lane() -> None:
    pools: PoolGroup[str, None] = PoolGroup(Pool("given", None))
    assert {pools.acquire().send for _ in range(MOST)} == {"given"}
    assert len(pools.opened) == 1


def test_a_retired_lane_gets_no_more_requests_and_is_to_be_closed_after_its_last() -> None:
    pools = pools_by_number()
    first, second = pools.acquire(), pools.acquire()
    pools.discard(first)
    assert pools.acquire().send == 1
    assert not pools.release(first)
    assert pools.release(second)


def test_a_lane_may_be_retired_by_two_requests() -> None:
    pools = pools_by_number()
    first, second = pools.acquire(), pools.acquire()
    pools.discard(first)
    pools.discard(second)
    assert [pools.release(first), pools.release(second)] == [False, True]


def test_a_client_that_was_handed_in_is_not_retired() -> None:
    pools: PoolGroup[str, None] = PoolGroup(Pool("given", None))
    pool = pools.acquire()
    pools.discard(pool)
    assert not pools.release(pool)
    assert pools.acquire() is pool
