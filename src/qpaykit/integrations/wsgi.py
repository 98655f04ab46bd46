"""A callback endpoint for every WSGI server and framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias

from qpaykit.callbacks import CallbackDispatcher
from qpaykit.callbacks.parse import MAX_INPUT_BYTES
from qpaykit.integrations._answers import (
    METHODS,
    Answer,
    BodyTooLargeError,
    answer_of,
    check_dispatcher,
    method_not_allowed,
    too_large,
)

StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], object]


class Input(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes; none at the end."""


class CallbackApp:
    """A WSGI application that answers QPay's callbacks at whatever path it is reached.

    It answers GET and POST, and 405 to other methods. It never redirects. A body above 256 KiB
    is refused with 413 before it is read.
    """

    def __init__(self, dispatcher: CallbackDispatcher) -> None:
        check_dispatcher(dispatcher, awaited=False)
        self._dispatcher = dispatcher

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> list[bytes]:
        """Serve one request."""
        length = str(environ.get("CONTENT_LENGTH") or "")
        stream: Input = environ["wsgi.input"]
        answer = self.answer(
            str(environ["REQUEST_METHOD"]),
            str(environ.get("QUERY_STRING", "")).encode("latin-1"),
            int(length) if length.isdigit() else None,
            stream,
            is_terminated=bool(environ.get("wsgi.input_terminated")),
        )
        status = HTTPStatus(answer.status_code)
        start_response(f"{status.value} {status.phrase}", list(answer.headers.items()))
        return [answer.body]

    def answer(
        self,
        method: str,
        query: bytes,
        length: int | None,
        stream: Input,
        *,
        is_terminated: bool,
    ) -> Answer:
        """Answer one request.

        Args:
            method: Its method.
            query: Its query.
            length: The length of its body in bytes; None where it names none.
            stream: What its body is read from.
            is_terminated: Whether the stream ends with the body, so that it needs no length.
        """
        if method not in METHODS:
            return method_not_allowed(method)
        if length is None:
            length = MAX_INPUT_BYTES + 1 if is_terminated else 0
        elif length > MAX_INPUT_BYTES:
            return too_large()
        try:
            body = _body(stream, length) if method == "POST" else b""
        except BodyTooLargeError:
            return too_large()
        return answer_of(self._dispatcher.handle(query=query, body=body or None))


def callback_app(dispatcher: CallbackDispatcher) -> CallbackApp:
    """Make a callback endpoint for any WSGI server or framework.

    Args:
        dispatcher: The dispatcher, whose handlers are registered before the first callback.

    Returns:
        The WSGI application. Route one path to it.

    Raises:
        ConfigurationError: `dispatcher` is none, or is an `AsyncCallbackDispatcher`.
    """
    return CallbackApp(dispatcher)


def _body(stream: Input, length: int) -> bytes:
    """Read a body of at most so many bytes.

    Raises:
        BodyTooLargeError: It is larger than any callback.
    """
    body = bytearray()
    while len(body) < length and (part := stream.read(length - len(body))):
        body += part
    if len(body) > MAX_INPUT_BYTES:
        raise BodyTooLargeError
    return bytes(body)
