"""What a fault does to an HTTP response, and to the connection below it."""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING

import anyio
from starlette.responses import Response

from qpaykit.simulator.http_responses import gateway_page, json_response
from qpaykit.simulator.odd_answers import ODD_ANSWERS

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Scope, Send

    from qpaykit.simulator.faults import Fault

CONNECTION = "qpaykit.connection"
DEFAULT_DRIP_SECONDS = 0.05
DEFAULT_SLOW_SECONDS = 1.0
HANG_SECONDS = 3600.0

_RESET = struct.pack("ii", 1, 0)


def error_response(fault: Fault) -> Response | None:
    """Return the error response of a fault; None for a fault that sends no error."""
    status, _, _ = fault.kind.partition("-")
    wait = {"retry-after": f"{1 if fault.delay is None else fault.delay:g}"}
    if status == "502":
        return gateway_page("502 Bad Gateway", 502)
    if status == "503":
        headers = wait if fault.kind == "503-retry-after" else {}
        return gateway_page("503 Service Temporarily Unavailable", 503, headers)
    if status == "429":
        return Response("Too Many Requests", 429, wait)
    if status == "500":
        return json_response({"error": "SYSTEM_BUSY", "message": "SYSTEM_BUSY"}, 500)
    if status == "401":
        return json_response({"error": "NO_CREDENTIALS", "message": "NO_CREDENTIALS"}, 401)
    return None


def corrupted(response: Response, kind: str) -> Response:
    """Return an answer whose body the fault has changed."""
    body = bytes(response.body)
    if kind == "malformed":
        return Response(body[:-1] + b",}", 200, media_type="application/json")
    if kind == "html":
        return gateway_page("Welcome", 200)
    if kind == "empty":
        return Response(b"", 200)
    if kind in ODD_ANSWERS and response.status_code == 200:
        return json_response(ODD_ANSWERS[kind](json.loads(body)))
    return response


async def drip(response: Response, send: Send, pause_seconds: float) -> None:
    """Send the body byte by byte."""
    await _send_head(response, send)
    for byte in bytes(response.body):
        await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        await anyio.sleep(pause_seconds)
    await send({"type": "http.response.body", "body": b""})


async def cut_off(response: Response, scope: Scope, send: Send) -> None:
    """Send half of the body and close the connection."""
    await _send_head(response, send)
    half = bytes(response.body)[: max(1, len(response.body) // 2)]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    await anyio.sleep(DEFAULT_DRIP_SECONDS)
    _transport(scope).close()


def reset(scope: Scope) -> None:
    """Reset the connection."""
    transport = _transport(scope)
    sock: socket.socket = transport.get_extra_info("socket")
    # A linger time of 0 makes the kernel send RST instead of FIN.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


async def _send_head(response: Response, send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"][CONNECTION].transport
    return transport
