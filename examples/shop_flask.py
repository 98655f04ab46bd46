"""A shop on Flask, in threads: order, QR code, callback, and a page that turns to "paid".

flask --app examples/shop_flask.py run --port ${PORT:-8000}
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from contextlib import closing

import flask

import qpaykit

PRICE = 1500  # MNT
EXPIRES_IN = 900  # seconds

app = flask.Flask(__name__)
client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # for all workers
dispatcher = qpaykit.CallbackDispatcher(client)
orders = qpaykit.Orders(dispatcher)


def database() -> closing[sqlite3.Connection]:
    connection = sqlite3.connect("shop.db", isolation_level=None)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS orders"
        " (number TEXT PRIMARY KEY, amount INTEGER, state TEXT, ends INTEGER)"
    )
    return closing(connection)


@dispatcher.on_paid
def deliver(event: qpaykit.PaymentEvent) -> None:
    with database() as db:
        paid = db.execute(
            "UPDATE orders SET state = 'paid' WHERE number = ?",
            (event.order_no,),
        )
        if paid.rowcount != 1:
            raise LookupError(f"paid, but there is no order {event.order_no}")


def open_order(number: str) -> qpaykit.Order:
    return orders.open(number, amount=PRICE, description="Tea", expires_in=EXPIRES_IN)


@app.get("/callback")
def callback() -> flask.typing.ResponseReturnValue:
    reply = dispatcher.handle(query=flask.request.query_string)
    return reply.body, reply.status_code, {"Content-Type": reply.content_type}


@app.get("/")
def shop() -> flask.typing.ResponseReturnValue:
    return flask.render_template("shop.html", price=PRICE)


@app.post("/orders")
def make_order() -> flask.typing.ResponseReturnValue:
    number = uuid.uuid4().hex  # nobody guesses the page of another buyer
    order = open_order(number)
    with database() as db:
        db.execute(
            "INSERT INTO orders VALUES (?, ?, 'open', ?)",
            (number, PRICE, int(time.time()) + EXPIRES_IN),
        )
    return flask.redirect(f"/orders/{order.order_no}", 303)


@app.get("/orders/<number>")
def show_order(number: str) -> flask.typing.ResponseReturnValue:
    with database() as db:
        known = db.execute("SELECT amount FROM orders WHERE number = ?", (number,)).fetchone()
    if known is None:
        flask.abort(404)
    status = orders.status(number)  # asks QPay at most once in ten seconds
    page = open_order(number).invoice.to_html("en") if status == "open" else ""
    return flask.render_template(
        "order.html", number=number, amount=known[0], status=status, page=page
    )


@app.errorhandler(qpaykit.QPayError)
def unreachable(_error: qpaykit.QPayError) -> flask.typing.ResponseReturnValue:
    return "QPay cannot be reached: please try again", 503
