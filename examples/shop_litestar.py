"""A shop on Litestar, async throughout: order, QR code, callback, and a page that turns to "paid".

uvicorn examples.shop_litestar:app --port ${PORT:-8000}
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from pathlib import Path

import litestar
from litestar.exceptions import NotFoundException
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.template import TemplateConfig

import qpaykit

PRICE = 1500  # MNT
EXPIRES_IN = 900  # seconds

client = qpaykit.AsyncQPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.AsyncCallbackDispatcher(client)
orders = qpaykit.AsyncOrders(dispatcher)

db = sqlite3.connect("shop.db", isolation_level=None)  # a slower one wants an async driver
db.execute(
    "CREATE TABLE IF NOT EXISTS orders"
    " (number TEXT PRIMARY KEY, amount INTEGER, state TEXT, ends INTEGER)"
)


@dispatcher.on_paid
async def deliver(event: qpaykit.PaymentEvent) -> None:
    paid = db.execute(
        "UPDATE orders SET state = 'paid' WHERE number = ?",
        (event.order_no,),
    )
    if paid.rowcount != 1:
        raise LookupError(f"paid, but there is no order {event.order_no}")


async def open_order(number: str) -> qpaykit.Order:
    return await orders.open(number, amount=PRICE, description="Tea", expires_in=EXPIRES_IN)


@litestar.get("/callback")
async def callback(scope: litestar.types.Scope) -> litestar.Response[str]:
    reply = await dispatcher.handle(query=scope["query_string"])
    return litestar.Response(reply.body, media_type="text/plain", status_code=reply.status_code)


@litestar.get("/")
async def shop() -> Template:
    return Template("shop.html", context={"price": PRICE})


@litestar.post("/orders")
async def make_order() -> Redirect:
    number = uuid.uuid4().hex  # nobody guesses the page of another buyer
    await open_order(number)
    db.execute(
        "INSERT INTO orders VALUES (?, ?, 'open', ?)",
        (number, PRICE, int(time.time()) + EXPIRES_IN),
    )
    return Redirect(f"/orders/{number}", status_code=303)


@litestar.get("/orders/{number:str}")
async def show_order(number: str) -> Template:
    known = db.execute("SELECT amount FROM orders WHERE number = ?", (number,)).fetchone()
    if known is None:
        raise NotFoundException
    status = await orders.status(number)  # asks QPay at most once in ten seconds
    page = ""
    if status == "open":
        order = await open_order(number)
        page = order.invoice.to_html("en")
    context = {"number": number, "amount": known[0], "status": status, "page": page}
    return Template("order.html", context=context)


def unreachable(_request: object, _error: object) -> litestar.Response[str]:
    return litestar.Response("QPay cannot be reached: please try again", status_code=503)


app = litestar.Litestar(
    [shop, make_order, show_order, callback],
    exception_handlers={qpaykit.QPayError: unreachable},
    on_shutdown=[client.aclose],
    template_config=TemplateConfig(
        directory=Path(__file__).parent / "templates", engine=JinjaTemplateEngine
    ),
)
