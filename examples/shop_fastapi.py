"""A shop on FastAPI, async throughout: order, QR code, callback, and a page that turns to "paid".

uvicorn examples.shop_fastapi:app --port ${PORT:-8000}
"""

import sqlite3
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

import qpaykit

PRICE = 1500  # MNT
EXPIRES_IN = 900  # seconds

client = qpaykit.AsyncQPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.AsyncCallbackDispatcher(client)
orders = qpaykit.AsyncOrders(dispatcher)
templates = Jinja2Templates(Path(__file__).parent / "templates")

db = sqlite3.connect("shop.db", isolation_level=None)  # a slower one wants an async driver
db.execute(
    "CREATE TABLE IF NOT EXISTS orders"
    " (number TEXT PRIMARY KEY, amount INTEGER, state TEXT, ends INTEGER)"
)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with client:
        yield


app = FastAPI(lifespan=lifespan)


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


@app.get("/callback")
async def callback(request: Request) -> Response:
    reply = await dispatcher.handle(query=request.url.query)
    return Response(reply.body, reply.status_code, media_type=reply.content_type)


@app.get("/")
async def shop(request: Request) -> Response:
    return templates.TemplateResponse(request, "shop.html", {"price": PRICE})


@app.post("/orders")
async def make_order() -> Response:
    number = uuid.uuid4().hex  # nobody guesses the page of another buyer
    await open_order(number)
    db.execute(
        "INSERT INTO orders VALUES (?, ?, 'open', ?)",
        (number, PRICE, int(time.time()) + EXPIRES_IN),
    )
    return RedirectResponse(f"/orders/{number}", 303)


@app.get("/orders/{number}")
async def show_order(request: Request, number: str) -> Response:
    known = db.execute("SELECT amount FROM orders WHERE number = ?", (number,)).fetchone()
    if known is None:
        raise HTTPException(404)
    status = await orders.status(number)  # asks QPay at most once in ten seconds
    page = ""
    if status == "open":
        order = await open_order(number)
        page = order.invoice.to_html("en")
    context = {"number": number, "amount": known[0], "status": status, "page": page}
    return templates.TemplateResponse(request, "order.html", context)


@app.exception_handler(qpaykit.QPayError)
async def unreachable(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("QPay cannot be reached: please try again", 503)
