"""The cache of request headers: one entry for each token and body length, and a bounded size."""

from __future__ import annotations

import anyio
import httpx
import pytest
from pydantic import SecretStr

from helpers.settings import BASE
from qpaykit import TransportError
from qpaykit._http.transport import SyncTransport
from qpaykit._http.types import Request

MORE_THAN_ARE_KEPT = 300


def test_each_token_and_length_has_its_own_headers() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    transport = SyncTransport(BASE, httpx.Client(transport=httpx.MockTransport(answer)))

    async def send(length: int) -> None:
        token = SecretStr(f"Bearer {length}")
        await transport.send(Request("POST", "/invoice", bytes(length), token), 5)

    for length in (*range(MORE_THAN_ARE_KEPT), *range(MORE_THAN_ARE_KEPT)):
        anyio.run(send, length)
        headers = sent.pop().headers
        assert headers["authorization"] == f"Bearer {length}"
        assert headers["content-length"] == str(length)
        assert ("content-type" in headers) is (length > 0)


@pytest.mark.parametrize(("method", "length"), [("POST", "0"), ("GET", None), ("DELETE", None)])
def test_only_a_post_without_a_body_says_that_it_has_none(method: str, length: str | None) -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    transport = SyncTransport(BASE, httpx.Client(transport=httpx.MockTransport(answer)))

    async def send() -> None:
        await transport.send(Request(method, "/auth/token", None, SecretStr("Basic x")), 5)

    anyio.run(send)
    assert sent[0].headers.get("content-length") == length


def test_a_token_that_cannot_be_sent_is_not_sent_and_not_shown() -> None:
    transport = SyncTransport(BASE, None)

    async def send() -> None:
        await transport.send(Request("GET", "/invoice/1", None, SecretStr("Bearer б")), 5)

    with pytest.raises(TransportError, match="not ASCII") as caught:
        anyio.run(send)
    assert caught.value.sent is False
    assert "б" not in repr(caught.value.__context__)
