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
        parse: Parses a body; raises `ValueError` for one that it cannot read.
        body: JSON to send, or None.
        retryable: Whether it may be sent again when its answer was lost.
        status_check: How to find out whether it was carried out when its answer was lost.
        subject: The ids that it is about, by name, for `OutcomeUnknownError`.
        authorization: The Authorization header of a request for a token; None for the others.
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
    """How to find out whether a request whose answer was lost was carried out.

    Args:
        operation: The request whose answer shows it.
        result: What the call returns if it was carried out.
        done_codes: The error codes that mean that it was carried out, such as "not found" after a
            deletion.
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
        on_timeout: Returns the error to raise after the timeout; its argument is the last answer,
            None where there was none.
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
