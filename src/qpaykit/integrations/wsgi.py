"""A callback endpoint for every WSGI server and framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias

from qpaykit.callbacks import CallbackDispatcher
from qpaykit.callbacks.parse import MAX_INPUT_BYTES
from qpaykit.integrations._responses import (
    METHODS,
    HTTPResponse,
    UnreadBodyError,
    check_dispatcher,
    check_length,
    length_required,
    method_not_allowed,
    response_of,
    too_large,
)

StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], object]


class Input(Protocol):
    """The stream that a request's body is read from."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes; none at the end."""


class CallbackApp:
    """A WSGI application that answers QPay's callbacks at any path.

    It answers GET and POST, and 405 to other methods. It never redirects. A body above 256 KiB
    is refused with 413 before it is read.
    """

    def __init__(self, dispatcher: CallbackDispatcher) -> None:
        check_dispatcher(dispatcher, awaited=False)
        self._dispatcher = dispatcher

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> list[bytes]:
        """Serve one request."""
        query = str(environ.get("QUERY_STRING", "")).encode("latin-1")
        response = self.respond(environ, query, environ["wsgi.input"])
        status = HTTPStatus(response.status_code)
        start_response(f"{status.value} {status.phrase}", list(response.headers.items()))
        return [response.body]

    def respond(
        self, environ: Mapping[str, Any], query: bytes | str, stream: Input
    ) -> HTTPResponse:
        """Answer one request.

        Args:
            environ: The WSGI environment.
            query: The query of the request.
            stream: The body of the request, which is read for POST only.
        """
        method = str(environ["REQUEST_METHOD"])
        if method not in METHODS:
            return method_not_allowed(method)
        try:
            body = read_body(environ, stream) if method == "POST" else b""
        except UnreadBodyError as error:
            return error.response
        return response_of(self._dispatcher.handle(query=query, body=body or None))


def callback_app(dispatcher: CallbackDispatcher) -> CallbackApp:
    """Make a callback endpoint for any WSGI server or framework.

    Args:
        dispatcher: The dispatcher, whose handlers are registered before the first callback.

    Returns:
        The WSGI application. Route one path to it.

    Raises:
        ConfigurationError: `dispatcher` is not a dispatcher, or is an `AsyncCallbackDispatcher`.
    """
    return CallbackApp(dispatcher)


def read_body(environ: Mapping[str, Any], stream: Input) -> bytes:
    """Read the body of a request.

    Raises:
        UnreadBodyError: It is larger than any callback, or its length is unknown.
    """
    length = check_length(environ.get("CONTENT_LENGTH"))
    if length is None:
        if not environ.get("wsgi.input_terminated"):
            if environ.get("HTTP_TRANSFER_ENCODING"):
                raise length_required()
            return b""
        length = MAX_INPUT_BYTES + 1
    body = bytearray()
    while len(body) < length and (part := stream.read(length - len(body))):
        body += part
    if len(body) > MAX_INPUT_BYTES:
        raise too_large()
    return bytes(body)
