"""One source for both faces: every flow is written once, as a coroutine.

The sync client gives such a coroutine parts (transport, store) whose methods do their work
at once and never suspend, and `drive` runs it to its end. The async client awaits it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

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
