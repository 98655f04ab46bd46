"""An operation is a value: what to send, how to read the answer, whether to send it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import SecretStr

    from qpaykit.errors import QPayError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class RequestOutcome(Enum):
    """What is known of a request whose answer was lost."""

    DONE = "done"
    NOT_DONE = "not done"
    UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[T_co]):
    """One request to QPay.

    Attributes:
        name: What users call it, such as "invoices.create".
        method: HTTP method.
        path: Path below the base URL; every variable part has passed `path_id`.
        parse: Makes the answer of a body; raises `ValueError` for one that it cannot read.
        body: JSON to send, or None.
        retryable: Whether it may be sent again when its answer was lost.
        status_check: How to find out whether it was carried out when its answer was lost.
        subject: What it is about, for `OutcomeUnknownError`.
        authorization: The whole header, for the requests that get a token.
    """

    name: str
    method: str
    path: str
    parse: Callable[[bytes], T_co]
    body: bytes | None = field(default=None, repr=False)
    retryable: bool = True
    status_check: StatusCheck[T_co] | None = None
    subject: Mapping[str, str] = field(default_factory=dict)
    authorization: SecretStr | None = None


class StatusCheck(Generic[T_co]):
    """How to find out what became of a request whose answer was lost.

    Args:
        operation: The request whose answer shows whether the first was carried out.
        result: What the call returns where it was.
        done_codes: The error codes with which QPay says that it was carried out, such as that a
            deleted thing is not found.
    """

    def __init__(
        self,
        *,
        operation: Operation[RequestOutcome],
        result: T_co,
        done_codes: frozenset[str] = frozenset(),
    ) -> None:
        self.operation: Operation[RequestOutcome] = operation
        self.result: T_co = result
        self.done_codes: frozenset[str] = done_codes


class Poll(Generic[T]):
    """An operation that is repeated until its answer fulfils a condition.

    Args:
        operation: The request to repeat.
        until: Returns whether an answer ends the polling.
        timeout: Seconds after which the polling ends.
        interval: Shortest pause between two requests, in seconds; it grows to five times that.
        on_timeout: Makes the error that is raised when the timeout is over; its argument is the
            last answer.
    """

    def __init__(
        self,
        *,
        operation: Operation[T],
        until: Callable[[T], bool],
        timeout: float,
        interval: float,
        on_timeout: Callable[[T | None], QPayError],
    ) -> None:
        self.operation: Operation[T] = operation
        self.until: Callable[[T], bool] = until
        self.timeout: float = timeout
        self.interval: float = interval
        self.on_timeout: Callable[[T | None], QPayError] = on_timeout
