"""A callback blueprint for Flask."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, request

from qpaykit.callbacks import CallbackDispatcher
from qpaykit.integrations.wsgi import Input, callback_app


def blueprint(
    dispatcher: CallbackDispatcher, *, path: str = "/qpay/callback", name: str = "qpay"
) -> Blueprint:
    """Make the blueprint of a callback URL, for `app.register_blueprint(…)`.

    It answers GET and POST, with and without a slash at the end, and never redirects.

    Args:
        dispatcher: The dispatcher, whose handlers are registered before the first callback.
        path: The path of `callback_url`.
        name: The blueprint's name; each blueprint of an application has its own.

    Returns:
        The blueprint. Where Flask-WTF guards the application, exempt it:
        `csrf.exempt(blueprint)`.

    Raises:
        ConfigurationError: `dispatcher` is not a dispatcher, or is an `AsyncCallbackDispatcher`.
    """
    app = callback_app(dispatcher)
    made = Blueprint(name, __name__)

    def callback() -> Response:
        response = app.respond(request.environ, request.query_string, _Body())
        return Response(response.body, response.status_code, headers=response.headers)

    made.add_url_rule(
        path,
        "callback",
        callback,
        methods=["GET", "POST"],
        strict_slashes=False,
        provide_automatic_options=False,
    )
    return made


class _Body:
    """The body of the current request, also where the application has read it before."""

    _source: Input | None = None

    def read(self, size: int, /) -> bytes:
        if self._source is not None:
            return self._source.read(size)
        part = request.stream.read(size)
        self._source = request.stream if part else BytesIO(request.get_data())
        return part or self._source.read(size)
