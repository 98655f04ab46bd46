"""A callback endpoint for every ASGI server and framework."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from anyio import to_thread

from qpaykit.callbacks import AsyncCallbackDispatcher, CallbackDispatcher
from qpaykit.callbacks.parse import MAX_INPUT_BYTES
from qpaykit.integrations._responses import (
    METHODS,
    HTTPResponse,
    UnreadBodyError,
    check_dispatcher,
    check_length,
    method_not_allowed,
    response_of,
    too_large,
)

# Servers and frameworks have their own, incompatible types for scopes and messages.
Scope: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]


class CallbackApp:
    """An ASGI application that answers QPay's callbacks at any path.

    It answers GET and POST, and 405 to other methods. It never redirects. A body above 256 KiB
    is refused with 413 before it is read.
    """

    def __init__(self, dispatcher: CallbackDispatcher | AsyncCallbackDispatcher) -> None:
        check_dispatcher(dispatcher, awaited=True)
        self._dispatcher = dispatcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of a server that has this application alone."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            response = await self.respond(scope, receive)
            if response is not None:
                await _send(response, send)

    async def respond(self, scope: Scope, receive: Receive) -> HTTPResponse | None:
        """Answer one request; None where the client has disconnected."""
        method: str = scope["method"]
        if method not in METHODS:
            return method_not_allowed(method)
        body: bytes | None = None
        if method == "POST":
            try:
                body = await _body(scope, receive)
            except UnreadBodyError as error:
                return error.response
            if body is None:
                return None
        query: bytes = scope["query_string"]
        dispatcher = self._dispatcher
        if isinstance(dispatcher, AsyncCallbackDispatcher):
            reply = await dispatcher.handle(query=query, body=body or None)
        else:
            reply = await to_thread.run_sync(
                lambda: dispatcher.handle(query=query, body=body or None)
            )
        return response_of(reply)


def callback_app(dispatcher: CallbackDispatcher | AsyncCallbackDispatcher) -> CallbackApp:
    """Make a callback endpoint for any ASGI server or framework.

    A `CallbackDispatcher` works in a thread, an `AsyncCallbackDispatcher` is awaited.

    Args:
        dispatcher: The dispatcher, whose handlers are registered before the first callback.

    Returns:
        The ASGI application. Route one path to it. Where a framework mounts it below a path, use
        that path with its slash at the end in `callback_url`: frameworks redirect the other.

    Raises:
        ConfigurationError: `dispatcher` is not a dispatcher.
    """
    return CallbackApp(dispatcher)


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Read the body of a request; None where the client has disconnected.

    Raises:
        UnreadBodyError: It is larger than any callback.
    """
    for name, value in scope["headers"]:
        if name == b"content-length":
            check_length(value)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_INPUT_BYTES:
            raise too_large()
        if not message.get("more_body", False):
            return bytes(body)


async def _send(response: HTTPResponse, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
