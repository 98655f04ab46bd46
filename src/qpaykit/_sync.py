"""Runs coroutines without an event loop: every flow is written once, as a coroutine.

The sync client gives such a coroutine parts (transport, store) whose methods do their work
at once and never suspend, and `run_sync` runs it to its end. The async client awaits it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Iterator

T = TypeVar("T")


def run_sync(flow: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, and return what it returns."""
    try:
        flow.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    flow.close()
    raise RuntimeError("a sync client was given a part that waits on an event loop")


def iterate_sync(steps: AsyncGenerator[T, None]) -> Iterator[T]:
    """Iterate over what an asynchronous generator that never suspends yields."""
    try:
        while items := run_sync(_following(steps)):
            yield from items
    finally:
        run_sync(_end(steps))


async def _following(steps: AsyncGenerator[T, None]) -> tuple[T, ...]:
    async for item in steps:
        return (item,)
    return ()


async def _end(steps: AsyncGenerator[Any, None]) -> None:
    await steps.aclose()
