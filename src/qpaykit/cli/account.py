"""The account and the store of a command, and the store's records of invoices."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qpaykit._invoice_record import InvoiceRecord, record_key
from qpaykit._order_record import OrderRecord, order_key
from qpaykit.callbacks.keys import DeliveryKeys
from qpaykit.cli.exits import CommandError, ExitCode
from qpaykit.client import QPayClient
from qpaykit.errors import NotFoundError
from qpaykit.stores import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from qpaykit.stores import Delivery, Store

_REDIS_SCHEMES = ("redis", "rediss", "unix")

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="QPAY_STORE",
        metavar="FILE|URL",
        help="The shop's store: a SQLite file, a redis:// URL, or a URL of SQLAlchemy. With it the "
        "shop's login is shared; without it the command logs in anew, which ends the shop's token.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write the result as JSON, for programs.")]


def needed(store: str | None) -> str:
    """Return `--store` of a command that needs it.

    Args:
        store: What was given.

    Raises:
        CommandError: Nothing was given.
    """
    if store is None:
        raise CommandError(
            ExitCode.USAGE,
            "Only the shop's store knows what was delivered: give --store, or set QPAY_STORE.",
        )
    return store


@contextmanager
def opened_store(place: str | None) -> Iterator[Store | None]:
    """Open a store for the length of a command.

    Args:
        place: A path or a URL; None for no store.

    Raises:
        CommandError: There is no store, or its URL cannot be read.
        ConfigurationError: It cannot be used as a store.
        ImportError: The extra `redis` is missing.
    """
    if place is None:
        yield None
        return
    with ExitStack() as opened:
        yield _open_store(place, opened)


def _open_store(place: str, opened: ExitStack) -> Store:
    place = place.strip()
    scheme, separator, _ = place.partition("://")
    if not separator:
        path = Path(place).expanduser()
        if not _is_sqlite_store(path):
            # SQLiteStore would make an empty one, in which nothing is delivered yet.
            raise CommandError(ExitCode.USAGE, "There is no store at {place}.", place=place)
        return opened.enter_context(closing(SQLiteStore(path)))
    if scheme in _REDIS_SCHEMES:
        from qpaykit.stores import RedisStore

        return opened.enter_context(closing(RedisStore(place)))
    return _open_database(place, opened)


def _is_sqlite_store(path: Path) -> bool:
    if not path.is_file():
        return False
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        try:
            found = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'qpaykit_claims'"
            ).fetchone()
        except sqlite3.DatabaseError:
            return True  # SQLiteStore says what is wrong with it
    return found is not None


def _open_database(url: str, opened: ExitStack) -> Store:
    engine = _engine(url)
    opened.callback(engine.dispose)
    from sqlalchemy import inspect

    from qpaykit.stores import SQLAlchemyStore
    from qpaykit.stores.sqlalchemy_tables import metadata

    store = SQLAlchemyStore(engine)
    is_sqlite = engine.dialect.name == "sqlite"
    # SQLite would make an empty file.
    if not (is_sqlite and not Path(engine.url.database or "").is_file()):
        inspector = inspect(engine)
        if all(inspector.has_table(name) for name in metadata.tables):
            return store
    raise CommandError(
        ExitCode.USAGE,
        "There is no store at {place}: it does not have the tables {tables}.",
        place=engine.url,
        tables=", ".join(metadata.tables),
    )


def _engine(url: str) -> Engine:
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise CommandError(
            ExitCode.USAGE,
            'A store in this database needs SQLAlchemy: pip install "qpaykit[sqlalchemy]"',
        ) from None
    try:
        engine = create_engine(url)
    except ModuleNotFoundError as error:
        raise CommandError(
            ExitCode.USAGE,
            "The database's driver {module} is missing: install it.",
            module=error.name,
        ) from None
    except (ArgumentError, ValueError):
        # SQLAlchemy's own words may quote the password.
        raise CommandError(
            ExitCode.USAGE,
            "The store's URL cannot be read: write the path of a SQLite file, "
            "redis://host:6379/0, or a URL of SQLAlchemy such as "
            "postgresql+psycopg://user:password@host/shop.",
        ) from None
    if engine.dialect.is_async:
        raise CommandError(
            ExitCode.USAGE,
            "{driver} is a driver for asyncio: name another one for the commands, such as "
            "postgresql+psycopg:// or sqlite://.",
            driver=engine.driver,
        )
    return engine


class Account:
    """A merchant's client, and the records in its store.

    Args:
        client: The client; its settings come from the `QPAY_*` variables.
        has_store: Whether the client's store is the shop's own.
    """

    def __init__(self, client: QPayClient, *, has_store: bool) -> None:
        self.client: QPayClient = client
        self.has_store: bool = has_store

    def record(self, invoice_id: str) -> InvoiceRecord | None:
        """Return the store's record of an invoice.

        Args:
            invoice_id: QPay's id of the invoice.
        """
        if not self.has_store or not invoice_id:
            return None
        account = self.client.settings.account
        return InvoiceRecord.from_json(self.client.store.get(record_key(account, invoice_id)))

    def record_or_ask(self, invoice_id: str) -> InvoiceRecord | None:
        """Return the store's record of an invoice, else one made from QPay's answer.

        Args:
            invoice_id: QPay's id of the invoice.

        Raises:
            QPayError: QPay could not be asked.
        """
        record = self.record(invoice_id)
        if record is None and invoice_id:
            try:
                record = InvoiceRecord.of_detail(self.client.invoices.get(invoice_id))
            except NotFoundError:
                return None
        return record

    def invoices_of(self, order_no: str) -> list[str]:
        """Return the invoices of an order from the store, each once; none without a store.

        Args:
            order_no: The order's number.
        """
        if not self.has_store:
            return []
        text = self.client.store.get(order_key(self.client.settings.account, order_no))
        order = OrderRecord.from_json(text)
        opened = [one.invoice_id for one in order.invoices] if order else []
        paid = [one.invoice_id for one in self.deliveries_of(order_no=order_no)]
        return [one for one in dict.fromkeys((*opened, *paid)) if one]

    def deliveries_of(self, *, order_no: str = "", payment_id: str = "") -> list[Delivery]:
        """Return the deliveries of an order or of a payment; none without a store.

        Args:
            order_no: The order's number.
            payment_id: QPay's id of a payment.
        """
        if not self.has_store:
            return []
        keys = DeliveryKeys(self.client.settings.account)
        return [
            one
            for one in self.client.store.deliveries()
            if keys.has(one.key)
            and (
                (order_no and one.order_no == order_no)
                or (payment_id and payment_id in (one.payment_id, *one.payments))
            )
        ]


@contextmanager
def opened_account(place: str | None) -> Iterator[Account]:
    """Open a client of the account that the `QPAY_*` variables name.

    Args:
        place: Where the shop's store is; None for none.

    Raises:
        CommandError: There is no such file.
        ConfigurationError: A setting is missing or invalid.
    """
    with opened_store(place) as store, QPayClient(store=store) as client:
        yield Account(client, has_store=store is not None)
