"""The running event loop, and one object per event loop."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._fork import reset_after_fork

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncGenerator, Awaitable, Callable

T = TypeVar("T")


def asyncio_loop() -> AbstractEventLoop | None:
    """Return asyncio's running event loop; None on trio, and outside of any."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def running_loop() -> object:
    """Return an object that identifies the running event loop, on asyncio and on trio."""
    loop = asyncio_loop()
    if loop is None:
        from trio.lowlevel import current_trio_token

        return current_trio_token()
    return loop


class PerLoop(Generic[T]):
    """One object per event loop, such as its connections; objects of closed loops are dropped.

    Before an event loop ends it closes its asynchronous generators: asyncio by
    `shutdown_asyncgens`, which `asyncio.run` calls, and trio by itself. For each loop one such
    generator closes the loop's object.

    Args:
        make: Creates the object of the running loop.
        close: Closes it, on its own loop.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make = make
        self._close = close
        self._reset()
        reset_after_fork(self, PerLoop._leave_parent)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._kept: weakref.WeakKeyDictionary[object, tuple[T, AsyncGenerator[None, None]]] = (
            weakref.WeakKeyDictionary()
        )

    def _leave_parent(self) -> None:
        # Closing them here would end the parent's encrypted connections.
        _abandoned.append(self._kept)
        self._reset()

    async def get(self) -> T:
        """Return the running loop's object, made on first use."""
        loop = running_loop()
        found = self._kept.get(loop)
        if found is not None:
            return found[0]
        with self._lock:
            self._forget_closed()
            made = self._make()
            guard = self._guard(loop, made)
            self._kept[loop] = made, guard
        await anext(guard)
        return made

    async def aclose(self) -> None:
        """Close the running loop's object."""
        found = self._kept.get(running_loop())
        if found is not None:
            await found[1].aclose()

    async def _guard(self, loop: object, made: T) -> AsyncGenerator[None, None]:
        import anyio

        try:
            yield
        finally:
            self._kept.pop(loop, None)
            with anyio.CancelScope(shield=True):
                await self._close(made)

    def _forget_closed(self) -> None:
        # These loops were closed without closing their generators: only drop the references.
        for loop in list(self._kept):
            is_closed = getattr(loop, "is_closed", None)
            if is_closed is not None and is_closed():
                self._kept.pop(loop, None)


_abandoned: list[object] = []
