"""The orders of the shop of these tests."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    number: models.CharField[str, str] = models.CharField(max_length=45, primary_key=True)
    state: models.CharField[str, str] = models.CharField(max_length=10, default="open")

    class Meta:
        app_label = "shop"
