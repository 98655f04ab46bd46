"""A shop that has the integration among its apps."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "integrations_django.shop"
    label = "shop"
