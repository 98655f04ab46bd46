"""One call: qpaykit compared with hand-written httpx, a plain socket and other SDKs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks import mocked
from benchmarks.clients import async_pair, sync_pair
from benchmarks.figures import Bound, Figure
from benchmarks.hand_written import (
    Streams,
    by_async_httpx,
    by_http_client,
    by_httpx,
    by_socket,
    http_connection,
)
from benchmarks.other_sdks import OTHER_SDKS, async_peer, peer
from benchmarks.server import served
from benchmarks.timing import interleaved, often, ratio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    import httpx

    from benchmarks.plan import Plan
    from benchmarks.samples import Call
    from benchmarks.timing import Side
    from qpaykit import AsyncQPayClient

TASKS = 50
_PAIR = ("httpx", "qpaykit")
_SYNC = Bound("cpu", 0.90)
_ASYNC = Bound("cpu", 0.95)


def mocked_call(call: Call, plan: Plan) -> Iterator[Figure]:
    """Time a call inside this process."""
    plan = replace(plan, rounds=plan.quick_rounds)
    yield from _sync_call(mocked.URL, "mock", call, plan)
    yield from _async_call(mocked.URL, "mock", call, plan)


def loopback_call(call: Call, plan: Plan) -> Iterator[Figure]:
    """Time a call against a server in another process."""
    with served() as url:
        yield from _sync_call(url, "loopback", call, plan)
        yield from _async_call(url, "loopback", call, plan)


def _sync_call(url: str, where: str, call: Call, plan: Plan) -> Iterator[Figure]:
    with ExitStack() as stack:
        by_hand, client = stack.enter_context(sync_pair(url))
        sides: dict[str, Side] = {
            "httpx": often(plan.calls, lambda: by_httpx(by_hand, call)),
            "qpaykit": often(plan.calls, lambda: call.ask(client)),
        }
        if where == "loopback":
            connection = stack.enter_context(closing(http_connection(url)))
            sides["http.client"] = often(plan.calls, lambda: by_http_client(connection, call))
            exchange, close = by_socket(url, call)
            stack.callback(close)
            sides["socket"] = often(plan.calls, exchange)
            for name in OTHER_SDKS:
                if (other := peer(name, url)) is not None:
                    stack.callback(other.close)
                    sides[name] = often(plan.calls, other.calls[call.name])
        yield from _figures(f"{where}/sync/{call.name}", sides, _SYNC, plan)


def _async_call(url: str, where: str, call: Call, plan: Plan) -> Iterator[Figure]:
    loop = asyncio.new_event_loop()
    stack = AsyncExitStack()
    run = loop.run_until_complete
    try:
        by_hand, client = run(stack.enter_async_context(async_pair(url)))
        asks = _asks(by_hand, client, call)
        if where == "loopback":
            streams = Streams(url)
            stack.push_async_callback(streams.aclose)
            asks["asyncio streams"] = lambda: streams.exchange(call)
            for name in OTHER_SDKS:
                if (other := run(async_peer(name, url))) is not None:
                    stack.push_async_callback(other.aclose)
                    asks[name] = other.calls[call.name]
        sides = {name: _at_once(loop, plan.calls, ask) for name, ask in asks.items()}
        yield from _figures(f"{where}/async/{call.name}", sides, _ASYNC, plan)
        if where == "loopback":
            pair = run(stack.enter_async_context(async_pair(url, TASKS)))
            spent = interleaved(
                {name: _at_once(loop, plan.calls, ask) for name, ask in _asks(*pair, call).items()},
                rounds=plan.rounds // 3,
            )
            yield Figure.of(
                f"calls/{where}/async/{call.name}/steady",
                "qpaykit / httpx, both on pools that stay as they are",
                ratio(spent["qpaykit"], spent["httpx"]),
                note=f"{TASKS} connections",
            )
    finally:
        run(stack.aclose())
        loop.close()


def _asks(
    by_hand: httpx.AsyncClient, client: AsyncQPayClient, call: Call
) -> dict[str, Callable[[], Awaitable[object]]]:
    return {"httpx": lambda: by_async_httpx(by_hand, call), "qpaykit": lambda: call.aask(client)}


def _at_once(
    loop: asyncio.AbstractEventLoop, times: int, ask: Callable[[], Awaitable[object]]
) -> Side:
    async def task() -> None:
        for _ in range(max(1, times // TASKS)):
            await ask()

    async def tasks() -> None:
        await asyncio.gather(*(task() for _ in range(TASKS)))

    return lambda: loop.run_until_complete(tasks())


def _figures(name: str, sides: dict[str, Side], bound: Bound, plan: Plan) -> Iterator[Figure]:
    # The two that a bound is about alternate with nothing else in between.
    spent = interleaved({side: sides[side] for side in _PAIR}, rounds=plan.rounds)
    found = ratio(spent["qpaykit"], spent["httpx"])
    yield Figure.of(f"calls/{name}", "qpaykit / httpx", found, bound)
    if sides.keys() == set(_PAIR):
        return
    others = {side: run for side, run in sides.items() if side != "qpaykit"}
    spent = interleaved(others, rounds=plan.rounds // 3)
    for side in [side for side in others if side != "httpx"]:
        what = f"{side} / httpx"
        yield Figure.of(f"calls/{name}/{side}", what, ratio(spent[side], spent["httpx"]))
    for peer_name in OTHER_SDKS:
        if peer_name not in sides:
            what = f"{peer_name} / httpx"
            yield Figure(f"calls/{name}/{peer_name}", what, note="not installed")
