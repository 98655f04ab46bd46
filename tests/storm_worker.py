"""One process of the storm's shop: a callback URL, a dispatcher, a handler that misbehaves."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient
from workers import open_store

if TYPE_CHECKING:
    from qpaykit.simulator import Credentials

LEASE = 6.0


class Plan(TypedDict):
    """What a worker is told when it is started."""

    name: str
    port: int
    seed: int
    kind: str
    where: str
    ledger: str
    secret: str | None
    credentials: Credentials
    raises: float
    dies: float


def write(ledger: str, name: str, event: PaymentEvent) -> None:
    """Write a finished delivery into the shop's own books."""
    connection = sqlite3.connect(ledger, timeout=30, isolation_level=None)
    connection.execute(
        "INSERT INTO runs (worker, kind, number, invoice_id, payment_id, amount, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            name,
            str(event.status),
            event.order_no,
            event.invoice_id,
            event.payment_id,
            float(event.amount),
            time.time(),
        ),
    )
    connection.close()


def make_dispatcher(plan: Plan) -> tuple[QPayClient, CallbackDispatcher]:
    """Wire a dispatcher whose handler raises and dies at random before it has finished."""
    rng = random.Random(plan["seed"])
    client = QPayClient(
        **plan["credentials"],
        callback_secret=plan["secret"],
        store=open_store(plan["kind"], plan["where"]),
        timeout=3,
    )
    dispatcher = CallbackDispatcher(client, lease=LEASE, patience=1)

    @dispatcher.on_paid
    def deliver(event: PaymentEvent) -> None:
        time.sleep(rng.random() * 0.01)
        draw = rng.random()
        if draw < plan["dies"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if draw < plan["dies"] + plan["raises"]:
            raise RuntimeError("the shop's database is away")
        write(plan["ledger"], plan["name"], event)

    @dispatcher.on_underpaid
    def remember(event: PaymentEvent) -> None:
        write(plan["ledger"], f"{plan['name']} underpaid", event)

    @dispatcher.on_overpaid
    def give_back(event: PaymentEvent) -> None:
        write(plan["ledger"], f"{plan['name']} overpaid", event)

    return client, dispatcher


def main() -> None:
    """Serve until killed."""
    plan: Plan = json.loads(sys.argv[1])
    _, dispatcher = make_dispatcher(plan)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = dispatcher.handle(query=self.path)
            body = reply.body.encode()
            self.send_response(reply.status_code)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # whoever called may have given up
                self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    Server(("127.0.0.1", plan["port"]), Page).serve_forever()


if __name__ == "__main__":
    import logging

    logging.disable(logging.CRITICAL)
    main()
