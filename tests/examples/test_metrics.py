"""The example with metrics: what it counts, and what its sweep writes for the alerts."""

from __future__ import annotations

import runpy
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import prometheus_client
import pytest

from examples.running import EXAMPLES, environment
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow


@pytest.fixture
def module(
    qpay_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    monkeypatch.chdir(tmp_path)
    settings = environment(qpay_simulator.credentials, "http://127.0.0.1:9/callback")
    for name, value in settings.items():
        if name.startswith("QPAY_"):
            monkeypatch.setenv(name, value)
    with closing(sqlite3.connect("shop.db")) as db, db:
        db.execute("CREATE TABLE orders (number TEXT PRIMARY KEY, state TEXT)")
    module = runpy.run_path(str(EXAMPLES / "metrics.py"))
    yield module
    module["client"].close()
    for metric in (module["REQUESTS"], module["OUTCOMES"]):
        prometheus_client.REGISTRY.unregister(metric)


def order(module: dict[str, Any], number: str) -> str:
    invoice = module["client"].invoices.create(
        amount=1500, sender_invoice_no=number, invoice_description="Tea"
    )
    identifier: str = invoice.invoice_id
    return identifier


def insert(number: str) -> None:
    with closing(sqlite3.connect("shop.db")) as db, db:
        db.execute("INSERT INTO orders VALUES (?, 'open')", (number,))


def test_it_counts_requests_and_outcomes(module: dict[str, Any], qpay_simulator: Simulator) -> None:
    insert("42")
    payment_id = qpay_simulator.pay(order(module, "42"), callbacks=0)
    page = module["app"].test_client()
    query = qpay_simulator.callback_query(payment_id)
    assert page.get(f"/callback?{query}").text == "SUCCESS"
    assert page.get(f"/callback?qpay_payment_id={payment_id}").status_code == 403
    told = page.get("/metrics").text
    assert 'qpay_callback_outcomes_total{outcome="delivered"} 1.0' in told
    assert 'qpay_callback_outcomes_total{outcome="forged"} 1.0' in told
    assert 'qpay_request_seconds_count{operation="tokens.login",status="200"} 1.0' in told
    assert 'qpay_request_seconds_count{operation="payments.get",status="200"} 1.0' in told


def test_its_sweep_says_what_is_paid_and_not_delivered(
    module: dict[str, Any], qpay_simulator: Simulator
) -> None:
    qpay_simulator.pay(order(module, "42"), callbacks=0)
    run = module["app"].test_cli_runner()
    assert run.invoke(args=["sweep"]).exit_code == 0
    assert "qpay_paid_not_delivered 1.0" in Path("qpay.prom").read_text()
    insert("42")
    assert run.invoke(args=["sweep"]).exit_code == 0
    assert "qpay_paid_not_delivered 0.0" in Path("qpay.prom").read_text()
