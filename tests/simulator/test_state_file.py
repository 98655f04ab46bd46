"""A simulator with a state file knows after a restart what it knew before."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import httpx
import pytest

from helpers.quickqr import ACCOUNT, PERSON
from qpaykit import MemoryStore, QPayClient
from qpaykit.quickqr import QuickQRClient
from qpaykit.simulator import Simulator, jwt


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def started(path: Path, *, port: int = 0) -> Simulator:
    return Simulator(state_file=path, port=port, username="SHOP", password="a-password")


def test_invoices_payments_and_receipts_survive_a_restart(path: Path) -> None:
    with started(path) as simulator, QPayClient(**simulator.credentials) as client:
        paid = client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Сүүтэй цай"
        )
        payment_id = simulator.pay(paid.invoice_id, method="CARD", callbacks=0)
        receipt = client.ebarimt.create(payment_id)
        open_one = client.invoices.create(
            amount=20, sender_invoice_no="43", invoice_description="Tea"
        )
        before = (
            client.invoices.get(paid.invoice_id),
            client.payments.check(paid.invoice_id),
            client.payments.list(),
            client.ebarimt.get(receipt.id or ""),
        )
    with started(path) as simulator, QPayClient(**simulator.credentials) as client:
        assert before == (
            client.invoices.get(paid.invoice_id),
            client.payments.check(paid.invoice_id),
            client.payments.list(),
            client.ebarimt.get(receipt.id or ""),
        )
        simulator.pay(open_one.invoice_id, callbacks=0)
        client.payments.refund(payment_id, note="cold")
    with started(path) as simulator:
        assert simulator.payment(payment_id).status == "REFUNDED"
        assert simulator.invoice(open_one.invoice_id).status == "CLOSED"


def test_a_subscription_goes_on_after_a_restart(path: Path) -> None:
    with started(path) as simulator, QPayClient(**simulator.credentials) as client:
        made = client.invoices.create(
            amount=1500,
            sender_invoice_no="42",
            invoice_description="Tea",
            allow_subscribe=True,
            subscription_interval="1M",
        )
        simulator.pay(made.invoice_id, method="CARD", callbacks=0)
        identifier = str((made.subscription or {})["id"])
    with started(path) as simulator, QPayClient(**simulator.credentials) as client:
        simulator.pay_subscription(identifier, callbacks=0)
        found = client.subscriptions.get(identifier)
        assert len(found.payments) == 2
        assert len(found.invoices) == 2


def test_what_was_done_is_kept_when_the_process_is_killed(path: Path) -> None:
    with started(path) as simulator, QPayClient(**simulator.credentials) as client:
        invoice = client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Tea"
        )
        # Nothing was stopped yet: another process reads what a kill would leave.
        with started(path) as other:
            assert other.invoice(invoice.invoice_id).status == "OPEN"


@pytest.mark.parametrize("keeps", [True, False])
def test_a_token_stays_valid_where_the_state_is_kept(path: Path, keeps: bool) -> None:
    store = MemoryStore()
    with (
        started(path) as simulator,
        QPayClient(**simulator.credentials, store=store) as client,
    ):
        client.payments.list()
        port = int(simulator.page_root.rpartition(":")[2])
    if not keeps:
        path.unlink()
    with (
        started(path, port=port) as simulator,
        QPayClient(**simulator.credentials, store=store) as client,
    ):
        client.payments.list()
        statuses = [one.status_code for one in simulator.requests]
    assert statuses == ([200] if keeps else [401, 200, 200])


@pytest.mark.parametrize("keeps", [True, False])
def test_a_401_says_that_the_simulator_was_restarted_only_where_that_ended_the_token(
    path: Path, keeps: bool
) -> None:
    if keeps:
        with started(path):
            pass
    older = jwt.encode({"iat": 1}, b"any")
    with started(path) as simulator:
        answer = httpx.get(
            f"{simulator.base_url}/payment/1", headers={"authorization": f"Bearer {older}"}
        )
    assert answer.status_code == 401
    assert ("restarted" in answer.json()["message"]) is not keeps


def test_a_token_that_was_revoked_stays_revoked(path: Path) -> None:
    with started(path) as simulator, QPayClient(**simulator.credentials) as client:
        token = client.tokens.get()
        simulator.revoke_tokens()
    with started(path) as simulator:
        answer = httpx.get(
            f"{simulator.base_url}/payment/1", headers={"authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 401


def test_quick_qr_goes_on_after_a_restart(path: Path) -> None:
    store = MemoryStore()
    with (
        started(path) as simulator,
        QuickQRClient(**simulator.quickqr_credentials, store=store) as partner,
    ):
        merchant = partner.merchants.ensure_person(**PERSON)
        invoice = partner.invoices.create(
            merchant_id=merchant.id,
            amount=1500,
            order="42",
            description="Tea",
            bank_accounts=[ACCOUNT],
        )
        simulator.pay(invoice.invoice_id, callbacks=0)
        before = (
            partner.merchants.get(merchant.id),
            partner.invoices.get(invoice.invoice_id),
            partner.payments.check(invoice.invoice_id),
        )
        port = int(simulator.page_root.rpartition(":")[2])
    with (
        started(path, port=port) as simulator,
        QuickQRClient(**simulator.quickqr_credentials, store=store) as partner,
    ):
        assert before == (
            partner.merchants.get(merchant.id),
            partner.invoices.get(invoice.invoice_id),
            partner.payments.check(invoice.invoice_id),
        )
        assert not simulator.requests.to("POST", "/quickqr/v2/auth/token")


def test_a_file_of_the_first_edition_is_read(path: Path) -> None:
    with started(path) as simulator, QPayClient(**simulator.credentials) as client:
        invoice = client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Tea"
        )
    content = json.loads(path.read_bytes())
    del content["tokens"], content["merchants"], content["invoices"][0]["product"]
    path.write_text(json.dumps(content))
    with started(path) as simulator:
        assert simulator.invoice(invoice.invoice_id).status == "OPEN"


def test_the_same_seed_makes_no_payment_id_twice(path: Path) -> None:
    ids: list[str] = []
    for _ in range(2):
        with Simulator(state_file=path, seed=7) as simulator:
            with QPayClient(**simulator.credentials) as client:
                invoice = client.invoices.create(
                    amount=1500, sender_invoice_no="42", invoice_description="Tea"
                )
            ids += [
                simulator.pay(invoice.invoice_id, method=method, again=True, callbacks=0)
                for method in ("P2P", "CARD")
            ]
    assert len(set(ids)) == 4


def test_the_state_of_another_account_is_refused(path: Path) -> None:
    with started(path) as simulator, QPayClient(**simulator.credentials) as client:
        client.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Tea")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="SHOP"):
        Simulator(state_file=path, username="OTHER", password="a-password").start()
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"{}", b"DEBUG=1\n", b'{"version": 2}'])
def test_a_file_of_something_else_is_refused_and_stays(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a state file"):
        started(path).start()
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        started(tmp_path / "nowhere" / "state.json").start()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_file_is_its_owners_alone(path: Path) -> None:
    with started(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
