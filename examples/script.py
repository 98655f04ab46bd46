"""A script without a framework: the order and its delivery are written in one transaction.

python examples/script.py
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from uuid import uuid4

import qpaykit

AMOUNT = 1500  # MNT
TABLES = """
CREATE TABLE IF NOT EXISTS orders
    (number TEXT PRIMARY KEY, amount INTEGER NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (key TEXT PRIMARY KEY, record TEXT);
"""


class ShopStore(qpaykit.SQLiteStore):
    """Delivers in one transaction: `claim` opens it, the handler writes, `complete` commits."""

    transactional = True

    def __init__(self, path: str, db: sqlite3.Connection) -> None:
        super().__init__(path)
        self._db = db

    def claim(self, key: str, owner: str, *, lease: float) -> qpaykit.ClaimState:
        if not key.startswith("delivered:"):
            return super().claim(key, owner, lease=lease)
        # The insert begins the transaction, and waits while another process holds the database.
        inserted = self._db.execute("INSERT OR IGNORE INTO deliveries (key) VALUES (?)", (key,))
        if inserted.rowcount:
            return "claimed"
        self._db.rollback()
        return "done"

    def complete(self, key: str, owner: str, *, delivery: qpaykit.Delivery | None = None) -> bool:
        if not key.startswith("delivered:"):
            return super().complete(key, owner, delivery=delivery)
        record = delivery.to_json() if delivery else None
        self._db.execute("UPDATE deliveries SET record = ? WHERE key = ?", (record, key))
        self._db.commit()
        return True

    def delivery(self, key: str) -> qpaykit.Delivery | None:
        row = self._db.execute("SELECT record FROM deliveries WHERE key = ?", (key,)).fetchone()
        return qpaykit.Delivery.from_json(row[0]) if row else None

    def release(self, key: str, owner: str) -> None:
        if key.startswith("delivered:"):
            self._db.rollback()
        else:
            super().release(key, owner)


def main(db: sqlite3.Connection) -> None:
    db.executescript(TABLES)
    with qpaykit.QPayClient(store=ShopStore("qpay.db", db)) as client:
        dispatcher = qpaykit.CallbackDispatcher(client)
        orders = qpaykit.Orders(dispatcher)

        @dispatcher.on_paid
        def deliver(event: qpaykit.PaymentEvent) -> None:
            paid = db.execute(
                "UPDATE orders SET state = 'paid' WHERE number = ?",
                (event.order_no,),
            )
            if paid.rowcount != 1:
                raise LookupError(f"paid, but there is no order {event.order_no}")

        number = uuid4().hex
        order = orders.open(number, amount=AMOUNT, description="Tea")
        with db:
            db.execute("INSERT INTO orders VALUES (?, ?, 'open')", (number, AMOUNT))
        print("Pay", order.invoice.qpay_short_url, flush=True)
        client.payments.wait(order.invoice_id, amount=AMOUNT, timeout=600)
        for reply in dispatcher.check(order.invoice_id):
            print("Delivery:", reply.outcome)


if __name__ == "__main__":
    with closing(sqlite3.connect("shop.db")) as shop:
        main(shop)
