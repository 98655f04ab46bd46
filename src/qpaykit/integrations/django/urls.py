"""`path("qpay/", include("qpaykit.integrations.django.urls"))` gives `/qpay/callback`."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from qpaykit.integrations.django.views import callback

app_name: str = "qpaykit"

# With a slash at its end or without: APPEND_SLASH redirects what has no view, and QPay may not
# follow.
urlpatterns: list[URLPattern] = [re_path(r"^callback/?$", callback, name="callback")]
