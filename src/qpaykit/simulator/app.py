"""The simulator's HTTP: records, strikes with faults, answers as QPay's server does."""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from qpaykit.simulator.endpoints import answer
from qpaykit.simulator.journal import Journal, RecordedRequest
from qpaykit.simulator.refusals import Refused

if TYPE_CHECKING:
    import asyncio

    from pydantic import JsonValue
    from starlette.types import Receive, Scope, Send

    from qpaykit.simulator.desk import Desk
    from qpaykit.simulator.faults import Fault, Faults
    from qpaykit.simulator.state import State

CONNECTION = "qpaykit.connection"

_GATEWAY = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx/1.28.0</center>\r\n</body>\r\n</html>\r\n"
)
_RESET = struct.pack("ii", 1, 0)
_DRIP = 0.05
_SLOW = 1.0
_HANG = 3600.0


class QPayApp:
    """An ASGI application that answers as QPay does."""

    def __init__(self, state: State, journal: Journal, faults: Faults, desk: Desk) -> None:
        self._state = state
        self._journal = journal
        self._faults = faults
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return None
        request = Request(scope, receive)
        path = scope["raw_path"].decode("latin-1")
        if not path.startswith("/v2/"):
            return await (await self._desk.answer(request))(scope, receive, send)
        recorded = RecordedRequest(
            request.method,
            path,
            request.url.query,
            dict(request.headers),
            await request.body(),
        )
        self._journal.add(recorded)
        fault = self._faults.take(recorded.method, path)
        kind = fault.kind if fault else ""
        response = _refused_by(fault) if fault else None
        if kind == "reset-before":
            return _abort(scope)
        if kind == "hang":
            return await anyio.sleep(_HANG)
        if kind == "slow" and fault is not None:
            await anyio.sleep(_SLOW if fault.delay is None else fault.delay)
        if response is None or kind.endswith("-after"):
            done = self._answer(recorded)
            response = response or done
        if kind == "reset-after":
            return _abort(scope)
        if kind == "cut-off":
            return await _cut_off(response, scope, send)
        if kind == "drip" and fault is not None:
            return await _drip(response, send, _DRIP if fault.delay is None else fault.delay)
        return await _spoiled(response, kind)(scope, receive, send)

    def _answer(self, recorded: RecordedRequest) -> Response:
        try:
            content = json.loads(recorded.body) if recorded.body.strip() else {}
        except ValueError:
            return _json({"error": "BAD_REQUEST", "message": "Unexpected token in JSON"}, 400)
        if not isinstance(content, dict):
            content = {}
        try:
            found = answer(
                self._state,
                recorded.method,
                recorded.path.removeprefix("/v2"),
                recorded.headers,
                content,
            )
        except Refused as refusal:
            return _json(refusal.content, refusal.status)
        except LookupError:
            return _not_found(recorded)
        return _json(found)


def _json(content: JsonValue, status_code: int = 200) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(
        body,
        status_code,
        {"x-powered-by": "Express", "content-type": "application/json; charset=utf-8"},
    )


def _not_found(recorded: RecordedRequest) -> Response:
    return HTMLResponse(
        "<!DOCTYPE html>\n<html><head><title>Error</title></head>\n"
        f"<body><pre>Cannot {recorded.method} this path</pre></body></html>\n",
        404,
    )


def _refused_by(fault: Fault) -> Response | None:
    status, _, _ = fault.kind.partition("-")
    wait = {"retry-after": f"{1 if fault.delay is None else fault.delay:g}"}
    if status == "502":
        return HTMLResponse(_GATEWAY.format("502 Bad Gateway"), 502)
    if status == "503":
        headers = wait if fault.kind == "503-retry-after" else {}
        return HTMLResponse(_GATEWAY.format("503 Service Temporarily Unavailable"), 503, headers)
    if status == "429":
        return Response("Too Many Requests", 429, wait)
    if status == "500":
        return _json({"error": "SYSTEM_BUSY", "message": "SYSTEM_BUSY"}, 500)
    if status == "401":
        return _json({"error": "NO_CREDENTIALS", "message": "NO_CREDENTIALS"}, 401)
    return None


def _spoiled(response: Response, kind: str) -> Response:
    body = bytes(response.body)
    if kind == "malformed":
        return Response(body[:-1] + b",}", 200, media_type="application/json")
    if kind == "html":
        return HTMLResponse(_GATEWAY.format("Welcome"), 200)
    if kind == "empty":
        return Response(b"", 200)
    if kind == "unknown-status":
        return _json(_with_status(json.loads(body)), response.status_code)
    if kind == "null":
        return _json(dict.fromkeys(json.loads(body)), response.status_code)
    return response


def _with_status(content: JsonValue) -> JsonValue:
    if isinstance(content, dict):
        return {
            name: "ON_HOLD" if name == "payment_status" else _with_status(value)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [_with_status(value) for value in content]
    return content


async def _drip(response: Response, send: Send, pause: float) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )
    for byte in bytes(response.body):
        await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        await anyio.sleep(pause)
    await send({"type": "http.response.body", "body": b""})


async def _cut_off(response: Response, scope: Scope, send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )
    half = bytes(response.body)[: max(1, len(response.body) // 2)]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    await anyio.sleep(_DRIP)
    _transport(scope).close()


def _abort(scope: Scope) -> None:
    transport = _transport(scope)
    sock: socket.socket = transport.get_extra_info("socket")
    # Lingering for no time makes the kernel send a reset instead of a polite end.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"][CONNECTION].transport
    return transport
