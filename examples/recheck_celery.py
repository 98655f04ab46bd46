"""A Celery worker that asks QPay about unpaid orders: for the callbacks that never came.

It runs beside any of the shops here, on their databases. Its queue is a folder; several
machines want Redis or RabbitMQ as the broker (`CELERY_BROKER_URL`), and a `RedisStore`.

celery -A examples.recheck_celery worker --beat --concurrency 1 --loglevel info
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from celery import Celery
from celery.utils.log import get_task_logger

import qpaykit

SECONDS = float(os.environ.get("RECHECK_SECONDS", "300"))
COLUMNS = "number TEXT PRIMARY KEY, amount INTEGER, state TEXT, invoice TEXT"
UNPAID = """SELECT json_extract(invoice, '$.invoice_id') FROM orders
    WHERE state = 'open' ORDER BY rowid DESC LIMIT 100"""  # a real shop gives up old orders

logger = get_task_logger(__name__)
client = qpaykit.QPayClient(store=qpaykit.SQLiteStore("qpay.db"))  # the shop's own
dispatcher = qpaykit.CallbackDispatcher(client)

queue = Path("queue")
queue.mkdir(exist_ok=True)
app = Celery("shop", broker=os.environ.get("CELERY_BROKER_URL", "filesystem://"))
app.conf.broker_connection_retry_on_startup = True
if app.conf.broker_url == "filesystem://":
    folders = ("data_folder_in", "data_folder_out", "control_folder")
    app.conf.broker_transport_options = dict.fromkeys(folders, str(queue))
app.conf.beat_schedule = {
    "recheck": {"task": "recheck", "schedule": SECONDS, "options": {"expires": SECONDS}}
}


def execute(sql: str, *values: str | None) -> list[tuple[str]]:
    with closing(sqlite3.connect("shop.db")) as db, db:
        db.execute(f"CREATE TABLE IF NOT EXISTS orders ({COLUMNS})")
        return db.execute(sql, values).fetchall()


@dispatcher.on_paid
def deliver(event: qpaykit.PaymentEvent) -> None:
    sql = "UPDATE orders SET state = 'paid' WHERE number = ? RETURNING number"
    (_,) = execute(sql, event.order_no)  # raises where there is no such order


@app.task(name="recheck")
def recheck() -> None:
    for (invoice_id,) in execute(UNPAID):
        check.apply_async((invoice_id,), expires=SECONDS)


@app.task(
    name="check",
    rate_limit="2/s",
    autoretry_for=(qpaykit.QPayError,),
    retry_backoff=True,
    ignore_result=True,
)
def check(invoice_id: str) -> None:
    for reply in dispatcher.check(invoice_id):
        logger.info("invoice %s: %s", invoice_id, reply.outcome)
