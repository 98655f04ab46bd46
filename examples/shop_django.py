"""A shop on Django in one file: order, QR code, callback, and a page that turns to "paid".

python examples/shop_django.py runserver --noreload ${PORT:-8000}
"""

from __future__ import annotations

import time
from pathlib import Path
from uuid import uuid4

import django
from django.conf import settings
from django.core import management
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

import qpaykit

PRICE = 1500  # MNT
EXPIRES_IN = 900  # seconds

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"}},
    ROOT_URLCONF=__name__,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).parent / "templates"],
        }
    ],
)
django.setup()

client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.CallbackDispatcher(client)
orders = qpaykit.Orders(dispatcher)


class Order(models.Model):
    number: models.CharField[str, str] = models.CharField(primary_key=True, max_length=41)
    amount: models.IntegerField[int, int] = models.IntegerField()
    state: models.CharField[str, str] = models.CharField(max_length=10, default="open")
    ends: models.IntegerField[int, int] = models.IntegerField()

    class Meta:
        app_label = "shop"
        db_table = "orders"


@dispatcher.on_paid
def deliver(event: qpaykit.PaymentEvent) -> None:
    order = Order.objects.get(number=event.order_no)  # raises where there is no such order
    order.state = "paid"
    order.save(update_fields=["state"])


def open_order(number: str) -> qpaykit.Order:
    return orders.open(number, amount=PRICE, description="Tea", expires_in=EXPIRES_IN)


def callback(request: HttpRequest) -> HttpResponse:
    reply = dispatcher.handle(query=request.META["QUERY_STRING"])
    return HttpResponse(reply.body, content_type=reply.content_type, status=reply.status_code)


def shop(request: HttpRequest) -> HttpResponse:
    return render(request, "shop.html", {"price": PRICE})


def make_order(_request: HttpRequest) -> HttpResponse:
    number = uuid4().hex  # nobody guesses the page of another buyer
    try:
        open_order(number)
    except qpaykit.QPayError:
        return HttpResponse("QPay cannot be reached: please try again", status=503)
    Order.objects.create(number=number, amount=PRICE, ends=int(time.time()) + EXPIRES_IN)
    return redirect(f"/orders/{number}")


def show_order(request: HttpRequest, number: str) -> HttpResponse:
    known = get_object_or_404(Order, number=number)
    status = orders.status(number)  # asks QPay at most once in ten seconds
    page = open_order(number).invoice.to_html("en") if status == "open" else ""
    context = {"number": number, "amount": known.amount, "status": status, "page": page}
    return render(request, "order.html", context)


urlpatterns = [
    path("", shop),
    path("callback", callback),
    path("orders", make_order),
    path("orders/<number>", show_order),
]

with connection.cursor() as cursor:
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS orders"
        " (number TEXT PRIMARY KEY, amount INTEGER, state TEXT, ends INTEGER)"
    )
management.execute_from_command_line()
