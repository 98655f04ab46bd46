"""`--store` and `QPAY_STORE`: a SQLite file, Redis, or a database of SQLAlchemy."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from cli.shop import Run, Shop
from qpaykit import CallbackDispatcher, QPayClient
from qpaykit.stores import SQLAlchemyStore

PASSWORD = "hunter2-the-password"


@pytest.fixture
def database(shop: Shop, tmp_path: Path) -> str:
    """The URL of a store in the shop's own database, in which order 42 was delivered."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    engine = create_engine(url)
    store = SQLAlchemyStore(engine, create_tables=True)
    with QPayClient(**shop.simulator.credentials, store=store) as client:
        dispatcher = CallbackDispatcher(client, patience=0)
        dispatcher.on_paid(lambda event: None)
        invoice = client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Tea"
        )
        payment = shop.simulator.pay(invoice.invoice_id, callbacks=0)
        query = shop.simulator.callback_query(payment)
        assert dispatcher.handle(query=query).outcome == "delivered"
    engine.dispose()
    return url


def test_a_url_of_sqlalchemy_is_the_shops_own_database(
    run: Run, shop: Shop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.simulator.requests.clear()
    assert "42     paid" in run("deliveries", "--store", database).out
    monkeypatch.setenv("QPAY_STORE", f" {database}\n")
    assert "order 42 was delivered" in run("order", "42").out
    assert "All of them are delivered" in run("sweep").out
    assert not shop.simulator.requests.to("POST", "/auth/token")


@pytest.mark.parametrize("form", ["{path}", "sqlite:///{path}"])
def test_a_database_without_a_store_is_refused_and_stays_as_it_is(
    run: Run, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (number TEXT)")
    connection.close()
    before = path.read_bytes()
    done = run("deliveries", "--store", form.format(path=path))
    assert (done.code, done.out) == (2, "")
    assert "There is no store at" in done.err
    assert path.read_bytes() == before


@pytest.mark.parametrize("form", ["{path}", "sqlite:///{path}"])
def test_a_store_that_is_not_there_is_not_made(run: Run, tmp_path: Path, form: str) -> None:
    path = tmp_path / "nowhere.db"
    assert run("deliveries", "--store", form.format(path=path)).code == 2
    assert not path.exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense://shop:{password}@host/shop", "a URL of SQLAlchemy such as"),
        ("postgresql+psycopg://shop:{password}@host:port/shop", "a URL of SQLAlchemy such as"),
        ("postgresql+asyncpg://shop:{password}@host/shop", "asyncpg is a driver for asyncio"),
        ("mysql+missing://shop:{password}@host/shop", "a URL of SQLAlchemy such as"),
        ("redis://:{password}@host:port", "the URL of Redis cannot be read"),
        ("sqlite://", "SQLite needs a file"),
    ],
)
def test_a_url_that_cannot_be_used_is_explained_without_its_password(
    run: Run, url: str, said: str
) -> None:
    done = run("deliveries", "--store", url.format(password=PASSWORD))
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.split())
    assert PASSWORD not in done.err


@pytest.mark.parametrize(
    ("url", "package", "said"),
    [
        ("postgresql+psycopg://host/shop", "sqlalchemy", "qpaykit[sqlalchemy]"),
        ("postgresql+psycopg://host/shop", "psycopg", "driver psycopg is missing"),
        ("redis://host", "redis", "qpaykit[redis]"),
    ],
)
def test_a_missing_package_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str, package: str, said: str
) -> None:
    for name in [one for one in sys.modules if one.startswith("qpaykit.stores.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    done = run("deliveries", "--store", url)
    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize("url", ["redis://127.0.0.1:9", "postgresql+psycopg://a:b@127.0.0.1:9/c"])
def test_a_store_that_does_not_answer_is_told_from_one_that_is_wrong(run: Run, url: str) -> None:
    done = run("deliveries", "--store", url)
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("The store did not answer: ")
    assert "Store хариулсангүй: " in run("deliveries", "--store", url, "--lang", "mn").err


@pytest.mark.parametrize("command", [("order", "42"), ("deliveries",), ("sweep",)])
def test_a_command_that_needs_the_store_says_how_to_name_it(
    run: Run, shop: Shop, command: tuple[str, ...]
) -> None:
    done = run(*command)
    assert done.code == 2
    assert "give --store, or set QPAY_STORE" in " ".join(done.err.split())
    assert not shop.simulator.requests
