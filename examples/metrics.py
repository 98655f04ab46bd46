"""A callback with metrics for Prometheus, and a nightly sweep that writes its own to a file.

The sweep is a command for cron: `flask --app examples/metrics.py sweep`. Its file is for the
textfile collector of node_exporter. docs/metrics.md has the alerts.

flask --app examples/metrics.py run --port ${PORT:-8000}
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import flask
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    write_to_textfile,
)

import qpaykit

REQUESTS = Histogram(
    "qpay_request_seconds", "Attempts at requests to QPay.", ["operation", "status"]
)
OUTCOMES = Counter("qpay_callback_outcomes", "What became of callbacks.", ["outcome"])


def count_request(request: qpaykit.RequestInfo) -> None:
    status = str(request.status or "no answer")
    REQUESTS.labels(request.operation, status).observe(request.seconds)


def count_outcome(reply: qpaykit.CallbackReply) -> None:
    OUTCOMES.labels(reply.outcome).inc()


app = flask.Flask(__name__)
client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"), on_request=count_request)
dispatcher = qpaykit.CallbackDispatcher(client, on_outcome=count_outcome)


@dispatcher.on_paid
def deliver(event: qpaykit.PaymentEvent) -> None:
    with closing(sqlite3.connect("shop.db")) as db, db:
        paid = db.execute(
            "UPDATE orders SET state = 'paid' WHERE number = ?",
            (event.order_no,),
        )
        if paid.rowcount != 1:
            raise LookupError(f"paid, but there is no order {event.order_no}")


@app.get("/callback")
def callback() -> flask.typing.ResponseReturnValue:
    reply = dispatcher.handle(query=flask.request.query_string)
    return reply.body, reply.status_code, {"Content-Type": reply.content_type}


@app.get("/metrics")
def metrics() -> flask.typing.ResponseReturnValue:
    return generate_latest(), {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


@app.cli.command("sweep")
def sweep() -> None:
    now = datetime.now(qpaykit.ULAANBAATAR)
    registry = CollectorRegistry()
    undelivered = Gauge(
        "qpay_paid_not_delivered",
        "Payments of two days that the last sweep could not deliver.",
        registry=registry,
    )
    finished = Gauge("qpay_sweep_time_seconds", "When the last sweep ended.", registry=registry)
    for reply in dispatcher.sweep(now - timedelta(days=2), now):
        if reply.status_code != 200:
            undelivered.inc()
    finished.set_to_current_time()
    write_to_textfile("qpay.prom", registry)
