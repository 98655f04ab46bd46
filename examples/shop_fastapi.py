"""A shop on FastAPI, async throughout: order, QR code, callback, and a page that turns to "paid".

uvicorn examples.shop_fastapi:app --port ${PORT:-8000}"""

import sqlite3
import uuid
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape

from fastapi import FastAPI, HTTPException, Request, Response, responses

import qpaykit

PRICE = 1500  # MNT
PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Tea</title><style>body { font: 1.1rem system-ui; max-width: 22rem; margin: 1rem auto }
a, button, img { display: block; width: 100%; padding: .7rem 0; font: inherit }</style>"""
client = qpaykit.AsyncQPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.AsyncCallbackDispatcher(client)
db = sqlite3.connect("shop.db", isolation_level=None)  # a slower one wants an async driver
db.execute("CREATE TABLE IF NOT EXISTS orders (number PRIMARY KEY, amount INTEGER, state, invoice)")


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with client:
        yield


app = FastAPI(lifespan=lifespan)


@dispatcher.on_paid
async def deliver(event: qpaykit.PaymentEvent) -> None:
    sql = "UPDATE orders SET state = 'paid' WHERE number = ? RETURNING number"
    (_,) = db.execute(sql, (event.order_no,))  # raises where there is no such order


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
    bill = qpaykit.InvoiceRequest(amount=PRICE, sender_invoice_no=number, invoice_description="Tea")
    try:
        text = (await client.invoices.create(bill)).model_dump_json()
    except qpaykit.QPayError:
        raise HTTPException(503, "QPay cannot be reached: please try again") from None
    db.execute("INSERT INTO orders VALUES (?, ?, 'open', ?)", (number, PRICE, text))
    return responses.RedirectResponse(f"/orders/{number}", 303)


@app.get("/orders/{number}")
async def show(number: str, back: bool = False) -> Response:
    row = db.execute("SELECT * FROM orders WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise HTTPException(404)
    amount, state, invoice = row[1], row[2], qpaykit.Invoice.model_validate_json(row[3])
    if back:  # the callback may be lost; the page's own refresh asks the database alone
        await dispatcher.check(invoice.invoice_id)
        return responses.RedirectResponse(f"/orders/{number}", 303)
    page = f"{PAGE}<h1>{amount} MNT: {escape(state)}</h1>"
    if state == "open":
        page += '<meta http-equiv="refresh" content="2"><a href="?back=1">I have paid</a>'
        page += f'<img alt="QR" src="data:image/png;base64,{b64encode(invoice.qr_png()).decode()}">'
        for bank in invoice.urls:
            page += f'<a href="{escape(bank.link)}">{escape(bank.name)}</a>'
    return responses.HTMLResponse(page)
