"""Parses responses: a body becomes a value or an error."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, TypeVar

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json

from qpaykit._redaction import MASK, Redactor, is_private
from qpaykit.errors import (
    APIError,
    AuthenticationError,
    FieldError,
    RateLimitedError,
    UnexpectedResponseError,
    api_error_class,
)

if TYPE_CHECKING:
    from qpaykit._http.types import Response
    from qpaykit.operation import Operation

T = TypeVar("T")

_MAX_MESSAGE_CHARACTERS = 500
_BAD_REQUEST = 400
_INTERNAL_ERROR = 500
# Only refused logins need these patterns: they are compiled on first use.
_CODE = r"[A-Z0-9_]{1,60}"
_LONG_WORD_WITH_DIGIT = r"(?<![A-Za-z0-9._~+/=-])(?=[A-Za-z._~+/=-]*\d)[A-Za-z0-9._~+/=-]{12,}"


def parse_response(operation: Operation[T], response: Response, redactor: Redactor) -> T:
    """Parse a response as the operation says.

    Raises:
        APIError: QPay refused the request.
        UnexpectedResponseError: The status is 2xx, and the body cannot be read.
    """
    if not 200 <= response.status_code < 300:
        raise _api_error(operation, response, redactor)
    try:
        return operation.parse(response.body)
    except ValidationError as problem:
        found = problem.errors(include_url=False, include_input=False, include_context=False)
        garbled = any(one["type"] == "json_invalid" for one in found)
        places = ", ".join(sorted({".".join(map(str, one["loc"])) for one in found if one["loc"]}))
        reason = "it is not JSON" if garbled else f"wrong type at {places or 'the top'}"
    except ValueError as problem:
        garbled = _json(response.body) is None
        reason = str(problem)
    # Raised outside the except block, so that its __context__ does not hold the body.
    raise UnexpectedResponseError(
        status_code=response.status_code,
        method=operation.method,
        path=operation.path,
        reason=redactor.text(reason),
        body=shown_body(operation, response, redactor),
        garbled=garbled,
    )


def shown_body(operation: Operation[T], response: Response, redactor: Redactor) -> str:
    """Return a response's body as text that may be shown, with secrets masked."""
    # An answer to a login may hold a token that the redactor does not know yet, in any field.
    return MASK if operation.authorization is not None else redactor.body(response.body)


def _api_error(operation: Operation[T], response: Response, redactor: Redactor) -> APIError:
    content = _json(response.body)
    code: str | None = None
    message: str | None = None
    fields: dict[str, FieldError] = {}
    if isinstance(content, dict):
        error, text = content.get("error"), content.get("message")
        if operation.authorization is None:
            _flatten("", error, fields, redactor)
            _flatten("", text, fields, redactor)
        if isinstance(error, str):
            code = error
        elif fields:
            code = next(iter(fields.values())).type or None
        if isinstance(text, str):
            message = text
        elif fields:
            message = "; ".join(f"{name}: {field.message}" for name, field in fields.items())
    kind = api_error_class(response.status_code, code)
    if operation.authorization is not None:
        # A refused login is an authentication error, whatever code QPay gives it.
        if _BAD_REQUEST <= response.status_code < _INTERNAL_ERROR and kind is not RateLimitedError:
            kind = AuthenticationError
        message = re.sub(_LONG_WORD_WITH_DIGIT, MASK, message) if message else None
        code = code if code is not None and re.fullmatch(_CODE, code) else None
    return kind(
        status_code=response.status_code,
        method=operation.method,
        path=operation.path,
        code=_clean(code, redactor),
        message=_clean(message, redactor),
        fields=fields,
        body=shown_body(operation, response, redactor),
        retry_after=_retry_after_seconds(response.retry_after),
    )


def _clean(text: str | None, redactor: Redactor) -> str | None:
    return redactor.text(text)[:_MAX_MESSAGE_CHARACTERS] if text else None


def _flatten(
    name: str, value: JsonValue, fields: dict[str, FieldError], redactor: Redactor
) -> None:
    if isinstance(value, dict):
        kind, message = value.get("type"), value.get("message")
        if isinstance(message, str) or isinstance(kind, str):
            fields.setdefault(
                name or "request",
                FieldError(
                    _clean(kind if isinstance(kind, str) else None, redactor) or "",
                    _clean(message if isinstance(message, str) else str(kind), redactor) or "",
                ),
            )
            return
        for key, inner in value.items():
            shown: JsonValue = MASK if is_private(key) else inner
            key = _clean(key, redactor) or ""
            _flatten(f"{name}.{key}" if name else key, shown, fields, redactor)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _flatten(f"{name}.{index}" if name else str(index), inner, fields, redactor)
    elif isinstance(value, str) and name:
        fields.setdefault(name, FieldError("", _clean(value, redactor) or ""))


def _json(body: bytes) -> JsonValue:
    try:
        content: JsonValue = from_json(body)
    except ValueError:
        return None
    return content


def _retry_after_seconds(header: str | None) -> float | None:
    """Return the seconds that Retry-After asks for, as a number or as a date."""
    from email.utils import parsedate_to_datetime

    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
