"""Which event loop runs, without the cost of asking for more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


def asyncio_loop() -> AbstractEventLoop | None:
    """Return asyncio's running event loop; None on trio, and outside of any."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
