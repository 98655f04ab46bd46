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

COLUMNS = "number TEXT PRIMARY KEY, amount INTEGER, state TEXT, invoice TEXT"
client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # lives as long as the instance
dispatcher = qpaykit.CallbackDispatcher(client)
Event = TypedDict("Event", {"routeKey": str, "rawPath": str, "rawQueryString": str})  # noqa: UP013
Answer = TypedDict("Answer", {"statusCode": int, "body": str})  # noqa: UP013


def execute(sql: str, *values: str | int | None) -> list[tuple[str, str]]:
    with closing(sqlite3.connect("shop.db")) as db, db:
        db.execute(f"CREATE TABLE IF NOT EXISTS orders ({COLUMNS})")
        return db.execute(sql, values).fetchall()


@dispatcher.on_paid
def deliver(event: qpaykit.PaymentEvent) -> None:
    sql = "UPDATE orders SET state = 'paid' WHERE number = ? RETURNING state, invoice"
    (_,) = execute(sql, event.order_no)  # raises where there is no such order


def order() -> Answer:
    number = uuid4().hex
    bill = qpaykit.InvoiceRequest(amount=1500, sender_invoice_no=number, invoice_description="Tea")
    invoice = client.invoices.create(bill)
    execute("INSERT INTO orders VALUES (?, ?, 'open', ?)", number, 1500, invoice.model_dump_json())
    body = {"order": f"/orders/{number}", "pay": invoice.qpay_short_url}
    return {"statusCode": 201, "body": json.dumps(body)}


def handler(event: Event, _context: object) -> Answer:
    if event["routeKey"] == "GET /callback":
        reply = dispatcher.handle(query=event["rawQueryString"])
        return {"statusCode": reply.status_code, "body": reply.body}
    if event["routeKey"] == "POST /orders":
        return order()
    number = event["rawPath"].removeprefix("/orders/")
    sql = "SELECT state, invoice FROM orders WHERE number = ?"
    rows = execute(sql, number)
    if rows and event["rawQueryString"] == "back=1":  # the callback may be lost
        dispatcher.check(qpaykit.Invoice.model_validate_json(rows[0][1]).invoice_id)
        rows = execute(sql, number)
    body = json.dumps({"state": rows[0][0]}) if rows else "there is no such order"
    return {"statusCode": 200 if rows else 404, "body": body}


class Gateway(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        key = f"{self.command} {path}"
        answer = handler({"routeKey": key, "rawPath": path, "rawQueryString": query}, None)
        self.send_response(answer["statusCode"])
        self.end_headers()
        self.wfile.write(answer["body"].encode())

    do_POST = do_GET  # noqa: N815


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Gateway).serve_forever()
