"""Clients of each kind: sync or async, on asyncio or trio, over httpx or httpx2."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from helpers.settings import BACKENDS, LIBRARIES
from qpaykit import AsyncQPayClient, QPayClient

Opener = Callable[..., QPayClient]
Options = dict[str, Any]

OURS = ("qpaykit.resources", "qpaykit.client", "qpaykit.quickqr")
CLIENT_VARIANTS = [f"{face}-{library}" for library in LIBRARIES for face in ("sync", *BACKENDS)]

# For what is slow, or is no matter of the transport.
over_one_client = pytest.mark.parametrize("new_client", ["sync-httpx"], indirect=True)


def opener(variant: str, portals: dict[str, BlockingPortal], stack: ExitStack) -> Opener:
    """Return what makes clients of this variant, which close with `stack`.

    Over httpx they open connections of their own, over httpx2 they use a client's that is handed
    in. Where there are options `http`, a client of the library is made with them and handed in.
    """
    face, _, library = variant.partition("-")
    module = importlib.import_module(library)

    def open_sync(http: Options | None = None, **settings: Any) -> QPayClient:
        given = None
        if http is not None or library != "httpx":
            given = stack.enter_context(module.Client(**http or {}))
        return stack.enter_context(QPayClient(**settings, http_client=given))

    def open_async(http: Options | None = None, **settings: Any) -> Any:
        portal, given = portals[face], None
        if http is not None or library != "httpx":
            given = module.AsyncClient(**http or {})
            stack.callback(portal.call, given.aclose)
        client = AsyncQPayClient(**settings, http_client=given)
        stack.callback(portal.call, client.aclose)
        return Driven(client, portal)

    return open_sync if face == "sync" else open_async


class Driven:
    """An async client, or a part of one, whose methods wait for their end on an event loop.

    So the stories, which are written for the sync client, are told by the async one too.
    """

    def __init__(self, part: object, portal: BlockingPortal) -> None:
        self._part = part
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        return self._driven(getattr(self._part, name))

    def _driven(self, found: Any) -> Any:
        if inspect.isroutine(found):
            # A dispatcher awaits its questions in both clients, the sync one without a loop.
            is_question = type(self._part).__module__.endswith("._lookup")
            if is_question and inspect.iscoroutinefunction(found):
                return self._question(found)
            if is_question:
                return lambda *given, **named: _awaited_rows(self._wait(found, given, named))
            return lambda *given, **named: self._wait(found, given, named)
        ours = type(found).__module__.startswith(OURS)
        return Driven(found, self._portal) if ours else found

    def _question(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def ask(*given: object, **named: object) -> Any:
            return self._wait(method, given, named)

        return ask

    def _wait(
        self, method: Callable[..., Any], given: tuple[object, ...], named: dict[str, Any]
    ) -> Any:
        result = method(*given, **named)
        if isinstance(result, AsyncIterator):
            return self._each(result)
        if inspect.isawaitable(result):
            return self._portal.call(_awaited, result)
        return self._driven(result)

    def _each(self, rows: AsyncIterator[object]) -> Iterator[object]:
        async def following() -> object:
            return await anext(rows)

        while True:
            try:
                row = self._portal.call(following)
            except StopAsyncIteration:
                return
            yield row


def _awaited_rows(result: object) -> object:
    async def rows(each: Iterator[object]) -> AsyncIterator[object]:
        for row in each:
            yield row

    return rows(result) if isinstance(result, Iterator) else result


async def _awaited(result: Any) -> Any:
    return await result
