"""Connections come in small pools, the next of which is opened when those before it are full."""

from __future__ import annotations

from itertools import count

from qpaykit._http.lanes import LANE_CONNECTIONS, Lane, Lanes

MOST = 20 * LANE_CONNECTIONS


def lanes_by_number() -> Lanes[int, None]:
    numbers = count(1)

    def another() -> Lane[int, None]:
        return Lane(next(numbers), None)

    return Lanes(Lane(0, None), another)


def test_requests_one_after_another_share_one_lane() -> None:
    lanes = lanes_by_number()
    for _ in range(MOST):
        lane = lanes.enter()
        assert lane.send == 0
        lanes.leave(lane)
    assert len(lanes.opened) == 1


def test_a_full_lane_lets_the_next_one_be_opened() -> None:
    lanes = lanes_by_number()
    taken = [lanes.enter().send for _ in range(LANE_CONNECTIONS + 1)]
    assert taken == [0] * LANE_CONNECTIONS + [1]


def test_a_connection_given_back_is_used_before_another_lane_is_opened() -> None:
    lanes = lanes_by_number()
    taken = [lanes.enter() for _ in range(LANE_CONNECTIONS)]
    lanes.leave(taken[0])
    assert lanes.enter().send == 0
    assert len(lanes.opened) == 1


def test_beyond_a_hundred_requests_the_least_busy_lane_gets_the_next() -> None:
    lanes = lanes_by_number()
    taken = [lanes.enter() for _ in range(MOST)]
    assert len(lanes.opened) == 20
    lanes.enter()
    lanes.leave(taken[-1])
    lanes.leave(taken[-2])
    assert [lanes.enter().send for _ in range(3)] == [19, 19, 1]


def test_a_client_that_was_handed_in_is_the_only_lane() -> None:
    lanes: Lanes[str, None] = Lanes(Lane("given", None))
    assert {lanes.enter().send for _ in range(MOST)} == {"given"}
    assert len(lanes.opened) == 1


def test_a_retired_lane_gets_no_more_requests_and_is_to_be_closed_after_its_last() -> None:
    lanes = lanes_by_number()
    first, second = lanes.enter(), lanes.enter()
    lanes.retire(first)
    assert lanes.enter().send == 1
    assert not lanes.leave(first)
    assert lanes.leave(second)


def test_a_lane_may_be_retired_by_two_requests() -> None:
    lanes = lanes_by_number()
    first, second = lanes.enter(), lanes.enter()
    lanes.retire(first)
    lanes.retire(second)
    assert [lanes.leave(first), lanes.leave(second)] == [False, True]


def test_a_client_that_was_handed_in_is_not_retired() -> None:
    lanes: Lanes[str, None] = Lanes(Lane("given", None))
    lane = lanes.enter()
    lanes.retire(lane)
    assert not lanes.leave(lane)
    assert lanes.enter() is lane
