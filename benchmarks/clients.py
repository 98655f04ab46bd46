"""Clients of qpaykit and of httpx with the same settings."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import httpx

from benchmarks import mocked
from benchmarks.server import HOLD_PATH
from qpaykit import AsyncQPayClient, QPayClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from typing_extensions import TypedDict

    class Account(TypedDict):
        """What every client of qpaykit here is made with."""

        username: str
        password: str
        invoice_code: str
        callback_url: str


ACCOUNT: Account = {
    "username": "bench",
    "password": "bench",
    "invoice_code": "TEST_INVOICE",
    "callback_url": "https://example.mn/payments?order=1234567",
}


def steady(connections: int) -> httpx.Limits:
    """Limits of a pool that keeps what it has opened.

    httpx's work for a request grows with the pool, so two pools that differ by chance differ
    in cost; and what expires while the other side has its turn would be opened anew.
    """
    return httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=None
    )


@contextmanager
def sync_pair(url: str) -> Iterator[tuple[httpx.Client, QPayClient]]:
    """Make a hand-written client and qpaykit's, for a server or for the mocked one.

    Against a server qpaykit is measured with the connections that it makes itself.
    """
    mock = url == mocked.URL
    with (
        httpx.Client(base_url=url, transport=mocked.transport() if mock else None) as by_hand,
        httpx.Client(transport=mocked.transport()) as given,
        QPayClient(**ACCOUNT, base_url=url, http_client=given if mock else None) as client,
    ):
        client.tokens.get()
        yield by_hand, client


@asynccontextmanager
async def async_pair(
    url: str, connections: int | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, AsyncQPayClient]]:
    """Make the async ones; both on pools of so many connections, if a number is given."""
    mock = mocked.transport() if url == mocked.URL else None
    limits = (
        steady(connections)
        if connections
        else httpx.Limits(max_connections=100, max_keepalive_connections=20)
    )
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        by_hand = await enter(httpx.AsyncClient(base_url=url, transport=mock, limits=limits))
        given = await enter(httpx.AsyncClient(transport=mock, limits=limits))
        client = await enter(
            AsyncQPayClient(
                **ACCOUNT, base_url=url, http_client=given if mock or connections else None
            )
        )
        await client.tokens.get()
        for opened in (by_hand, given) if connections else ():
            held = (opened.get(f"{url}{HOLD_PATH}") for _ in range(connections or 0))
            await asyncio.gather(*held)
        yield by_hand, client
