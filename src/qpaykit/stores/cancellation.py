"""Runs a call to completion: a cancellation is delivered after it, not in the middle."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from qpaykit._loops import asyncio_loop

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


# Longer than the timeouts of the stores, such as SQLite's for its lock.
MAX_CALL_SECONDS = 35.0


async def run_to_completion(call: Callable[[], Awaitable[T]], *, unless: T | None = None) -> T:
    """Await what `call` returns, and defer a cancellation until then.

    A claim whose answer is lost would be held for its whole lease, and a delivery whose record is
    lost would be made again.

    Args:
        call: What to await.
        unless: A result that is returned in spite of a cancellation, which the next await then
            raises.

    Raises:
        TimeoutError: It has not ended in 35 s; it is abandoned.
    """
    import anyio

    with anyio.CancelScope(shield=True):
        if asyncio_loop() is None:
            result = await _bounded(call)
        else:
            result = await _uncancelled(call, unless)
    return result


async def _bounded(call: Callable[[], Awaitable[T]]) -> T:
    import anyio

    with anyio.fail_after(MAX_CALL_SECONDS):
        return await call()


async def _uncancelled(call: Callable[[], Awaitable[T]], unless: T | None) -> T:
    import asyncio

    # anyio's shield blocks cancellation by anyio's scopes, and not `Task.cancel`.
    async def run() -> T:
        return await call()

    work = asyncio.ensure_future(run())
    ends = time.monotonic() + MAX_CALL_SECONDS
    cancelled = False
    while not work.done() and (left := ends - time.monotonic()) > 0:
        try:
            await asyncio.wait([work], timeout=left)
        except asyncio.CancelledError:  # noqa: PERF203 (each may be cancelled)
            cancelled = True
    work.add_done_callback(_forget)
    if not work.done():
        work.cancel()
        if not cancelled:
            raise TimeoutError
    if cancelled:
        if not (work.done() and _succeeded(work) and work.result() == unless):
            # A deferred cancellation would surface at the next await, possibly outside the
            # asyncio.timeout() that requested it.
            raise asyncio.CancelledError
        _cancel_again()
    return work.result()


def _succeeded(work: Future[T]) -> bool:
    return not work.cancelled() and work.exception() is None


def _cancel_again() -> None:
    import asyncio

    task = asyncio.current_task()
    if task is None:
        return
    if hasattr(task, "uncancel"):  # Python 3.11 counts how often a task was cancelled
        task.uncancel()
    task.cancel()


def _forget(work: Future[T]) -> None:
    # asyncio reports an exception that is never retrieved.
    if not work.cancelled():
        work.exception()
