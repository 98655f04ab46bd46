"""The registered handlers of a dispatcher."""

from __future__ import annotations

from typing import Generic, TypeVar

from qpaykit.errors import ConfigurationError
from qpaykit.models import PaymentStatus

H = TypeVar("H")

UNDERPAID = "underpaid"
OVERPAID = "overpaid"
OTHER = "other"

_STATUSES = frozenset(PaymentStatus)


class Handlers(Generic[H]):
    """The handlers of one dispatcher, by status."""

    def __init__(self) -> None:
        self._by_name: dict[str, H] = {}
        self._closed = False

    def add(self, name: str, handler: H) -> None:
        """Register a handler.

        Args:
            name: A status, or one of this module's names; QPay's statuses in any letters.
            handler: What to call.

        Raises:
            ConfigurationError: There is one already, or the first callback has come.
        """
        if self._closed:
            raise ConfigurationError(
                "register handlers before the first callback is handled: "
                "callbacks that came before would have missed this one"
            )
        if name.upper() in _STATUSES:
            name = name.upper()
        if name in self._by_name:
            msg = f"there is a handler for {name} already"
            raise ConfigurationError(msg)
        self._by_name[name] = handler

    def close(self) -> None:
        """Refuse further handlers: the first callback has come."""
        self._closed = True

    def find(self, name: PaymentStatus | str) -> H | None:
        """Return the handler of a status, else the one for all others; None without either."""
        return self._by_name.get(str(name), self._by_name.get(OTHER))

    def find_overpaid(self) -> H | None:
        """Return the handler of a payment too many; `on_other` does not take these."""
        return self._by_name.get(OVERPAID)
