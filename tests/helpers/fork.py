"""What a child process does with its parent's client; importable, for spawn."""

from __future__ import annotations

import os
import pickle
import signal
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    from qpaykit import AsyncQPayClient

_SECONDS = 5


def in_a_child(work: Callable[[], object]) -> object:
    """Fork, do the work in the child, and return what it returned or how it failed."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(_SECONDS)
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001 (the parent's test shows it)
            answer = f"{type(error).__name__}: {error}"
        os.write(write, pickle.dumps(answer))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    return pickle.loads(told) if told else f"it hung for {_SECONDS} s"


def get_async(client: AsyncQPayClient, backend: str = "asyncio") -> str | None:
    async def main() -> str | None:
        return (await client.invoices.get("i-1")).invoice_id

    return anyio.run(main, backend=backend)
