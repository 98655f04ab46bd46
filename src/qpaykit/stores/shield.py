"""Lets a call run to its end: a cancellation comes after it, never in its middle."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from qpaykit._loops import asyncio_loop

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


# Longer than any store that has a limit of its own, such as SQLite's for its lock.
_PATIENCE = 35.0


async def to_its_end(call: Callable[[], Awaitable[T]]) -> T:
    """Await what `call` returns, and put off a cancellation until it is there.

    A claim whose answer nobody waits for would be held for its whole lease, and a delivery
    whose record is cut off would be made again.

    Raises:
        TimeoutError: It has not ended in half a minute; it is left to itself.
    """
    import anyio

    with anyio.CancelScope(shield=True):
        result = await (_bounded(call) if asyncio_loop() is None else _uncancelled(call))
    return result  # noqa: RET504 (a cancel scope may swallow the block)


async def _bounded(call: Callable[[], Awaitable[T]]) -> T:
    import anyio

    with anyio.fail_after(_PATIENCE):
        return await call()


async def _uncancelled(call: Callable[[], Awaitable[T]]) -> T:
    import asyncio

    # anyio's shield keeps off what anyio's scopes cancel, not `Task.cancel`.
    async def run() -> T:
        return await call()

    work = asyncio.ensure_future(run())
    ends = time.monotonic() + _PATIENCE
    cancelled = False
    while not work.done() and (left := ends - time.monotonic()) > 0:
        try:
            await asyncio.wait([work], timeout=left)
        except asyncio.CancelledError:  # noqa: PERF203 (each may be cancelled)
            cancelled = True
    task = asyncio.current_task()
    if cancelled and task is not None:
        if hasattr(task, "uncancel"):  # Python 3.11 counts how often a task was cancelled
            task.uncancel()
        task.cancel()
    if work.done():
        return work.result()
    work.add_done_callback(_forget)
    work.cancel()
    raise TimeoutError


def _forget(work: Future[T]) -> None:
    # Nobody is left to hear how it ended; asyncio would call that an error.
    if not work.cancelled():
        work.exception()
