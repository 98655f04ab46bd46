"""A callback router, a lifespan and a dependency for FastAPI."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.requests import HTTPConnection
from fastapi.responses import PlainTextResponse

from qpaykit.callbacks import AsyncCallbackDispatcher, CallbackDispatcher
from qpaykit.client import AsyncQPayClient
from qpaykit.errors import ConfigurationError
from qpaykit.integrations.asgi import callback_app
from qpaykit.integrations.starlette import STATE_KEY, lifespan

__all__ = ["Client", "get_client", "lifespan", "router"]

_PARAMETER = {
    "name": "qpay_payment_id",
    "in": "query",
    "description": "QPay's id of the payment.",
    "schema": {"type": "string"},
}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Delivered, or nothing is left to do.", "content": {"text/plain": {}}},
    400: {"description": "The callback names no payment."},
    403: {"description": "The URL's signature is missing or wrong."},
    409: {"description": "The payment is not this order's, or QPay does not know it."},
    500: {"description": "The handler failed; QPay may call again."},
    503: {"description": "Nothing can be said yet; QPay may call again."},
}


def router(
    dispatcher: CallbackDispatcher | AsyncCallbackDispatcher, *, path: str = "/qpay/callback"
) -> APIRouter:
    """Make the router of a callback URL, for `app.include_router(…)`.

    It answers GET and POST, with and without a slash at the end, and never redirects. GET stands
    in the OpenAPI page.

    Args:
        dispatcher: The dispatcher, whose handlers are registered before the first callback.
        path: The path of `callback_url`.

    Returns:
        The router. Include it without dependencies that ask for a login: QPay has none.

    Raises:
        ConfigurationError: `dispatcher` is not a dispatcher.
    """
    app = callback_app(dispatcher)
    made = APIRouter()

    async def qpay_callback(request: Request) -> Response:
        response = await app.respond(request.scope, request.receive)
        if response is None:
            return Response(status_code=400)
        return Response(response.body, response.status_code, headers=response.headers)

    made.add_api_route(
        path,
        qpay_callback,
        methods=["GET"],
        name="qpay_callback",
        summary="QPay's callback",
        description="QPay calls this when an invoice is paid, and expects SUCCESS.",
        response_class=PlainTextResponse,
        responses=_RESPONSES,
        openapi_extra={"parameters": [_PARAMETER]},
    )
    # What is left of the path: the older document's POST, and methods that get 405.
    made.add_route(path, qpay_callback, methods=[*_METHODS], include_in_schema=False)
    other = path.rstrip("/") if path.endswith("/") else f"{path}/"
    if other:
        made.add_route(other, qpay_callback, methods=[*_METHODS], include_in_schema=False)
    return made


def get_client(connection: HTTPConnection) -> AsyncQPayClient:
    """Return the client of the application's `lifespan`, for `Depends`.

    Raises:
        ConfigurationError: The application has none, or it is a `QPayClient`.
    """
    client = getattr(connection.state, STATE_KEY, None)
    if not isinstance(client, AsyncQPayClient):
        raise ConfigurationError(
            "the application has no AsyncQPayClient: make it with "
            "FastAPI(lifespan=qpaykit.integrations.fastapi.lifespan(client))"
        )
    return client


Client = Annotated[AsyncQPayClient, Depends(get_client)]
"""The application's client, as the type of a parameter of a route."""
