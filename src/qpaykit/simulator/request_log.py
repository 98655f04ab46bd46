"""The log of the requests that the simulator received."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

from pydantic import JsonValue

_MAX_KEPT_REQUESTS = 10_000


@dataclass(eq=False)
class RecordedRequest:
    """A request as it came in.

    Attributes:
        method: HTTP method.
        path: The path as it was sent, `/v2` included.
        query: The query as it was sent, without the question mark.
        headers: The headers, by lower-case name.
        body: The body.
        status_code: What was answered; None while nothing was, or where a fault broke the
            connection.
        seconds: How long the answer took.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status_code: int | None = None
    seconds: float | None = None

    def json(self) -> JsonValue:
        """The body, read as JSON."""
        content: JsonValue = json.loads(self.body)
        return content


class RequestLog(Sequence[RecordedRequest]):
    """The last 10,000 requests, oldest first."""

    def __init__(self) -> None:
        self._requests: deque[RecordedRequest] = deque(maxlen=_MAX_KEPT_REQUESTS)
        self.on_answered: Callable[[RecordedRequest], None] | None = None

    def add(self, request: RecordedRequest) -> None:
        """Record a request."""
        self._requests.append(request)

    def answered(self, request: RecordedRequest, status_code: int, seconds: float) -> None:
        """Record the answer to a request."""
        request.status_code, request.seconds = status_code, seconds
        if self.on_answered is not None:
            self.on_answered(request)

    def clear(self) -> None:
        """Delete all requests."""
        self._requests.clear()

    def to(self, method: str, path: str) -> list[RecordedRequest]:
        """Return the requests to one endpoint.

        Args:
            method: HTTP method.
            path: Path, with or without `/v2`.
        """
        bare = path.removeprefix("/v2")
        return [
            one
            for one in list(self._requests)
            if one.method == method and one.path.removeprefix("/v2") == bare
        ]

    def __len__(self) -> int:
        return len(self._requests)

    @overload
    def __getitem__(self, index: int) -> RecordedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordedRequest]: ...
    def __getitem__(self, index: int | slice) -> RecordedRequest | list[RecordedRequest]:
        return list(self._requests)[index]

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(list(self._requests))
