"""What every callback endpoint answers, whichever framework it stands in."""

from __future__ import annotations

from typing import NamedTuple

from qpaykit.callbacks import AsyncCallbackDispatcher, CallbackDispatcher, CallbackReply
from qpaykit.errors import ConfigurationError

METHODS = ("GET", "POST")


class Answer(NamedTuple):
    """An HTTP response, as every framework can send it."""

    status_code: int
    headers: dict[str, str]
    body: bytes


class BodyTooLargeError(Exception):
    """The body of a request is larger than any callback."""


def answer_of(reply: CallbackReply) -> Answer:
    """Return the HTTP response of a dispatcher's reply."""
    return _answer(reply.status_code, reply.body, reply.content_type)


def method_not_allowed(method: str) -> Answer:
    """Return the response to a method that QPay does not use."""
    body = "" if method == "HEAD" else "use GET or POST"
    answer = _answer(405, body, "text/plain; charset=utf-8")
    return answer._replace(headers={**answer.headers, "allow": ", ".join(METHODS)})


def too_large() -> Answer:
    """Return the response to a body that is larger than any callback."""
    return _answer(413, "the body is too large", "text/plain; charset=utf-8")


def check_dispatcher(dispatcher: object, *, awaited: bool) -> None:
    """Refuse what cannot serve an endpoint.

    Args:
        dispatcher: What an endpoint was given.
        awaited: Whether the endpoint can await an `AsyncCallbackDispatcher`.

    Raises:
        ConfigurationError: It is no dispatcher, or must be awaited where nothing can.
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


def _answer(status_code: int, body: str, content_type: str) -> Answer:
    content = body.encode()
    headers = {
        "content-type": content_type,
        "content-length": str(len(content)),
        # A cache that answers SUCCESS in the shop's place would swallow the next callback.
        "cache-control": "no-store",
    }
    return Answer(status_code, headers, content)
