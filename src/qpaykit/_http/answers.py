"""Reads answers: a body becomes a value or an error."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json

from qpaykit._http.redaction import redact
from qpaykit.errors import (
    APIError,
    FieldError,
    QPayError,
    UnexpectedResponseError,
    api_error_class,
)

if TYPE_CHECKING:
    from qpaykit._http.wire import Reply
    from qpaykit.operation import Operation

T = TypeVar("T")

_MAX_MESSAGE = 500


def read_reply(operation: Operation[T], reply: Reply) -> T:
    """Make of QPay's reply what the operation promises.

    Raises:
        APIError: QPay refused.
        UnexpectedResponseError: QPay agreed, in words that cannot be read.
    """
    if not 200 <= reply.status_code < 300:
        raise _refusal(operation.method, operation.path, reply)
    try:
        return operation.read(reply.body)
    except ValidationError as problem:
        failure = _unreadable(operation, reply, problem)
    except ValueError as problem:
        failure = UnexpectedResponseError(
            status_code=reply.status_code,
            method=operation.method,
            path=operation.path,
            reason=str(problem),
            body=redact(reply.body),
            garbled=_json(reply.body) is None,
        )
    # Outside the block, so that the error carries no context that holds the body.
    raise failure


def _unreadable(operation: Operation[T], reply: Reply, problem: ValidationError) -> QPayError:
    found = problem.errors(include_url=False, include_input=False, include_context=False)
    places = ", ".join(sorted({".".join(map(str, one["loc"])) for one in found if one["loc"]}))
    garbled = any(one["type"] == "json_invalid" for one in found)
    return UnexpectedResponseError(
        status_code=reply.status_code,
        method=operation.method,
        path=operation.path,
        reason="it is not JSON" if garbled else f"wrong type at {places or 'the top'}",
        body=redact(reply.body),
        garbled=garbled,
    )


def _refusal(method: str, path: str, reply: Reply) -> APIError:
    content = _json(reply.body)
    code: str | None = None
    message: str | None = None
    fields: dict[str, FieldError] = {}
    if isinstance(content, dict):
        error, said = content.get("error"), content.get("message")
        _flatten("", error, fields)
        _flatten("", said, fields)
        if isinstance(error, str):
            code = error
        elif fields:
            code = next(iter(fields.values())).type or None
        if isinstance(said, str):
            message = said
        elif fields:
            message = "; ".join(f"{name}: {field.message}" for name, field in fields.items())
    return api_error_class(reply.status_code, code)(
        status_code=reply.status_code,
        method=method,
        path=path,
        code=_clean(code),
        message=_clean(message),
        fields=fields,
        body=redact(reply.body),
        retry_after=_seconds(reply.retry_after),
    )


def _clean(text: str | None) -> str | None:
    return redact(text.encode("utf-8", "replace"))[:_MAX_MESSAGE] if text else None


def _flatten(name: str, value: JsonValue, fields: dict[str, FieldError]) -> None:
    if isinstance(value, dict):
        kind, message = value.get("type"), value.get("message")
        if isinstance(message, str) or isinstance(kind, str):
            fields.setdefault(
                name or "request",
                FieldError(
                    _clean(kind if isinstance(kind, str) else None) or "",
                    _clean(message if isinstance(message, str) else str(kind)) or "",
                ),
            )
            return
        for key, inner in value.items():
            _flatten(f"{name}.{key}" if name else key, inner, fields)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _flatten(f"{name}.{index}" if name else str(index), inner, fields)
    elif isinstance(value, str) and name:
        fields.setdefault(name, FieldError("", _clean(value) or ""))


def _json(body: bytes) -> JsonValue:
    try:
        content: JsonValue = from_json(body)
    except ValueError:
        return None
    return content


def _seconds(header: str | None) -> float | None:
    """Read Retry-After: seconds, or a date."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
