"""A QPay in the same process, by httpx's mock transport: no socket, no other process."""

from __future__ import annotations

import httpx

from benchmarks.pages import LIST_PATH, page_answer
from benchmarks.samples import CALLS, token_answer

URL = "https://qpay.test"
_JSON = {"content-type": "application/json; charset=utf-8"}
_CANNED = {(call.method, call.path): call.answer for call in CALLS}


def _answer(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    content = _CANNED.get((request.method, path))
    if content is None:
        content = page_answer(request.content) if path == LIST_PATH else token_answer()
    return httpx.Response(200, headers=_JSON, content=content)


def transport() -> httpx.MockTransport:
    """Give a transport for a client, sync or async."""
    return httpx.MockTransport(_answer)
