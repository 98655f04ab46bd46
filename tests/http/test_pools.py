"""Small connection pools: the next one is opened when those before it are full."""

from __future__ import annotations

from itertools import count

from qpaykit._http.pools import POOL_CONNECTIONS, Pool, PoolGroup

MOST = 20 * POOL_CONNECTIONS


def pools_by_number() -> PoolGroup[int, None]:
    numbers = count(1)

    def open_pool() -> Pool[int, None]:
        return Pool(next(numbers), None)

    return PoolGroup(Pool(0, None), open_pool)


def test_sequential_requests_share_one_pool() -> None:
    pools = pools_by_number()
    for _ in range(MOST):
        pool = pools.acquire()
        assert pool.send == 0
        pools.release(pool)
    assert len(pools.opened) == 1


def test_a_full_pool_leads_to_a_second_pool() -> None:
    pools = pools_by_number()
    taken = [pools.acquire().send for _ in range(POOL_CONNECTIONS + 1)]
    assert taken == [0] * POOL_CONNECTIONS + [1]


def test_a_released_connection_is_reused_before_another_pool_is_opened() -> None:
    pools = pools_by_number()
    taken = [pools.acquire() for _ in range(POOL_CONNECTIONS)]
    pools.release(taken[0])
    assert pools.acquire().send == 0
    assert len(pools.opened) == 1


def test_beyond_twenty_pools_the_least_busy_one_gets_the_next_request() -> None:
    pools = pools_by_number()
    taken = [pools.acquire() for _ in range(MOST)]
    assert len(pools.opened) == 20
    pools.acquire()
    pools.release(taken[-1])
    pools.release(taken[-2])
    assert [pools.acquire().send for _ in range(3)] == [19, 19, 1]


def test_a_given_http_client_is_the_only_pool() -> None:
    pools: PoolGroup[str, None] = PoolGroup(Pool("given", None))
    assert {pools.acquire().send for _ in range(MOST)} == {"given"}
    assert len(pools.opened) == 1


def test_a_discarded_pool_gets_no_further_requests_and_is_closed_after_its_last() -> None:
    pools = pools_by_number()
    first, second = pools.acquire(), pools.acquire()
    pools.discard(first)
    assert pools.acquire().send == 1
    assert not pools.release(first)
    assert pools.release(second)


def test_two_requests_may_discard_the_same_pool() -> None:
    pools = pools_by_number()
    first, second = pools.acquire(), pools.acquire()
    pools.discard(first)
    pools.discard(second)
    assert [pools.release(first), pools.release(second)] == [False, True]


def test_a_given_http_client_is_not_discarded() -> None:
    pools: PoolGroup[str, None] = PoolGroup(Pool("given", None))
    pool = pools.acquire()
    pools.discard(pool)
    assert not pools.release(pool)
    assert pools.acquire() is pool
