"""Lets a call run to its end: a cancellation comes after it, never in its middle."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from qpaykit._loops import asyncio_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


async def to_its_end(call: Callable[[], Awaitable[T]]) -> T:
    """Await what `call` returns, and put off a cancellation until it is there.

    A claim whose answer nobody waits for would be held for its whole lease, and a delivery
    whose record is cut off would be made again.
    """
    import anyio

    with anyio.CancelScope(shield=True):
        result = await (call() if asyncio_loop() is None else _uncancelled(call))
    return result  # noqa: RET504 (a cancel scope may swallow the block)


async def _uncancelled(call: Callable[[], Awaitable[T]]) -> T:
    import asyncio

    # anyio's shield keeps off what anyio's scopes cancel, not `Task.cancel`.
    async def run() -> T:
        return await call()

    work = asyncio.ensure_future(run())
    cancelled = False
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:  # noqa: PERF203 (each may be cancelled)
            cancelled = True
    task = asyncio.current_task()
    if cancelled and task is not None:
        if hasattr(task, "uncancel"):  # Python 3.11 counts how often a task was cancelled
            task.uncancel()
        task.cancel()
    return work.result()
