"""The bearer token, for those who need it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit._drive import drive

if TYPE_CHECKING:
    from qpaykit._http.tokens import TokenManager


class _TokenFlows:
    def __init__(self, manager: TokenManager) -> None:
        self._manager = manager

    async def _get(self) -> str:
        token = await self._manager.current()
        return token.access.get_secret_value()


class Tokens(_TokenFlows):
    """The token of a `QPayClient`."""

    def get(self) -> str:
        """Return a bearer token that QPay takes, logging in or renewing where needed.

        Returns:
            The token without the word Bearer. It is a secret.

        Raises:
            AuthenticationError: QPay refuses the user name and password.

        QPay: `POST /v2/auth/token`, `POST /v2/auth/refresh`.
        """
        return drive(self._get())

    def invalidate(self) -> None:
        """Forget the token, here and in the store, so that the next call logs in."""
        drive(self._manager.invalidate())


class AsyncTokens(_TokenFlows):
    """The token of an `AsyncQPayClient`."""

    async def get(self) -> str:
        return await self._get()

    async def invalidate(self) -> None:
        await self._manager.invalidate()

    get.__doc__ = Tokens.get.__doc__
    invalidate.__doc__ = Tokens.invalidate.__doc__
