"""What the drivers send and bring back, free of any HTTP library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr


@dataclass(slots=True)
class Request:
    """One attempt at one request."""

    method: str
    path: str
    body: bytes | None = field(repr=False)
    authorization: SecretStr


@dataclass(slots=True)
class Response:
    """What came back: nothing of it is interpreted yet."""

    status_code: int
    body: bytes = field(repr=False)
    retry_after: str | None = field(repr=False)


class Transport(Protocol):
    """Sends and sleeps; the only part that differs between the sync and the async client."""

    async def send(self, message: Request, timeout: float) -> Response:
        """Make one attempt that ends within `timeout` seconds, or raise `TransportError`."""

    async def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
