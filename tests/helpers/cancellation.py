"""Cancels a coroutine at a chosen suspension: by counting, not by the clock."""

from __future__ import annotations

import asyncio
import threading
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, Literal

import anyio

# How a program cancels: by a scope of anyio's (also that of trio), or by asyncio's Task.cancel,
# as asyncio.timeout and asyncio.TaskGroup do, which no scope of anyio's shields from.
Cancellation = Literal["trio", "asyncio", "asyncio-task"]
BACKENDS_AND_TASKS: list[Cancellation] = ["trio", "asyncio", "asyncio-task"]

Flow = Coroutine[Any, Any, object]


def run(runner: Cancellation, main: Callable[[], Awaitable[None]]) -> None:
    anyio.run(main, backend="trio" if runner == "trio" else "asyncio")


async def cancelled_at(step: int, flow: Flow, runner: Cancellation) -> bool:
    """Run `flow`, cancel it when it suspends for the `step`-th time; say whether it got there."""
    if runner == "asyncio-task":
        return await _in_a_task(step, flow)
    reached: list[int] = []
    with anyio.CancelScope() as scope:

        def cancel() -> None:
            reached.append(step)
            scope.cancel()

        await _stepped(flow, step, cancel)
    return bool(reached)


async def cancelled_when(begun: threading.Event, flow: Flow, runner: Cancellation) -> None:
    """Run `flow`, and cancel it once something in another thread has begun."""
    if runner == "asyncio-task":
        task = asyncio.ensure_future(flow)
        await _until(begun)
        task.cancel()
        await asyncio.wait([task])
        return

    async def wait_for() -> None:
        await flow

    async with anyio.create_task_group() as group:
        group.start_soon(wait_for)
        await _until(begun)
        group.cancel_scope.cancel()


async def _until(begun: threading.Event) -> None:
    # Not by wait() in a worker thread: what begins may be in need of that thread.
    with anyio.fail_after(10):
        while not begun.is_set():  # noqa: ASYNC110 (the event is set in a thread)
            await anyio.sleep(0.005)


async def _in_a_task(step: int, flow: Flow) -> bool:
    reached: list[int] = []

    def cancel() -> None:
        reached.append(step)
        task.cancel()

    async def stepped() -> None:
        await _stepped(flow, step, cancel)

    task = asyncio.ensure_future(stepped())
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return bool(reached)


@types.coroutine
def _stepped(flow: Flow, step: int, cancel: Callable[[], None]) -> Generator[Any, Any, object]:
    resume: Callable[[], Any] = partial(flow.send, None)
    suspended = 0
    while True:
        try:
            waits = resume()
        except StopIteration as stop:
            return stop.value
        if suspended == step:
            cancel()
        suspended += 1
        try:
            resume = partial(flow.send, (yield waits))
        except BaseException as error:  # noqa: BLE001 (whatever it is, it is the flow's)
            resume = partial(flow.throw, error)
