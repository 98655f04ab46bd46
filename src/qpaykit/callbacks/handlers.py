"""Which handler serves which status."""

from __future__ import annotations

from typing import Generic, TypeVar

from qpaykit.errors import ConfigurationError
from qpaykit.models import PaymentStatus

H = TypeVar("H")

UNDERPAID = "underpaid"
OTHER = "other"

_WORDS = frozenset(PaymentStatus)


class Handlers(Generic[H]):
    """The handlers of one dispatcher; closed once the first event has come."""

    def __init__(self) -> None:
        self._by_name: dict[str, H] = {}
        self._closed = False

    def add(self, name: str, handler: H) -> None:
        """Register a handler.

        Args:
            name: A status, or one of this module's names; QPay's words in any letters.
            handler: What to call.

        Raises:
            ConfigurationError: There is one already, or events have begun to come.
        """
        if self._closed:
            raise ConfigurationError(
                "register handlers before the first callback is handled: "
                "events that came before would have missed this one"
            )
        if name.upper() in _WORDS:
            name = name.upper()
        if name in self._by_name:
            msg = f"there is a handler for {name} already"
            raise ConfigurationError(msg)
        self._by_name[name] = handler

    def find(self, status: PaymentStatus | str, *, underpaid: bool) -> H | None:
        """Return the handler for a payment of this status, if there is one."""
        self._closed = True
        name = UNDERPAID if underpaid else str(status)
        return self._by_name.get(name, self._by_name.get(OTHER))
