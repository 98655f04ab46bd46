"""The views of the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

from integrations_django.shop.models import Order
from qpaykit.integrations.django import aclient, client

if TYPE_CHECKING:
    from django.http import HttpRequest


def order(request: HttpRequest, number: str) -> HttpResponse:
    """Make an invoice for an order, and fail after that where the query says so."""
    using = request.GET.get("using", "default")
    Order.objects.using(using).create(number=number)
    invoice = client().invoices.create(
        amount=1500, sender_invoice_no=number, invoice_description="Tea"
    )
    if "fails" in request.GET:
        raise RuntimeError("after the invoice was made")
    return HttpResponse(invoice.invoice_id)


async def async_order(request: HttpRequest, number: str) -> HttpResponse:
    using = request.GET.get("using", "default")
    await Order.objects.using(using).acreate(number=number)
    invoice = await aclient().invoices.create(
        amount=1500, sender_invoice_no=number, invoice_description="Tea"
    )
    return HttpResponse(invoice.invoice_id)
