"""What tests and the page do with the simulated Quick QR."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue
from typing_extensions import TypedDict

from qpaykit.simulator.accounts import Account
from qpaykit.simulator.quickqr.endpoints import answer
from qpaykit.simulator.quickqr.serializers import Variant
from qpaykit.simulator.quickqr.state import QuickState, SubMerchant

DEFAULT_TERMINAL_ID = "95000059"


class QuickCredentials(TypedDict):
    """Keyword arguments for a client of a Quick QR login."""

    username: str
    password: str
    terminal_id: str
    callback_url: str
    base_url: str


class QuickQR:
    """Quick QR on this machine. Its invoices are paid with the simulator's own `pay`.

    Args:
        state: The logins and sub-merchants, and the simulator's state below them.

    Attributes:
        answers: How answers are written: each of `Variant`'s fields may be set.
    """

    def __init__(self, state: QuickState) -> None:
        self._state = state
        self.answers: Variant = Variant()

    def add_login(
        self, username: str, password: str, *, terminal_id: str = DEFAULT_TERMINAL_ID
    ) -> Account:
        """Add a partner login.

        Args:
            username: Its name.
            password: Its password.
            terminal_id: The terminal that it logs in with.

        Returns:
            The login.
        """
        account = Account(username, password, {})
        self._state.accounts.add(account)
        self._state.terminals[account] = terminal_id
        return account

    def terminal_of(self, account: Account) -> str:
        """Return the terminal of a login.

        Args:
            account: What `add_login` returned.
        """
        return self._state.terminals[account]

    def merchants(self) -> list[SubMerchant]:
        """Return the sub-merchants of all logins, oldest first."""
        with self._state.common.lock:
            return list(self._state.merchants.values())

    def revoke_tokens(self) -> None:
        """Revoke every token, as a login elsewhere would."""
        self._state.accounts.revoke_tokens()

    def reset(self) -> None:
        """Delete everything but the logins."""
        self._state.reset()
        self.answers = Variant()

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], content: dict[str, JsonValue]
    ) -> JsonValue:
        """Carry out one request.

        Args:
            method: HTTP method.
            path: Path without `/v2`.
            headers: The headers, by lower-case name.
            content: The JSON body.
        """
        return answer(self._state, self.answers, method, path, headers, content)
