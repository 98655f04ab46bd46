"""A Celery worker that closes each order once, when its time ends, and sweeps once a night.

It runs beside any of the shops here, on their databases. QPay forbids asking about payments by a
timer: an order is asked about when it ends, and what is left is found by a list of all payments.
Its queue is a folder; several machines want Redis or RabbitMQ as the broker
(`CELERY_BROKER_URL`), and a `RedisStore`.

celery -A examples.recheck_celery worker --beat --concurrency 1 --loglevel info
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from celery import Celery
from celery.schedules import crontab
from celery.utils.log import get_task_logger

import qpaykit

EVERY = float(os.environ.get("EXPIRY_SECONDS", "60"))

logger = get_task_logger(__name__)
client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # the shop's own
dispatcher = qpaykit.CallbackDispatcher(client)
orders = qpaykit.Orders(dispatcher)

queue = Path("queue")
queue.mkdir(exist_ok=True)
app = Celery("shop", broker=os.environ.get("CELERY_BROKER_URL", "filesystem://"))
app.conf.update(timezone="Asia/Ulaanbaatar")
app.conf.broker_connection_retry_on_startup = True
if app.conf.broker_url == "filesystem://":
    app.conf.broker_transport_options = {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(queue),
    }
app.conf.beat_schedule = {
    "ended orders": {
        "task": "find_ended",
        "schedule": EVERY,
        "options": {"expires": EVERY},
    },
    "sweep": {
        "task": "sweep",
        "schedule": crontab(hour=3, minute=0),
    },
}


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


@app.task(name="find_ended", ignore_result=True)
def find_ended() -> None:
    """Look into the shop's own database for orders whose time has ended; QPay is not asked."""
    with database() as db:
        ended = db.execute(
            "UPDATE orders SET state = 'ending' WHERE state = 'open' AND ends <= ?"
            " RETURNING number",
            (time.time(),),
        ).fetchall()
    for (number,) in ended:
        end_order.delay(number)


@app.task(
    name="end_order",
    rate_limit="2/s",
    autoretry_for=(qpaykit.QPayError,),
    retry_backoff=True,
    ignore_result=True,
)
def end_order(number: str) -> None:
    """Take the last look at an order; it is delivered, or its invoice is cancelled."""
    status = orders.close(number)
    with database() as db:
        db.execute(
            "UPDATE orders SET state = ? WHERE number = ? AND state = 'ending'",
            (status, number),
        )
    logger.info("order %s: %s", number, status)


@app.task(
    name="sweep",
    autoretry_for=(qpaykit.QPayError,),
    retry_backoff=True,
    ignore_result=True,
)
def sweep() -> None:
    """Deliver what was paid in two days and not delivered: for callbacks that never came."""
    now = datetime.now(qpaykit.ULAANBAATAR)
    for reply in dispatcher.sweep(now - timedelta(days=2), now):
        if reply.outcome != "duplicate":
            logger.info("order %s: %s", reply.order_no, reply.outcome)
