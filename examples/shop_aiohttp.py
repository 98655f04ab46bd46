"""A shop on aiohttp, async throughout: order, QR code, callback, and a page that turns to "paid".

python -m aiohttp.web -H 127.0.0.1 -P ${PORT:-8000} examples.shop_aiohttp:make_app
"""

from __future__ import annotations

import sqlite3
import uuid
from base64 import b64encode
from html import escape

from aiohttp import web

import qpaykit

PRICE = 1500  # MNT
COLUMNS = "number TEXT PRIMARY KEY, amount INTEGER, state TEXT, invoice TEXT"
PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Tea</title><style>body { font: 1.1rem system-ui; max-width: 22rem; margin: 1rem auto }
a, button, img { display: block; width: 100%; padding: .7rem 0; font: inherit }</style>"""
client = qpaykit.AsyncQPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.AsyncCallbackDispatcher(client)
db = sqlite3.connect("shop.db", isolation_level=None)  # a slower one wants an async driver
db.execute(f"CREATE TABLE IF NOT EXISTS orders ({COLUMNS})")


@dispatcher.on_paid
async def deliver(event: qpaykit.PaymentEvent) -> None:
    sql = "UPDATE orders SET state = 'paid' WHERE number = ?"
    if db.execute(sql, (event.order_no,)).rowcount != 1:
        raise LookupError(f"paid, but there is no order {event.order_no}")


async def callback(request: web.Request) -> web.Response:
    reply = await dispatcher.handle(query=request.query_string)
    return web.Response(text=reply.body, status=reply.status_code)


async def shop(_request: web.Request) -> web.Response:
    form = f'<form method="post" action="/orders"><button>Tea, {PRICE} MNT</button></form>'
    return web.Response(text=PAGE + form, content_type="text/html")


async def order(_request: web.Request) -> web.Response:
    number = uuid.uuid4().hex  # nobody guesses the page of another buyer
    bill = qpaykit.InvoiceRequest(amount=PRICE, sender_invoice_no=number, invoice_description="Tea")
    try:
        text = (await client.invoices.create(bill)).model_dump_json()
    except qpaykit.QPayError:
        raise web.HTTPServiceUnavailable(text="QPay cannot be reached: please try again") from None
    db.execute("INSERT INTO orders VALUES (?, ?, 'open', ?)", (number, PRICE, text))
    raise web.HTTPSeeOther(f"/orders/{number}")


async def show(request: web.Request) -> web.Response:
    sql = "SELECT amount, state, invoice FROM orders WHERE number = ?"
    row: tuple[int, str, str] | None = db.execute(sql, (request.match_info["number"],)).fetchone()
    if row is None:
        raise web.HTTPNotFound
    amount, state, invoice = row[0], row[1], qpaykit.Invoice.model_validate_json(row[2])
    if "back" in request.query:  # the page's own refresh asks the database alone
        await dispatcher.check(invoice.invoice_id)
        raise web.HTTPSeeOther(request.path)
    page = f"{PAGE}<h1>{amount} MNT: {escape(state)}</h1>"
    if state == "open":
        page += '<meta http-equiv="refresh" content="2"><a href="?back=1">I have paid</a>'
        page += f'<img alt="QR" src="data:image/png;base64,{b64encode(invoice.qr_png()).decode()}">'
        for bank in invoice.urls:
            page += f'<a href="{escape(bank.link)}">{escape(bank.name)}</a>'
    return web.Response(text=page, content_type="text/html")


def make_app(_arguments: list[str]) -> web.Application:
    app = web.Application()
    app.add_routes([web.get("/", shop), web.post("/orders", order)])
    app.on_cleanup.append(lambda _app: client.aclose())
    app.add_routes([web.get("/callback", callback), web.get("/orders/{number}", show)])
    return app
