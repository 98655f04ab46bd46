"""The examples without a page: the script, the workers that look for lost payments, the table."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

import qpaykit
from examples.running import EXAMPLES, SECRET, documented_commands, environment, running, until
from qpaykit import QPayClient
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

NOWHERE = "http://127.0.0.1:9/callback"


@pytest.fixture
def merchant(qpay_simulator: Simulator) -> Iterator[QPayClient]:
    credentials = qpay_simulator.credentials | {"callback_url": NOWHERE}
    with QPayClient(**credentials, callback_secret=SECRET) as client:
        yield client


def rows(folder: Path, sql: str) -> list[str]:
    with closing(sqlite3.connect(folder / "shop.db", timeout=10)) as database:
        return [value for (value,) in database.execute(sql)]


def test_every_example_is_in_the_readme_and_names_the_same_command() -> None:
    commands = documented_commands()
    assert set(commands) == {path.stem for path in EXAMPLES.glob("*.py")}
    for name, command in commands.items():
        docstring = (EXAMPLES / f"{name}.py").read_text().split('"""')[1]
        assert docstring.strip().splitlines()[-1] == command


class TestScript:
    def test_it_delivers_what_is_paid(self, qpay_simulator: Simulator, tmp_path: Path) -> None:
        variables = environment(qpay_simulator.credentials, NOWHERE)
        with running("script", tmp_path, variables) as process:
            until(lambda: "Pay http" in (tmp_path / "log.txt").read_text())
            assert rows(tmp_path, "SELECT state FROM orders") == ["open"]
            qpay_simulator.pay(qpay_simulator.invoices()[0].id, callbacks=0)
            assert process.wait(30) == 0
        assert "Delivery: delivered" in (tmp_path / "log.txt").read_text()
        assert rows(tmp_path, "SELECT state FROM orders") == ["paid"]
        assert len(rows(tmp_path, "SELECT key FROM deliveries")) == 1

    def test_what_fails_leaves_neither_the_order_nor_the_claim_changed(
        self, qpay_simulator: Simulator, tmp_path: Path
    ) -> None:
        variables = environment(qpay_simulator.credentials, NOWHERE)
        with running("script", tmp_path, variables) as process:
            until(lambda: "Pay http" in (tmp_path / "log.txt").read_text())
            # The order is changed, and then something goes wrong.
            with closing(sqlite3.connect(tmp_path / "shop.db", timeout=10)) as database:
                database.execute(
                    "CREATE TRIGGER fails AFTER UPDATE ON orders"
                    " BEGIN SELECT RAISE(FAIL, 'no more tea'); END"
                )
            qpay_simulator.pay(qpay_simulator.invoices()[0].id, callbacks=0)
            assert process.wait(30) == 0
        assert "Delivery: handler_failed" in (tmp_path / "log.txt").read_text()
        assert rows(tmp_path, "SELECT state FROM orders") == ["open"]
        assert rows(tmp_path, "SELECT key FROM deliveries") == []


@dataclass
class Orders:
    """The orders of a shop whose callbacks never come, as its two databases have them."""

    orders: qpaykit.Orders
    simulator: Simulator
    folder: Path

    def open(self, number: str, *, ends: float) -> qpaykit.Order:
        order = self.orders.open(number, amount=1500, description="Tea", expires_in=900)
        with closing(sqlite3.connect(self.folder / "shop.db")) as database, database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS orders"
                " (number TEXT PRIMARY KEY, amount INTEGER, state TEXT, ends INTEGER)"
            )
            row = (number, 1500, "open", time.time() + ends)
            database.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", row)
        return order

    def pay(self, order: qpaykit.Order) -> None:
        self.simulator.pay(order.invoice_id, callbacks=0)

    def states(self) -> list[str]:
        return rows(self.folder, "SELECT state FROM orders ORDER BY number")


