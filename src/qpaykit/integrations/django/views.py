"""The view that QPay calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import connections, transaction
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from qpaykit.integrations.django.services import dispatcher

if TYPE_CHECKING:
    from django.http import HttpRequest

MAX_BODY_BYTES: Final = 256 * 1024


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest) -> HttpResponse:
    """Take a callback of QPay's to the dispatcher, and answer as QPay wants it."""
    body = request.read(MAX_BODY_BYTES + 1) if request.method == "POST" else b""
    if len(body) > MAX_BODY_BYTES:
        return HttpResponse("the body is too large", content_type="text/plain", status=413)
    reply = dispatcher().handle(query=request.META.get("QUERY_STRING", ""), body=body or None)
    return HttpResponse(reply.body, content_type=reply.content_type, status=reply.status_code)


# QPay logs in nowhere: Django 5.1's LoginRequiredMiddleware would send it to a form.
callback.login_required = False  # type: ignore[attr-defined]

# ATOMIC_REQUESTS would keep a transaction open while QPay is asked.
for _alias in connections:
    transaction.non_atomic_requests(using=_alias)(callback)
