"""A shop on FastAPI, async throughout: order, QR code, callback, and a page that turns to "paid".

uvicorn examples.shop_fastapi:app --port ${PORT:-8000}
"""

from __future__ import annotations

import sqlite3
import uuid
from base64 import b64encode
from html import escape

from fastapi import FastAPI, HTTPException, Request, Response, responses

import qpaykit

PRICE = 1500  # MNT
COLUMNS = "number TEXT PRIMARY KEY, amount INTEGER, state TEXT, invoice TEXT"
PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Tea</title><style>body { font: 1.1rem system-ui; max-width: 22rem; margin: 1rem auto }
a, button, img { display: block; width: 100%; padding: .7rem 0; font: inherit }</style>"""
app = FastAPI()
client = qpaykit.AsyncQPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.AsyncCallbackDispatcher(client)
db = sqlite3.connect("shop.db", isolation_level=None)  # a slower one wants an async driver
db.execute(f"CREATE TABLE IF NOT EXISTS orders ({COLUMNS})")


@dispatcher.on_paid
async def deliver(event: qpaykit.PaymentEvent) -> None:
    sql = "UPDATE orders SET state = 'paid' WHERE number = ?"
    if db.execute(sql, (event.sender_invoice_no,)).rowcount != 1:
        raise LookupError(f"paid, but there is no order {event.sender_invoice_no}")


@app.get("/callback")
async def callback(request: Request) -> Response:
    reply = await dispatcher.handle(query=request.url.query)
    return Response(reply.body, reply.status_code, media_type=reply.content_type)


@app.get("/", response_class=responses.HTMLResponse)
async def shop() -> str:
    return f'{PAGE}<form method="post" action="/orders"><button>Tea, {PRICE} MNT</button></form>'


@app.post("/orders")
async def order() -> responses.RedirectResponse:
    number = uuid.uuid4().hex  # nobody guesses the page of another buyer
    invoice = await client.invoices.create(
        amount=PRICE, sender_invoice_no=number, invoice_description="Tea"
    )
    row = (number, PRICE, "open", invoice.model_dump_json())
    db.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", row)
    return responses.RedirectResponse(f"/orders/{number}", 303)


@app.get("/orders/{number}")
async def show(number: str, back: bool = False) -> Response:
    sql = "SELECT amount, state, invoice FROM orders WHERE number = ?"
    row: tuple[int, str, str] | None = db.execute(sql, (number,)).fetchone()
    if row is None:
        raise HTTPException(404)
    amount, state, invoice = row[0], row[1], qpaykit.Invoice.model_validate_json(row[2])
    if back:  # the callback may be lost; the page's own refresh asks the database alone
        await dispatcher.check(invoice.invoice_id)
        return responses.RedirectResponse(f"/orders/{number}", 303)
    page = f"{PAGE}<h1>{amount} MNT: {escape(state)}</h1>"
    if state == "open":
        page += '<meta http-equiv="refresh" content="2"><a href="?back=1">I have paid</a>'
        page += f'<img alt="QR" src="data:image/png;base64,{b64encode(invoice.qr_png()).decode()}">'
        for bank in invoice.urls:
            page += f'<a href="{escape(bank.link or "")}">{escape(bank.name or "")}</a>'
    return responses.HTMLResponse(page)


@app.exception_handler(qpaykit.QPayError)
async def unreachable(_request: Request, _error: Exception) -> responses.HTMLResponse:
    return responses.HTMLResponse(f"{PAGE}<h1>QPay cannot be reached: please try again</h1>", 503)
