"""What every callback endpoint answers, whichever framework it stands in."""

from __future__ import annotations

from typing import NamedTuple

from qpaykit.callbacks import AsyncCallbackDispatcher, CallbackDispatcher, CallbackReply
from qpaykit.callbacks.parse import MAX_INPUT_BYTES
from qpaykit.errors import ConfigurationError

METHODS = ("GET", "POST")
_MAX_LENGTH_DIGITS = 20


class Answer(NamedTuple):
    """An HTTP response, as every framework can send it."""

    status_code: int
    headers: dict[str, str]
    body: bytes


class UnreadBodyError(Exception):
    """The body of a request was not read.

    Args:
        answer: The response that says why.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


def answer_of(reply: CallbackReply) -> Answer:
    """Return the HTTP response of a dispatcher's reply."""
    return _answer(reply.status_code, reply.body, reply.content_type)


def method_not_allowed(method: str) -> Answer:
    """Return the response to a method that QPay does not use."""
    body = "" if method == "HEAD" else "use GET or POST"
    answer = _answer(405, body, "text/plain; charset=utf-8")
    return answer._replace(headers={**answer.headers, "allow": ", ".join(METHODS)})


def too_large() -> UnreadBodyError:
    """Return the error of a body that is larger than any callback."""
    answer = _answer(413, "the body is too large", "text/plain; charset=utf-8")
    return UnreadBodyError(answer)


def length_required() -> UnreadBodyError:
    """Return the error of a body whose end the server does not tell.

    Read as an empty one, it would be answered with SUCCESS, and QPay would not call again.
    """
    answer = _answer(411, "send a Content-Length", "text/plain; charset=utf-8")
    return UnreadBodyError(answer)


def check_length(header: str | bytes | None) -> int | None:
    """Read a Content-Length; None where there is none that can be read.

    Raises:
        UnreadBodyError: It is larger than any callback.
    """
    digits = header.encode("latin-1", "replace") if isinstance(header, str) else header or b""
    if not digits.isdigit():
        return None
    # Python refuses to read numbers of thousands of digits.
    if len(digits) > _MAX_LENGTH_DIGITS or int(digits) > MAX_INPUT_BYTES:
        raise too_large()
    return int(digits)


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
        # A cache that answers SUCCESS for the shop would hide the next callback from it.
        "cache-control": "no-store",
    }
    return Answer(status_code, headers, content)
