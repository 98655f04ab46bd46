"""One process of the storm's shop: a callback URL, a dispatcher, a handler that misbehaves."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import text
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from helpers.store_processes import OwnStore, open_store
from qpaykit import CallbackDispatcher, Orders, PaymentEvent, QPayClient
from qpaykit.orders import flow

if TYPE_CHECKING:
    from qpaykit.simulator import Credentials

LEASE = 6.0
DAY = timedelta(days=1)


class Plan(TypedDict):
    """The settings of a worker."""

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


def write(plan: Plan, name: str, event: PaymentEvent[Session]) -> None:
    """Write a finished delivery into the shop's own books."""
    run: dict[str, str | float] = {
        "worker": name,
        "kind": str(event.status),
        "number": event.order_no,
        "invoice_id": event.invoice_id,
        "payment_id": event.payment_id,
        "amount": float(event.amount),
        "at": time.time(),
    }
    sql = f"INSERT INTO runs ({', '.join(run)}) VALUES (:{', :'.join(run)})"  # noqa: S608
    if plan["kind"] == "postgres":
        event.session.execute(text(sql), run)
        return
    connection = sqlite3.connect(plan["ledger"], timeout=30, isolation_level=None)
    connection.execute(sql, run)
    connection.close()


def make_dispatcher(plan: Plan) -> tuple[QPayClient, OwnStore, CallbackDispatcher]:
    """Make a dispatcher whose on_paid handler raises, or kills its process, at random."""
    rng = random.Random(plan["seed"])
    store = open_store(plan["kind"], plan["where"])
    client = QPayClient(
        **plan["credentials"], callback_secret=plan["secret"], store=store, timeout=3
    )
    dispatcher = CallbackDispatcher(client, lease=LEASE, patience=1)

    @dispatcher.on_paid
    def deliver(event: PaymentEvent[Session]) -> None:
        time.sleep(rng.random() * 0.01)
        if plan["kind"] == "postgres":
            # What follows must undo it: it commits with the delivery.
            write(plan, plan["name"], event)
        draw = rng.random()
        if draw < plan["dies"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if draw < plan["dies"] + plan["raises"]:
            raise RuntimeError("the shop's database is away")
        if plan["kind"] != "postgres":
            write(plan, plan["name"], event)

    @dispatcher.on_underpaid
    def remember(event: PaymentEvent[Session]) -> None:
        write(plan, f"{plan['name']} underpaid", event)

    @dispatcher.on_overpaid
    def give_back(event: PaymentEvent[Session]) -> None:
        write(plan, f"{plan['name']} overpaid", event)

    return client, store, dispatcher


class ShopPages:
    """The pages of the shop: open, status and close of an order, and a sweep."""

    def __init__(self, plan: Plan, dispatcher: CallbackDispatcher) -> None:
        self._rng = random.Random(plan["seed"])
        self._dies = plan["dies"] / 5
        self._dispatcher = dispatcher
        self._orders = Orders(dispatcher)

    def answer(self, action: str, query: str) -> dict[str, str]:
        """Answer a request; at random the process is killed meanwhile."""
        if self._rng.random() < self._dies:
            death = threading.Timer(
                self._rng.random() * 0.05, os.kill, (os.getpid(), signal.SIGKILL)
            )
            death.start()
        given = {name: values[0] for name, values in parse_qs(query).items()}
        if action == "open":
            order = self._orders.open(given["no"], amount=given["amount"], description="Tea")
            return {"status": order.status, "invoice_id": order.invoice_id}
        if action == "status":
            return {"status": self._orders.status(given["no"])}
        if action == "close":
            return {"status": self._orders.close(given["no"])}
        return sweep(self._dispatcher)


def sweep(dispatcher: CallbackDispatcher) -> dict[str, str]:
    """Sweep yesterday, today and tomorrow; return how often there was each outcome."""
    from collections import Counter
    from datetime import datetime, timezone

    today = datetime.now(timezone.utc)
    outcomes = Counter(reply.outcome for reply in dispatcher.sweep(today - DAY, today + DAY))
    return {outcome: str(times) for outcome, times in outcomes.items()}


def main() -> None:
    """Serve until killed."""
    plan: Plan = json.loads(sys.argv[1])
    flow.LEASE_SECONDS = LEASE
    flow.QUESTION_INTERVAL_SECONDS = 0.5
    *_, dispatcher = make_dispatcher(plan)
    pages = ShopPages(plan, dispatcher)

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            try:
                answer = pages.answer(parts.path.strip("/"), parts.query)
            except Exception as error:  # noqa: BLE001 (a page that fails is tried again)
                self._send(500, type(error).__name__.encode())
            else:
                self._send(200, json.dumps(answer).encode())

        def do_GET(self) -> None:
            reply = dispatcher.handle(query=self.path)
            self._send(reply.status_code, reply.body.encode())

        def _send(self, status_code: int, body: bytes) -> None:
            self.send_response(status_code)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the client may have disconnected
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
