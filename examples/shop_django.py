"""A shop on Django in one file: order, QR code, callback, and a page that turns to "paid".

python examples/shop_django.py runserver --noreload ${PORT:-8000}"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from uuid import uuid4

from django import conf, db, setup, shortcuts, urls
from django.core import management
from django.http import HttpRequest, HttpResponse

import qpaykit

PRICE = 1500  # MNT
COLUMNS = "number TEXT PRIMARY KEY, amount INTEGER, state TEXT, invoice TEXT"
PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Tea</title><style>body { font: 1.1rem system-ui; max-width: 22rem; margin: 1rem auto }
a, button, img { display: block; width: 100%; padding: .7rem 0; font: inherit }</style>"""
DB = {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"}
conf.settings.configure(DATABASES={"default": DB}, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
setup()
client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.CallbackDispatcher(client)


class Order(db.models.Model):
    number: db.models.CharField[str, str] = db.models.CharField(primary_key=True, max_length=45)
    amount: db.models.IntegerField[int, int] = db.models.IntegerField()
    state: db.models.CharField[str, str] = db.models.CharField(max_length=10, default="open")
    invoice: db.models.TextField[str, str] = db.models.TextField()

    class Meta:
        app_label, db_table = "shop", "orders"


@dispatcher.on_paid
def deliver(event: qpaykit.PaymentEvent) -> None:
    Order(number=event.order_no, state="paid").save(update_fields=["state"])


def hook(request: HttpRequest) -> HttpResponse:
    reply = dispatcher.handle(query=request.META["QUERY_STRING"])
    return HttpResponse(reply.body, content_type=reply.content_type, status=reply.status_code)


def shop(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(f'{PAGE}<form method="post"><button>Tea, {PRICE} MNT</button></form>')
    number = uuid4().hex  # nobody guesses the page of another buyer
    bill = qpaykit.InvoiceRequest(amount=PRICE, sender_invoice_no=number, invoice_description="Tea")
    try:
        text = client.invoices.create(bill).model_dump_json()
    except qpaykit.QPayError:
        return HttpResponse("QPay cannot be reached: please try again", status=503)
    Order.objects.create(number=number, amount=PRICE, invoice=text)
    return shortcuts.redirect(f"/orders/{number}")


def show(request: HttpRequest, number: str) -> HttpResponse:
    order = shortcuts.get_object_or_404(Order, number=number)
    invoice = qpaykit.Invoice.model_validate_json(order.invoice)
    if "back" in request.GET:  # the page's own refresh asks the database alone
        dispatcher.check(invoice.invoice_id)
        return shortcuts.redirect(request.path)
    page = f"{PAGE}<h1>{order.amount} MNT: {escape(order.state)}</h1>"
    if order.state == "open":
        page += '<meta http-equiv="refresh" content="2"><a href="?back=1">I have paid</a>'
        page += f'<img alt="QR" src="data:image/png;base64,{b64encode(invoice.qr_png()).decode()}">'
        for bank in invoice.urls:
            page += f'<a href="{escape(bank.link)}">{escape(bank.name)}</a>'
    return HttpResponse(page)


urlpatterns = [urls.path("", shop), urls.path("callback", hook), urls.path("orders/<number>", show)]
db.connection.cursor().execute(f"CREATE TABLE IF NOT EXISTS orders ({COLUMNS})")
management.execute_from_command_line()
