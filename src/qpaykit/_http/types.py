"""The request and the response of one attempt, independent of any HTTP library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr


class Request:
    """One attempt at one request."""

    __slots__ = ("authorization", "body", "method", "path")

    def __init__(
        self, method: str, path: str, body: bytes | None, authorization: SecretStr
    ) -> None:
        self.method: str = method
        self.path: str = path
        self.body: bytes | None = body
        self.authorization: SecretStr = authorization


class Response:
    """The response to a request, not yet parsed."""

    __slots__ = ("body", "retry_after", "status_code")

    def __init__(self, status_code: int, body: bytes, retry_after: str | None) -> None:
        self.status_code: int = status_code
        self.body: bytes = body
        self.retry_after: str | None = retry_after


class Transport(Protocol):
    """Sends requests and sleeps, in a sync and an async implementation."""

    async def send(self, request: Request, timeout: float) -> Response:
        """Make one attempt that ends within `timeout` seconds, or raise `TransportError`."""

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
