"""A shop on aiohttp, async throughout: order, QR code, callback, and a page that turns to "paid".

python -m aiohttp.web -H 127.0.0.1 -P ${PORT:-8000} examples.shop_aiohttp:make_app
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

import qpaykit

PRICE = 1500  # MNT
EXPIRES_IN = 900  # seconds

client = qpaykit.AsyncQPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.AsyncCallbackDispatcher(client)
orders = qpaykit.AsyncOrders(dispatcher)
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
)

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


def html(template: str, **context: object) -> web.Response:
    text = templates.get_template(template).render(context)
    return web.Response(text=text, content_type="text/html")


async def callback(request: web.Request) -> web.Response:
    reply = await dispatcher.handle(query=request.query_string)
    return web.Response(text=reply.body, status=reply.status_code)


async def shop(_request: web.Request) -> web.Response:
    return html("shop.html", price=PRICE)


async def make_order(_request: web.Request) -> web.Response:
    number = uuid.uuid4().hex  # nobody guesses the page of another buyer
    try:
        await open_order(number)
    except qpaykit.QPayError:
        return web.Response(text="QPay cannot be reached: please try again", status=503)
    db.execute(
        "INSERT INTO orders VALUES (?, ?, 'open', ?)",
        (number, PRICE, int(time.time()) + EXPIRES_IN),
    )
    raise web.HTTPSeeOther(f"/orders/{number}")


async def show_order(request: web.Request) -> web.Response:
    number = request.match_info["number"]
    known = db.execute("SELECT amount FROM orders WHERE number = ?", (number,)).fetchone()
    if known is None:
        raise web.HTTPNotFound
    status = await orders.status(number)  # asks QPay at most once in ten seconds
    page = ""
    if status == "open":
        order = await open_order(number)
        page = order.invoice.to_html("en")
    return html("order.html", number=number, amount=known[0], status=status, page=page)


async def close(_app: web.Application) -> None:
    await client.aclose()


def make_app(_arguments: list[str]) -> web.Application:
    app = web.Application()
    app.on_cleanup.append(close)
    app.add_routes(
        [
            web.get("/", shop),
            web.post("/orders", make_order),
            web.get("/orders/{number}", show_order),
            web.get("/callback", callback),
        ]
    )
    return app