@pytest.fixture
def shop(qpay_simulator: Simulator, tmp_path: Path) -> Iterator[Orders]:
    credentials = qpay_simulator.credentials | {"callback_url": NOWHERE}
    store = qpaykit.SQLiteStore(tmp_path / "qpay.db")
    with QPayClient(**credentials, callback_secret=SECRET, store=store) as client:
        orders = qpaykit.Orders(qpaykit.CallbackDispatcher(client))
        yield Orders(orders, qpay_simulator, tmp_path)
    store.close()


class TestCelery:
    def test_it_asks_once_at_an_orders_end_and_sweeps_what_is_left(self, shop: Orders) -> None:
        paid, unpaid, later = (
            shop.open("1 paid", ends=-1),
            shop.open("2 unpaid", ends=-1),
            shop.open("3 later", ends=900),
        )
        shop.pay(paid)
        shop.pay(later)
        variables = environment(shop.simulator.credentials, NOWHERE) | {"EXPIRY_SECONDS": "2"}
        with running("recheck_celery", shop.folder, variables):
            until(lambda: shop.states() == ["paid", "cancelled", "open"])
            assert shop.simulator.invoice(unpaid.invoice_id).status == "CANCELED"
            shop.simulator.requests.clear()
            time.sleep(3)
            assert len(shop.simulator.requests) == 0
            command = "celery -A examples.recheck_celery call sweep"
            subprocess.run(  # noqa: S602
                command, shell=True, cwd=shop.folder, env=variables, check=True, timeout=60
            )
            until(lambda: shop.states() == ["paid", "cancelled", "paid"])


class TestSweepByCron:
    def sweep(self, shop: Orders) -> int:
        shutil.rmtree(shop.folder / "examples", ignore_errors=True)
        variables = environment(shop.simulator.credentials, NOWHERE)
        with running("sweep_cron", shop.folder, variables) as process:
            return process.wait(30)

    def test_it_delivers_what_no_callback_told_of(self, shop: Orders) -> None:
        shop.pay(shop.open("1 paid", ends=900))
        shop.open("2 unpaid", ends=900)
        assert self.sweep(shop) == 0
        assert shop.states() == ["paid", "open"]
        assert "delivered 1 paid" in (shop.folder / "log.txt").read_text()
        assert self.sweep(shop) == 0
        assert (shop.folder / "log.txt").read_text() == ""

    def test_it_ends_with_1_where_something_is_left(self, shop: Orders) -> None:
        shop.pay(shop.open("1 paid", ends=900))
        with closing(sqlite3.connect(shop.folder / "shop.db")) as database, database:
            database.execute("DELETE FROM orders")
        assert self.sweep(shop) == 1
        assert "handler_failed 1 paid" in (shop.folder / "log.txt").read_text()


class TestReconcile:
    @pytest.fixture
    def table(
        self, merchant: QPayClient, qpay_simulator: Simulator, tmp_path: Path
    ) -> dict[str, list[Decimal]]:
        for no, amount in enumerate(("1500", "2500.50", "990")):
            invoice = merchant.invoices.create(
                amount=amount, sender_invoice_no=str(no), invoice_description="Tea"
            )
            payment_id = qpay_simulator.pay(invoice.invoice_id, method="CARD", callbacks=0)
        merchant.payments.refund(payment_id, note="cold")
        variables = environment(qpay_simulator.credentials, NOWHERE)
        with running("reconcile", tmp_path, variables) as process:
            assert process.wait(30) == 0
        printed = (tmp_path / "log.txt").read_text()
        lines = re.findall(r"^(\d{4}-\d\d-\d\d|total) +(.*)$", printed, re.MULTILINE)
        return {
            name: [Decimal(word.replace(",", "")) for word in sums.split()] for name, sums in lines
        }

    def test_the_total_adds_up_what_was_paid(self, table: dict[str, list[Decimal]]) -> None:
        payments, paid, fees, left, refunded = table["total"]
        assert [payments, paid, refunded] == [Decimal(2), Decimal("4000.50"), Decimal(990)]
        assert fees > 0
        assert left == paid - fees

    def test_the_days_add_up_to_the_total(self, table: dict[str, list[Decimal]]) -> None:
        total = table.pop("total")
        assert [sum(column) for column in zip(*table.values(), strict=True)] == total
