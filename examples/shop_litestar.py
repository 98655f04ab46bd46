"""A shop on Litestar, async throughout: order, QR code, callback, and a page that turns to "paid".

uvicorn examples.shop_litestar:app --port ${PORT:-8000}"""

from __future__ import annotations

import sqlite3
import uuid
from base64 import b64encode
from html import escape

import litestar

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
    sql = "UPDATE orders SET state = 'paid' WHERE number = ? RETURNING number"
    (_,) = db.execute(sql, (event.order_no,))  # raises where there is no such order


@litestar.get("/callback")
async def callback(scope: litestar.types.Scope) -> litestar.Response[str]:
    reply = await dispatcher.handle(query=scope["query_string"])
    return litestar.Response(reply.body, media_type="text/plain", status_code=reply.status_code)


@litestar.get("/", media_type=litestar.MediaType.HTML)
async def shop() -> str:
    return f'{PAGE}<form method="post" action="/orders"><button>Tea, {PRICE} MNT</button></form>'


@litestar.post("/orders")
async def order() -> litestar.response.Redirect:
    number = uuid.uuid4().hex  # nobody guesses the page of another buyer
    bill = qpaykit.InvoiceRequest(amount=PRICE, sender_invoice_no=number, invoice_description="Tea")
    text = (await client.invoices.create(bill)).model_dump_json()
    db.execute("INSERT INTO orders VALUES (?, ?, 'open', ?)", (number, PRICE, text))
    return litestar.response.Redirect(f"/orders/{number}", status_code=303)


@litestar.get("/orders/{number:str}")
async def show(number: str, back: bool = False) -> litestar.Response[str]:
    row = db.execute("SELECT * FROM orders WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise litestar.exceptions.NotFoundException
    amount, state, invoice = row[1], row[2], qpaykit.Invoice.model_validate_json(row[3])
    if back:  # the callback may be lost; the page's own refresh asks the database alone
        await dispatcher.check(invoice.invoice_id)
        return litestar.response.Redirect(f"/orders/{number}", status_code=303)
    page = f"{PAGE}<h1>{amount} MNT: {escape(state)}</h1>"
    if state == "open":
        page += '<meta http-equiv="refresh" content="2"><a href="?back=1">I have paid</a>'
        page += f'<img alt="QR" src="data:image/png;base64,{b64encode(invoice.qr_png()).decode()}">'
        for bank in invoice.urls:
            page += f'<a href="{escape(bank.link)}">{escape(bank.name)}</a>'
    return litestar.Response(page, media_type=litestar.MediaType.HTML)


def away(_request: object, _error: object) -> litestar.Response[str]:
    return litestar.Response("QPay cannot be reached: please try again", status_code=503)


app = litestar.Litestar(
    [shop, order, show, callback],
    exception_handlers={qpaykit.QPayError: away},
    on_shutdown=[client.aclose],
)
