"""The bearer token: get and invalidate it."""

from __future__ import annotations

from qpaykit._http.session import Session
from qpaykit._sync import run_sync


class _TokenFlows:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def _get(self) -> str:
        token = await self._session.tokens.current(self._session.options)
        return token.access.get_secret_value()


class Tokens(_TokenFlows):
    """The token of a `QPayClient`."""

    def get(self) -> str:
        """Return a valid bearer token, logging in or renewing it where needed.

        Returns:
            The access token, without the word Bearer. It is a secret.

        Raises:
            AuthenticationError: QPay refuses the user name and password.

        QPay: `POST /v2/auth/token`, `POST /v2/auth/refresh`.
        """
        return run_sync(self._get())

    def invalidate(self) -> None:
        """Forget the token, here and in the store, so that the next call logs in."""
        run_sync(self._session.tokens.invalidate())


class AsyncTokens(_TokenFlows):
    """The token of an `AsyncQPayClient`."""

    async def get(self) -> str:
        """Return a valid bearer token, logging in or renewing it where needed.

        Returns:
            The access token, without the word Bearer. It is a secret.

        Raises:
            AuthenticationError: QPay refuses the user name and password.

        QPay: `POST /v2/auth/token`, `POST /v2/auth/refresh`.
        """
        return await self._get()

    async def invalidate(self) -> None:
        """Forget the token, here and in the store, so that the next call logs in."""
        await self._session.tokens.invalidate()
