"""Finds the endpoint of a request, and reads its Authorization header."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

ID = r"([^/]+)"

E = TypeVar("E")


class Routes(Generic[E]):
    """The endpoints of a product, by method and path.

    Args:
        table: For each endpoint its method, a regular expression for its path, and its function.
    """

    def __init__(self, table: Iterable[tuple[str, str, E]]) -> None:
        self._routes = [(method, re.compile(path), endpoint) for method, path, endpoint in table]

    def find(self, method: str, path: str) -> tuple[E, str]:
        """Return the endpoint of a request, and the id in its path; "" where it has none.

        Raises:
            LookupError: There is no such endpoint.
        """
        for verb, pattern, endpoint in self._routes:
            match = pattern.fullmatch(path)
            if verb == method and match:
                return endpoint, match.group(1) if pattern.groups else ""
        raise LookupError(path)


def basic_credentials(kind: str, secret: str) -> tuple[str, str]:
    """Return user name and password of an Authorization header; empty where it has none."""
    try:
        text = base64.b64decode(secret, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    username, _, password = text.partition(":")
    return (username, password) if kind.lower() == "basic" else ("", "")
