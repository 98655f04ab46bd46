"""Processes that share a store share the token and the deliveries."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.store_processes import check_often, deliver, get_token, open_store
from qpaykit import QPayClient, SQLiteStore, Store

if TYPE_CHECKING:
    from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

KINDS = ["sqlite", "redis", "postgres"]


@pytest.mark.parametrize("kind", KINDS)
def test_eight_processes_on_a_cold_store_make_one_login(
    qpay_simulator: Simulator, store_url: Callable[[str], str], kind: str
) -> None:
    place, credentials = store_url(kind), qpay_simulator.credentials
    with get_context("spawn").Pool(8) as pool:
        at = time.time() + 3
        work = [(kind, place, credentials, at)] * 8
        tokens = pool.starmap(get_token, work, chunksize=1)
    assert len(set(tokens)) == 1
    assert len(qpay_simulator.requests.to("POST", "/auth/token")) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_share_a_store_make_one_login_after_a_revocation(
    qpay_simulator: Simulator, store_url: Callable[[str], str], kind: str
) -> None:
    place, credentials = store_url(kind), qpay_simulator.credentials
    store = open_store(kind, place)
    with QPayClient(**credentials, store=store) as client:
        invoice_id = client.invoices.create(
            amount=10, sender_invoice_no="1", invoice_description="x"
        ).invoice_id
    store.close()
    qpay_simulator.revoke_tokens()
    qpay_simulator.requests.clear()
    with get_context("spawn").Pool(4) as pool:
        pool.starmap(check_often, [(kind, place, credentials, invoice_id)] * 4, chunksize=1)
    assert len(qpay_simulator.requests.to("POST", "/auth/token")) == 1


def take_turns(simulator: Simulator, stores: tuple[Store | None, Store | None]) -> int:
    first, second = (QPayClient(**simulator.credentials, store=store) for store in stores)
    invoice_id = first.invoices.create(
        amount=10, sender_invoice_no="1", invoice_description="x"
    ).invoice_id
    simulator.requests.clear()
    for _ in range(10):
        first.payments.check(invoice_id)
        second.payments.check(invoice_id)
    first.close()
    second.close()
    return len(simulator.requests.to("POST", "/auth/token"))


def test_two_workers_log_each_other_out_unless_they_share_a_store(
    qpay_simulator: Simulator, tmp_path: Path
) -> None:
    # Each call but the first finds its token ended by the other one.
    assert take_turns(qpay_simulator, (None, None)) == 19
    one, two = (SQLiteStore(tmp_path / "store.db") for _ in range(2))
    assert take_turns(qpay_simulator, (one, two)) <= 1
    one.close()
    two.close()


@pytest.mark.parametrize("kind", KINDS)
def test_four_processes_with_the_same_sixty_callbacks_deliver_thirty_payments_once(
    qpay_simulator: Simulator, store_url: Callable[[str], str], kind: str
) -> None:
    place, credentials = store_url(kind), qpay_simulator.credentials
    payments = []
    with QPayClient(**credentials) as client:
        for number in range(30):
            invoice = client.invoices.create(
                amount=100, sender_invoice_no=str(number), invoice_description="x"
            )
            payments.append(qpay_simulator.pay(invoice.invoice_id, callbacks=0))
    queries = [f"qpay_payment_id={payment}" for payment in payments] * 2
    with get_context("spawn").Pool(4) as pool:
        lists = pool.starmap(deliver, [(kind, place, credentials, queries)] * 4, chunksize=1)
    counted = Counter(payment for found in lists for payment in found)
    assert counted == Counter(payments)
