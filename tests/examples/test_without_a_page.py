"""The examples without a page: the script, the Celery worker and the month's table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

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


class TestCelery:
    def test_it_delivers_what_no_callback_told_of(
        self, merchant: QPayClient, qpay_simulator: Simulator, tmp_path: Path
    ) -> None:
        qpay_simulator.faults.add("CALLBACK", "*", "drop", times=None)
        paid, unpaid = (
            merchant.invoices.create(amount=1500, sender_invoice_no=no, invoice_description="Tea")
            for no in ("paid", "unpaid")
        )
        with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
            database.execute("CREATE TABLE orders (number, amount, state, invoice)")
            database.executemany(
                "INSERT INTO orders VALUES (?, 1500, 'open', ?)",
                [("paid", paid.model_dump_json()), ("unpaid", unpaid.model_dump_json())],
            )
        qpay_simulator.pay(paid.invoice_id)
        variables = environment(qpay_simulator.credentials, NOWHERE) | {"RECHECK_SECONDS": "4"}
        states = "SELECT state FROM orders ORDER BY number"
        with running("recheck_celery", tmp_path, variables):
            until(lambda: rows(tmp_path, states) == ["paid", "open"])
            qpay_simulator.pay(unpaid.invoice_id)
            until(lambda: rows(tmp_path, states) == ["paid", "paid"])
        assert qpay_simulator.callbacks == []


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

    def test_the_days_make_up_the_total(self, table: dict[str, list[Decimal]]) -> None:
        total = table.pop("total")
        assert [sum(column) for column in zip(*table.values(), strict=True)] == total
