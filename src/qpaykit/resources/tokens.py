"""The bearer token: get and invalidate it."""

from __future__ import annotations

from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint


class _TokenEndpoints(Resource):
    @endpoint
    async def get(self) -> str:
        """Return a valid bearer token, logging in or renewing it where needed.

        Returns:
            The access token, without the word Bearer. It is a secret.

        Raises:
            AuthenticationError: QPay refuses the user name and password.

        QPay: `POST /v2/auth/token`, `POST /v2/auth/refresh`.
        """
        token = await self._session.tokens.current(self._session.options)
        return token.access.get_secret_value()

    @endpoint
    async def invalidate(self) -> None:
        """Delete the token, here and in the store, so that the next call logs in."""
        await self._session.tokens.invalidate()


class Tokens(_TokenEndpoints, SyncResource):
    """The token of a `QPayClient`."""


class AsyncTokens(_TokenEndpoints, AsyncResource):
    """The token of an `AsyncQPayClient`."""
