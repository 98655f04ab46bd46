"""Responses with the headers of QPay's servers: Express behind nginx."""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
from typing import TYPE_CHECKING

from starlette.responses import Response

from qpaykit.simulator.odd_answers import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

SESSION_COOKIE = "qpay_merchant_openapi.sid"
_NGINX = {"server": "nginx/1.28.0"}
_EXPRESS = {**_NGINX, "x-powered-by": "Express"}
_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx/1.28.0</center>\r\n</body>\r\n</html>\r\n"
)
_NOT_FOUND_PAGE = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n'
    "</head>\n<body>\n<pre>Cannot {method} {path}</pre>\n</body>\n</html>\n"
)


def json_response(
    content: JsonValue, status_code: int = 200, *, new_session: bool = False
) -> Response:
    """Answer with JSON, with a weak ETag of the body and, where it is new, a session's cookie."""
    body = encode(content)
    headers = {
        **_EXPRESS,
        "content-type": "application/json; charset=utf-8",
        "etag": weak_etag(body),
    }
    if new_session:
        headers["set-cookie"] = f"{SESSION_COOKIE}=s%3A{secrets.token_hex(24)}; Path=/; HttpOnly"
    return Response(body, status_code, headers)


def not_found(method: str, path: str) -> Response:
    """Answer as Express does where there is no such endpoint."""
    body = _NOT_FOUND_PAGE.format(method=html.escape(method), path=html.escape(path)).encode()
    headers = {
        **_EXPRESS,
        "content-security-policy": "default-src 'none'",
        "x-content-type-options": "nosniff",
        "content-type": "text/html; charset=utf-8",
    }
    return Response(body, 404, headers)


def gateway_page(
    title: str, status_code: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a page of nginx, as where nothing answers behind it."""
    page = _GATEWAY_PAGE.format(title).encode()
    return Response(page, status_code, {**_NGINX, "content-type": "text/html", **(headers or {})})


def weak_etag(body: bytes) -> str:
    """Return the ETag that Express gives a body: its length and a part of its SHA-1."""
    digest = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()
    return f'W/"{len(body):x}-{digest[:27]}"'
