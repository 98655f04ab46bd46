"""The operation of `client.request`, for endpoints that have no method."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic_core import to_json

from qpaykit.models.arguments import refused
from qpaykit.operation import Operation
from qpaykit.resources._parsing import json_value

if TYPE_CHECKING:
    from pydantic import JsonValue

_METHOD = re.compile(r"[A-Z]{3,10}")
_PATH = re.compile(r"(/[A-Za-z0-9._~%-]+)+/?(\?[A-Za-z0-9._~%=&+,:-]*)?", re.ASCII)


def request_operation(
    method: str, path: str, json: JsonValue, *, safe: bool
) -> Operation[JsonValue]:
    """Build the operation of any request.

    Raises:
        pydantic.ValidationError: The method or the path cannot be used.
    """
    method = method.upper()
    if not _METHOD.fullmatch(method):
        raise refused("method", "must be an HTTP method, such as GET")
    path = path.removeprefix("/v2/") if path.startswith("/v2/") else path
    path = path if path.startswith("/") else f"/{path}"
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise refused("path", "must be a path below the base URL, such as /terminal/1")
    return Operation(
        name="request",
        method=method,
        path=path,
        body=None if json is None else to_json(json),
        parse=json_value,
        retryable=safe or method == "GET",
        subject={"path": path},
    )
