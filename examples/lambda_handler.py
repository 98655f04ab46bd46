"""A handler for AWS Lambda behind API Gateway (payload 2.0), without a framework.

The command serves its routes on this machine, with the orders in SQLite. A Lambda keeps no
files: there the client wants a `RedisStore`, and the orders a database of the network.

python examples/lambda_handler.py
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

from typing_extensions import TypedDict

import qpaykit

PRICE = 1500  # MNT

client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # lives as long as the instance
dispatcher = qpaykit.CallbackDispatcher(client)
orders = qpaykit.Orders(dispatcher)


class Event(TypedDict):
    routeKey: str
    rawPath: str
    rawQueryString: str


class Answer(TypedDict):
    statusCode: int
    body: str


def database() -> closing[sqlite3.Connection]:
    connection = sqlite3.connect("shop.db", isolation_level=None)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY, amount INTEGER, state TEXT)"
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


def make_order() -> Answer:
    number = uuid4().hex  # nobody guesses the address of another buyer's order
    order = orders.open(number, amount=PRICE, description="Tea", expires_in=900)
    with database() as db:
        db.execute("INSERT INTO orders VALUES (?, ?, 'open')", (number, PRICE))
    body = {"order": f"/orders/{number}", "pay": order.invoice.qpay_short_url}
    return {"statusCode": 201, "body": json.dumps(body)}


def show_order(number: str) -> Answer:
    with database() as db:
        known = db.execute("SELECT number FROM orders WHERE number = ?", (number,)).fetchone()
    if known is None:
        return {"statusCode": 404, "body": "there is no such order"}
    state = orders.status(number)  # asks QPay at most once in ten seconds
    return {"statusCode": 200, "body": json.dumps({"state": state})}


def handler(event: Event, _context: object) -> Answer:
    if event["routeKey"] == "GET /callback":
        reply = dispatcher.handle(query=event["rawQueryString"])
        return {"statusCode": reply.status_code, "body": reply.body}
    if event["routeKey"] == "POST /orders":
        return make_order()
    return show_order(event["rawPath"].removeprefix("/orders/"))


class Gateway(BaseHTTPRequestHandler):
    """Stands in for API Gateway on this machine."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        event: Event = {
            "routeKey": f"{self.command} {path}",
            "rawPath": path,
            "rawQueryString": query,
        }
        answer = handler(event, None)
        self.send_response(answer["statusCode"])
        self.end_headers()
        self.wfile.write(answer["body"].encode())

    do_POST = do_GET  # noqa: N815


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    ThreadingHTTPServer(("127.0.0.1", port), Gateway).serve_forever()
