"""The view that QPay calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIRequest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from qpaykit.integrations.django.services import dispatcher
from qpaykit.integrations.wsgi import callback_app

if TYPE_CHECKING:
    from qpaykit.integrations.wsgi import Input


@csrf_exempt
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Pass a callback to the dispatcher, and send its reply."""
    environ: dict[str, Any] = request.META
    stream: Input = request
    if not isinstance(request, WSGIRequest):
        # Under ASGI Django has read the whole body.
        environ = {**environ, "wsgi.input_terminated": True}
    elif not environ.get("CONTENT_LENGTH"):
        # Django takes a body without a length, such as a chunked one, for an empty one.
        stream = environ["wsgi.input"]
    query = environ.get("QUERY_STRING", "")
    response = callback_app(dispatcher()).respond(environ, query, stream)
    return HttpResponse(response.body, status=response.status_code, headers=response.headers)


# QPay does not log in: Django 5.1's LoginRequiredMiddleware would redirect it to the login page.
callback.login_required = False  # type: ignore[attr-defined]

# ATOMIC_REQUESTS would keep a transaction open while QPay is asked.
for _alias in connections:
    transaction.non_atomic_requests(using=_alias)(callback)
