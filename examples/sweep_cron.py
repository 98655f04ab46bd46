"""A script for cron: deliver what was paid in two days and not delivered, once a night.

0 3 * * *  cd /srv/shop && python examples/sweep_cron.py

It runs beside any of the shops here, on their databases. It may be interrupted and repeated. It
ends with 1 where something was paid that could not be delivered, so that cron sends a mail.

python examples/sweep_cron.py
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta

import qpaykit

DAYS = 2


def sweep(client: qpaykit.QPayClient, db: sqlite3.Connection) -> int:
    dispatcher = qpaykit.CallbackDispatcher(client)
    undelivered = 0

    @dispatcher.on_paid
    def deliver(event: qpaykit.PaymentEvent) -> None:
        with db:
            paid = db.execute(
                "UPDATE orders SET state = 'paid' WHERE number = ?",
                (event.order_no,),
            )
            if paid.rowcount != 1:
                raise LookupError(f"paid, but there is no order {event.order_no}")

    now = datetime.now(qpaykit.ULAANBAATAR)
    for reply in dispatcher.sweep(now - timedelta(days=DAYS), now):
        if reply.outcome == "duplicate":
            continue
        print(reply.outcome, reply.order_no, reply.payment_id, reply.amount)
        if reply.status_code != 200:
            undelivered += 1
    return undelivered


def main() -> int:
    store = qpaykit.SQLiteStore("qpay.db")  # the shop's own
    with qpaykit.QPayClient(store=store) as client, closing(sqlite3.connect("shop.db")) as db:
        return 1 if sweep(client, db) else 0


if __name__ == "__main__":
    sys.exit(main())
