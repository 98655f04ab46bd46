"""Many tasks and many threads on one client."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import TYPE_CHECKING

import httpx

from benchmarks import mocked
from benchmarks.clients import ACCOUNT, steady
from benchmarks.figures import Bound, Figure
from benchmarks.hand_written import by_async_httpx, by_httpx
from benchmarks.samples import GET, token_answer
from benchmarks.server import HOLD_PATH, TOKEN_PATH, served
from benchmarks.timing import interleaved, ratio
from qpaykit import AsyncQPayClient, QPayClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

    from benchmarks.plan import Plan
    from benchmarks.timing import Side, Spent

THREADS = 64
_CALLS_OF_A_THREAD = 4
_TASK_POOL = 20
_TASK_ROUNDS = 4
_OWN = "qpaykit"
_GIVEN = "qpaykit on a client like httpx's"
_LOGIN_SECONDS = 0.05
# The last of a thousand waits for a connection longer than httpx's own five seconds allow.
_TIMEOUT = 120.0


def tasks(plan: Plan) -> Iterator[Figure]:
    """Run many tasks on one async client: on its own connections, and on a client handed in.

    httpx's pool is small because its own work for each request grows with it: with a hundred
    connections a thousand tasks take it half a minute.
    """
    limits = steady(_TASK_POOL)
    with served() as url:
        loop = asyncio.new_event_loop()
        run = loop.run_until_complete
        try:
            by_hand = httpx.AsyncClient(base_url=url, limits=limits, timeout=_TIMEOUT)
            given = httpx.AsyncClient(limits=limits)
            client = AsyncQPayClient(**ACCOUNT, base_url=url, timeout=_TIMEOUT)
            on_given = AsyncQPayClient(**ACCOUNT, base_url=url, http_client=given, timeout=_TIMEOUT)
            asks: dict[str, Callable[[], Awaitable[object]]] = {
                "httpx": lambda: by_async_httpx(by_hand, GET),
                _OWN: lambda: GET.aask(client),
                _GIVEN: lambda: GET.aask(on_given),
            }
            waits: dict[str, list[float]] = {side: [] for side in asks}
            spent = interleaved(
                {side: _runner(run, ask, plan.tasks, waits[side]) for side, ask in asks.items()},
                rounds=_TASK_ROUNDS,
            )
            run(by_hand.aclose())
            run(given.aclose())
            run(client.aclose())
        finally:
            loop.close()
    yield from _throughput(f"scale/{plan.tasks} tasks", spent, f"httpx: {_TASK_POOL} connections")
    for side, unfairness in waits.items():
        yield Figure(
            f"scale/fairness/{side}",
            f"{side}: the slowest task's wait / the median's",
            value=median(unfairness),
        )


def threads(plan: Plan) -> Iterator[Figure]:
    """Run many threads on one sync client: on its own connections, and on a client handed in."""
    limits = steady(THREADS)
    with (
        served() as url,
        httpx.Client(base_url=url, limits=limits, timeout=_TIMEOUT) as by_hand,
        httpx.Client(limits=limits) as given,
        QPayClient(**ACCOUNT, base_url=url, timeout=_TIMEOUT) as client,
    ):
        on_given = QPayClient(**ACCOUNT, base_url=url, http_client=given, timeout=_TIMEOUT)
        with ThreadPoolExecutor(THREADS) as pool:
            for opened in (by_hand, given):
                list(pool.map(opened.get, [f"{url}{HOLD_PATH}"] * THREADS))
            sides: dict[str, Side] = {
                "httpx": _in_threads(pool, lambda: by_httpx(by_hand, GET)),
                _OWN: _in_threads(pool, lambda: GET.ask(client)),
                _GIVEN: _in_threads(pool, lambda: GET.ask(on_given)),
            }
            spent = interleaved(sides, rounds=plan.rounds // 2)
    yield from _throughput(f"scale/{THREADS} threads", spent, f"httpx: {THREADS} connections")


def cold_start(plan: Plan) -> Iterator[Figure]:
    """Count the logins of many tasks that start at once, without a token."""
    logins = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal logins
        if request.url.path != TOKEN_PATH:
            return httpx.Response(200, content=GET.answer)
        logins += 1
        # Long enough for all tasks to arrive while the first one's login is under way.
        await asyncio.sleep(_LOGIN_SECONDS)
        return httpx.Response(200, content=token_answer())

    async def start() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as given:
            client = AsyncQPayClient(**ACCOUNT, base_url=mocked.URL, http_client=given)
            await _together(plan.tasks, lambda: GET.aask(client))

    asyncio.run(start())
    yield Figure(
        "scale/logins",
        f"logins when {plan.tasks:,} tasks start at once without a token",
        value=logins,
        bound=Bound("value", 1),
    )


async def _together(number: int, ask: Callable[[], Awaitable[object]]) -> None:
    async def task() -> None:
        await ask()

    await asyncio.gather(*(task() for _ in range(number)))


def _runner(
    run: Callable[[Coroutine[object, object, None]], None],
    ask: Callable[[], Awaitable[object]],
    number: int,
    unfairness: list[float],
) -> Side:
    async def timed(waits: list[float]) -> None:
        started = time.perf_counter()
        await ask()
        waits.append(time.perf_counter() - started)

    async def batch() -> None:
        waits: list[float] = []
        await _together(number, lambda: timed(waits))
        unfairness.append(max(waits) / median(waits))

    return lambda: run(batch())


def _in_threads(pool: ThreadPoolExecutor, ask: Callable[[], object]) -> Side:
    def thread() -> None:
        for _ in range(_CALLS_OF_A_THREAD):
            ask()

    def batch() -> None:
        for future in [pool.submit(thread) for _ in range(THREADS)]:
            future.result()

    return batch


def _throughput(name: str, spent: dict[str, list[Spent]], note: str) -> Iterator[Figure]:
    own, given = (ratio(spent["httpx"], spent[side]) for side in (_OWN, _GIVEN))
    bound = Bound("wall", 1.0, least=True)
    yield Figure.of(name, f"throughput of {_OWN} / httpx", own, bound, note)
    # The pool takes nearly all of the time here, and it is the same on both sides.
    yield Figure.of(f"{name}/handed in", f"throughput of {_GIVEN} / httpx", given, note=note)
