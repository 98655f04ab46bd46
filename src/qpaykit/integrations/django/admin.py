"""The deliveries in Django's admin, read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin

from qpaykit.integrations.django.config import database_alias
from qpaykit.integrations.django.models import Delivery

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    _Admin = admin.ModelAdmin[Delivery]
else:
    _Admin = admin.ModelAdmin


@admin.register(Delivery)
class DeliveryAdmin(_Admin):
    """The deliveries, read-only: one that is changed or deleted would be delivered again."""

    list_display: tuple[str, ...] = (
        "delivered_at",
        "order_no",
        "status",
        "outcome",
        "amount",
        "due",
        "payment_id",
        "invoice_id",
    )
    list_display_links: tuple[str, ...] = ("delivered_at", "order_no")
    list_filter: ClassVar[tuple[str, ...]] = ("status", "outcome", "delivered_at")
    search_fields: ClassVar[tuple[str, ...]] = ("order_no", "payment_id", "invoice_id")
    ordering: ClassVar[tuple[str, ...]] = ("-delivered_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Use the database that has the deliveries."""
        rows: QuerySet[Delivery] = super().get_queryset(request).using(database_alias())
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: only a payment makes a delivery."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        """Return False: a record must say what was delivered."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        """Return False: a payment whose record is deleted is delivered again."""
        del request, obj
        return False
