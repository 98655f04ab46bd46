"""A callback route and a lifespan for Starlette."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from anyio import to_thread
from starlette.routing import Route

from qpaykit.callbacks import AsyncCallbackDispatcher, CallbackDispatcher
from qpaykit.client import AsyncQPayClient, QPayClient
from qpaykit.integrations.asgi import callback_app

STATE_KEY = "qpay_client"


def callback_route(dispatcher: CallbackDispatcher | AsyncCallbackDispatcher, path: str) -> Route:
    """Make the route of a callback URL.

    It answers GET and POST, with and without a slash at the end, and never redirects.

    Args:
        dispatcher: The dispatcher, whose handlers are registered before the first callback.
        path: The path of `callback_url`, such as "/qpay/callback".

    Returns:
        The route, for `Starlette(routes=[…])` or `app.router.routes.append(…)`.

    Raises:
        ConfigurationError: `dispatcher` is not a dispatcher.
    """
    return _CallbackRoute(path, callback_app(dispatcher), name="qpay_callback")


class _CallbackRoute(Route):
    def __init__(self, path: str, endpoint: Callable[..., object], *, name: str) -> None:
        super().__init__(path, endpoint, name=name, include_in_schema=False)
        # Starlette redirects a path that lacks the slash, or has one too many.
        exact = self.path_regex.pattern.removesuffix("$").removesuffix("/")
        self.path_regex = re.compile(f"{exact}/?$")


def lifespan(
    client: AsyncQPayClient | QPayClient,
) -> Callable[[object], AbstractAsyncContextManager[dict[str, object]]]:
    """Close a client when its application stops.

    Args:
        client: The client. Requests find it as `request.state.qpay_client`.

    Returns:
        What `Starlette(lifespan=…)` and `FastAPI(lifespan=…)` take.
    """

    @asynccontextmanager
    async def live(_app: object) -> AsyncIterator[dict[str, object]]:
        try:
            yield {STATE_KEY: client}
        finally:
            if isinstance(client, QPayClient):
                await to_thread.run_sync(client.close)
            else:
                await client.aclose()

    return live
