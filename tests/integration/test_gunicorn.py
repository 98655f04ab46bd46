"""A shop on gunicorn, with three workers and PostgreSQL: what is paid is delivered once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import NullPool, create_engine, text

from helpers.processes import free_port
from qpaykit import QPayClient, SQLAlchemyStore
from qpaykit.simulator import Credentials, Simulator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run there"),
]

ORDERS, REPLAYS = 30, 40
SECRET = "a-secret-of-the-tests"
SHOP = """
import os

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient, SQLAlchemyStore
from qpaykit.integrations.flask import blueprint

engine = create_engine(os.environ["DATABASE"], pool_size=20)
client = QPayClient(store=SQLAlchemyStore(engine, create_tables=True))
dispatcher = CallbackDispatcher(client, patience=30)
app = Flask(__name__)
app.register_blueprint(blueprint(dispatcher, path="/qpay/callback"))


@dispatcher.on_paid
def deliver(event: PaymentEvent[Session]) -> None:
    order = {"number": event.order_no, "worker": os.getpid()}
    event.session.execute(text("INSERT INTO orders VALUES (:number, :worker)"), order)
"""


@contextmanager
def gunicorn(folder: Path, database: str, credentials: Credentials, port: int) -> Iterator[None]:
    (folder / "shop.py").write_text(SHOP)
    variables = {f"QPAY_{name.upper()}": str(value) for name, value in credentials.items()}
    variables |= {"DATABASE": database, "QPAY_CALLBACK_SECRET": SECRET}
    command = [sys.executable, "-m", "gunicorn", "--workers", "3", "--threads", "4", "--preload"]
    command += ["--bind", f"127.0.0.1:{port}", "--backlog", "512", "shop:app"]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env={**os.environ, **variables}, stdout=log, stderr=log
        )
    try:
        ends = time.monotonic() + 60
        while True:
            assert process.poll() is None, (folder / "log.txt").read_text()
            try:
                assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 404
            except httpx.TransportError:
                assert time.monotonic() < ends
                time.sleep(0.1)
            else:
                break
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_thirty_orders_and_forty_replays_at_once_are_thirty_deliveries(
    tmp_path: Path, postgres_url: str, qpay_simulator: Simulator
) -> None:
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.begin() as connection:
        # Without a key: a second delivery would be a second row.
        connection.execute(text("CREATE TABLE orders (number TEXT, worker INTEGER)"))
    port, credentials = free_port(), qpay_simulator.credentials
    store = SQLAlchemyStore(engine, create_tables=True)
    with QPayClient(**credentials, callback_secret=SECRET, store=store) as client:
        calls = []
        for number in range(ORDERS):
            made = client.invoices.create(
                amount=1500,
                sender_invoice_no=str(number),
                invoice_description="Tea",
                callback_url=f"http://127.0.0.1:{port}/qpay/callback",
            )
            payment = qpay_simulator.pay(made.invoice_id, callbacks=0)
            query = urlsplit(qpay_simulator.invoice(made.invoice_id).callback_url).query
            calls.append(f"/qpay/callback?{query}&qpay_payment_id={payment}")
    rng = random.Random(18)
    calls += rng.choices(calls, k=REPLAYS)
    rng.shuffle(calls)
    with (
        gunicorn(tmp_path, postgres_url, credentials, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as qpay,
        ThreadPoolExecutor(len(calls)) as pool,
    ):
        answers = list(pool.map(lambda url: qpay.get(url).text, calls))
    assert Counter(answers) == {"SUCCESS": ORDERS + REPLAYS}
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT number, worker FROM orders")).all()
    assert sorted(int(row.number) for row in rows) == list(range(ORDERS))
    assert len({row.worker for row in rows}) > 1
    assert len(list(store.deliveries())) == ORDERS
    assert len(qpay_simulator.requests.to("POST", "/auth/token")) == 1
