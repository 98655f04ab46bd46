"""The routes of the shop."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from integrations_django.shop import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("qpay/", include("qpaykit.integrations.django.urls")),
    path("orders/<number>", views.order),
    path("async-orders/<number>", views.async_order),
]
