"""A shop on Flask, in threads: order, QR code, callback, and a page that turns to "paid".

flask --app examples/shop_flask.py run --port ${PORT:-8000}
"""

from __future__ import annotations

import sqlite3
import uuid
from base64 import b64encode
from contextlib import closing
from html import escape

import flask

import qpaykit

PRICE = 1500  # MNT
COLUMNS = "number TEXT PRIMARY KEY, amount INTEGER, state TEXT, invoice TEXT"
PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Tea</title><style>body { font: 1.1rem system-ui; max-width: 22rem; margin: 1rem auto }
a, button, img { display: block; width: 100%; padding: .7rem 0; font: inherit }</style>"""
app = flask.Flask(__name__)
client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.CallbackDispatcher(client)


def execute(sql: str, *values: str | int | None) -> list[tuple[int, str, str]]:
    with closing(sqlite3.connect("shop.db")) as db, db:
        db.execute(f"CREATE TABLE IF NOT EXISTS orders ({COLUMNS})")
        return db.execute(sql, values).fetchall()


@dispatcher.on_paid
def deliver(event: qpaykit.PaymentEvent) -> None:
    sql = "UPDATE orders SET state = 'paid' WHERE number = ? RETURNING amount, state, invoice"
    (_,) = execute(sql, event.order_no)  # raises where there is no such order


@app.get("/callback")
def callback() -> flask.typing.ResponseReturnValue:
    reply = dispatcher.handle(query=flask.request.query_string)
    return reply.body, reply.status_code, {"Content-Type": reply.content_type}


@app.get("/")
def shop() -> flask.typing.ResponseReturnValue:
    return f'{PAGE}<form method="post" action="/orders"><button>Tea, {PRICE} MNT</button></form>'


@app.post("/orders")
def order() -> flask.typing.ResponseReturnValue:
    number = uuid.uuid4().hex  # nobody guesses the page of another buyer
    bill = qpaykit.InvoiceRequest(amount=PRICE, sender_invoice_no=number, invoice_description="Tea")
    invoice = client.invoices.create(bill)
    execute("INSERT INTO orders VALUES (?, ?, 'open', ?)", number, PRICE, invoice.model_dump_json())
    return flask.redirect(f"/orders/{number}", 303)


@app.get("/orders/<number>")
def show(number: str) -> flask.typing.ResponseReturnValue:
    select = "SELECT amount, state, invoice FROM orders WHERE number = ?"
    (row,) = execute(select, number) or flask.abort(404)
    amount, state, invoice = row[0], row[1], qpaykit.Invoice.model_validate_json(row[2])
    if "back" in flask.request.args:  # the page's own refresh asks the database alone
        dispatcher.check(invoice.invoice_id)
        return flask.redirect(f"/orders/{number}", 303)
    page = f"{PAGE}<h1>{amount} MNT: {escape(state)}</h1>"
    if state == "open":
        page += '<meta http-equiv="refresh" content="2"><a href="?back=1">I have paid</a>'
        page += f'<img alt="QR" src="data:image/png;base64,{b64encode(invoice.qr_png()).decode()}">'
        for bank in invoice.urls:
            page += f'<a href="{escape(bank.link)}">{escape(bank.name)}</a>'
    return page


@app.errorhandler(qpaykit.QPayError)
def unreachable(_error: qpaykit.QPayError) -> flask.typing.ResponseReturnValue:
    return f"{PAGE}<h1>QPay cannot be reached: please try again</h1>", 503
