"""`qpaykit sweep`: what was paid and not delivered."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.shop import Run, Shop

DISPATCHER = """
from qpaykit import {kind}CallbackDispatcher, {kind}QPayClient, SQLiteStore

delivered = []
client = {kind}QPayClient(store=SQLiteStore({store!r}))
dispatcher = {kind}CallbackDispatcher(client, patience=0)

@dispatcher.on_paid
{define} deliver(event):
    delivered.append(event.order_no)
    if event.order_no == "broken":
        raise OSError("no stock")
"""


def rows(text: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]


def test_what_is_paid_and_not_delivered_is_shown_and_nothing_is_delivered(
    run: Run, shop: Shop
) -> None:
    shop.sell("42", 1500)
    _, lost = shop.sell("43", 20_000, deliver=False)
    for _ in range(2):
        done = run("sweep", "--store", shop.store)
        assert done.code == 1
        assert rows(done.out)[1] == ["43", "20,000.00", "to be delivered", lost]
        assert rows(done.out)[-1] == ["1 of 2 payments", "20,000.00"]
    assert [event.order_no for event in shop.delivered] == ["42"]


def test_a_day_without_missing_deliveries_exits_with_0(run: Run, shop: Shop) -> None:
    shop.sell("42", 1500)
    done = run("sweep", "--store", shop.store)
    assert (done.code, done.out) == (0, "Payments: 1. All of them are delivered.\n")


def test_a_sweep_without_the_shops_store_is_refused(run: Run, shop: Shop) -> None:
    done = run("sweep")
    assert (done.code, done.out) == (2, "")
    assert "--store" in done.err


def test_a_sweep_is_json_for_programs(run: Run, shop: Shop) -> None:
    invoice, payment = shop.sell("42", 1500, deliver=False)
    content = run("sweep", "--store", shop.store, "--json").json()
    assert isinstance(content, dict)
    assert content["dry_run"] is True
    assert content["payments"] == [
        {
            "order_no": "42",
            "amount": "1500.00",
            "outcome": "delivered",
            "payment_id": payment,
            "invoice_id": invoice,
        }
    ]


def write_dispatcher(shop: Shop, folder: Path, *, kind: str = "", define: str = "def") -> str:
    """Write a shop's module; return how the command names its dispatcher."""
    name = f"shop_{kind.lower() or 'sync'}"
    text = DISPATCHER.format(kind=kind, store=shop.store, define=define)
    (folder / f"{name}.py").write_text(text)
    return f"{name}:dispatcher"


def test_the_shops_own_dispatcher_delivers(
    run: Run, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write_dispatcher(shop, tmp_path)
    monkeypatch.chdir(tmp_path)
    shop.sell("42", 1500, deliver=False)
    done = run("sweep", "--deliver", place)
    assert done.code == 0
    assert rows(done.out)[1][:3] == ["42", "1,500.00", "delivered"]
    assert run("sweep", "--store", shop.store).code == 0
    shop.sell("broken", 500, deliver=False)
    failed = run("sweep", "--deliver", place)
    assert failed.code == 1
    assert "handler raised an error" in failed.out
    sys.modules[place.partition(":")[0]].client.close()


@pytest.mark.slow
def test_an_awaited_dispatcher_delivers_too(shop: Shop, tmp_path: Path) -> None:
    place = write_dispatcher(shop, tmp_path, kind="Async", define="async def")
    shop.sell("42", 1500, deliver=False)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "qpaykit", "sweep", "--deliver", place],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert rows(done.stdout)[1][:3] == ["42", "1,500.00", "delivered"]


@pytest.mark.parametrize("place", ["nowhere:dispatcher", "json:dumps", "json:nothing", ":"])
def test_what_is_no_dispatcher_is_refused(run: Run, shop: Shop, place: str) -> None:
    done = run("sweep", "--deliver", place)
    assert (done.code, done.out) == (2, "")
    assert done.err


def test_a_time_without_payments_says_so(run: Run, shop: Shop) -> None:
    done = run("sweep", "--from", "2020-01-01", "--to", "2020-01-02", "--store", shop.store)
    assert (done.code, done.out) == (0, "No payments.\n")


def test_an_outcome_that_wants_something_done_is_explained(run: Run, shop: Shop) -> None:
    invoice_id, _ = shop.sell("42", 1500)
    shop.simulator.pay(invoice_id, again=True, callbacks=0)
    done = run("sweep", "--store", shop.store)
    assert rows(done.out)[1][:3] == ["42", "1,500.00", "overpaid"]
    assert "overpaid: the order was paid before; refund this payment." in done.out


@pytest.mark.parametrize("kind", ["", "Async"])
def test_what_was_delivered_before_ctrl_c_is_shown(
    run: Run, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    shop.sell("42", 1500, deliver=False)
    shop.sell("43", 1500, deliver=False)
    module = f"stopped{kind}"
    define = "async def" if kind else "def"
    text = DISPATCHER.format(kind=kind, store=shop.store, define=define)
    text += "    if len(delivered) == 2:\n        raise KeyboardInterrupt\n"
    (tmp_path / f"{module}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    done = run("sweep", "--deliver", module, "--json")
    assert done.code == 130
    content = done.json()
    assert isinstance(content, dict)
    assert content["complete"] is False
    assert [one["order_no"] for one in content["payments"]] == ["42"]
