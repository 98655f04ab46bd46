"""The HTTP responses of a callback endpoint, in every framework."""

from __future__ import annotations

from typing import NamedTuple

from qpaykit.callbacks import AsyncCallbackDispatcher, CallbackDispatcher, CallbackReply
from qpaykit.callbacks.parse import MAX_INPUT_BYTES
from qpaykit.errors import ConfigurationError

METHODS = ("GET", "POST")
_MAX_LENGTH_DIGITS = 20


class HTTPResponse(NamedTuple):
    """An HTTP response, independent of the framework that sends it."""

    status_code: int
    headers: dict[str, str]
    body: bytes


class UnreadBodyError(Exception):
    """The body of a request was not read.

    Args:
        response: The response to send, which says why.
    """

    def __init__(self, response: HTTPResponse) -> None:
        super().__init__(response)
        self.response = response


def response_of(reply: CallbackReply) -> HTTPResponse:
    """Return the HTTP response of a dispatcher's reply."""
    return _response(reply.status_code, reply.body, reply.content_type)


def method_not_allowed(method: str) -> HTTPResponse:
    """Return the response to a method that QPay does not use."""
    body = "" if method == "HEAD" else "use GET or POST"
    response = _response(405, body, "text/plain; charset=utf-8")
    return response._replace(headers={**response.headers, "allow": ", ".join(METHODS)})


def too_large() -> UnreadBodyError:
    """Return the error of a body that is larger than any callback."""
    response = _response(413, "the body is too large", "text/plain; charset=utf-8")
    return UnreadBodyError(response)


def length_required() -> UnreadBodyError:
    """Return the error of a body of unknown length.

    Read as empty, it would be answered with SUCCESS, and QPay would not call again.
    """
    response = _response(411, "send a Content-Length", "text/plain; charset=utf-8")
    return UnreadBodyError(response)


def check_length(header: str | bytes | None) -> int | None:
    """Read a Content-Length; None where there is none that can be read.

    Raises:
        UnreadBodyError: It is larger than any callback.
    """
    digits = header.encode("latin-1", "replace") if isinstance(header, str) else header or b""
    if not digits.isdigit():
        return None
    # Python refuses to parse numbers of thousands of digits.
    if len(digits) > _MAX_LENGTH_DIGITS or int(digits) > MAX_INPUT_BYTES:
        raise too_large()
    return int(digits)


def check_dispatcher(dispatcher: object, *, awaited: bool) -> None:
    """Check that a dispatcher can serve an endpoint.

    Args:
        dispatcher: What an endpoint was given.
        awaited: Whether the endpoint can await an `AsyncCallbackDispatcher`.

    Raises:
        ConfigurationError: It is not a dispatcher, or is an `AsyncCallbackDispatcher` that the
            endpoint cannot await.
    """
    if isinstance(dispatcher, CallbackDispatcher):
        return
    if not isinstance(dispatcher, AsyncCallbackDispatcher):
        msg = f"a callback endpoint needs a CallbackDispatcher, not {type(dispatcher).__name__}"
        raise ConfigurationError(msg)
    if not awaited:
        raise ConfigurationError(
            "WSGI cannot await an AsyncCallbackDispatcher: use CallbackDispatcher with QPayClient, "
            "or an ASGI server with qpaykit.integrations.asgi"
        )


def _response(status_code: int, body: str, content_type: str) -> HTTPResponse:
    content = body.encode()
    headers = {
        "content-type": content_type,
        "content-length": str(len(content)),
        # A cached SUCCESS would keep the next callback from the shop.
        "cache-control": "no-store",
    }
    return HTTPResponse(status_code, headers, content)
