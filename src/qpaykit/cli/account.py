"""The account and the store that a command works with, and what the store knows of invoices."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qpaykit._invoice_record import InvoiceRecord, record_key
from qpaykit._order_record import OrderRecord, order_key
from qpaykit.cli.exits import CommandError, ExitCode
from qpaykit.client import QPayClient
from qpaykit.errors import NotFoundError
from qpaykit.stores import RedisStore, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qpaykit.stores import Delivery

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="QPAY_STORE",
        metavar="FILE|URL",
        help="The shop's store: a SQLite file, or a redis:// URL. With it the shop's login is "
        "shared; without it the command logs in anew, which ends the shop's token.",
    ),
]
NeededStore = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="QPAY_STORE",
        metavar="FILE|URL",
        help="The shop's store: a SQLite file, or a redis:// URL.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write the result as JSON, for programs.")]


@contextmanager
def opened_store(place: str | None) -> Iterator[SQLiteStore | RedisStore | None]:
    """Open a store for the length of a command.

    Args:
        place: A path or a URL; None for no store.

    Raises:
        CommandError: There is no such file.
        ConfigurationError: It cannot be used as a store.
    """
    if place is None:
        yield None
        return
    store: SQLiteStore | RedisStore
    if "://" in place:
        store = RedisStore(place)
    elif Path(place).is_file():
        store = SQLiteStore(place)
    else:
        # SQLite would make an empty one, in which nothing is delivered yet.
        raise CommandError(ExitCode.USAGE, "There is no store at {place}.", place=place)
    try:
        yield store
    finally:
        store.close()


class Account:
    """A merchant's client, and what its store remembers.

    Args:
        client: The client; its settings come from the `QPAY_*` variables.
        has_store: Whether the client's store is the shop's own.
    """

    def __init__(self, client: QPayClient, *, has_store: bool) -> None:
        self.client: QPayClient = client
        self.has_store: bool = has_store

    def record(self, invoice_id: str) -> InvoiceRecord | None:
        """Return what the store remembers of an invoice.

        Args:
            invoice_id: QPay's id of the invoice.
        """
        if not self.has_store or not invoice_id:
            return None
        account = self.client.settings.account
        return InvoiceRecord.from_json(self.client.store.get(record_key(account, invoice_id)))

    def record_or_ask(self, invoice_id: str) -> InvoiceRecord | None:
        """Return what the store remembers of an invoice, else what QPay shows of it.

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
        """Return the invoices of an order that the store knows, each once; none without a store.

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
        """Return what was delivered of an order, or of a payment; nothing without a store.

        Args:
            order_no: The order's number.
            payment_id: QPay's id of a payment.
        """
        if not self.has_store:
            return []
        prefix = f"delivered:{self.client.settings.account}:"
        return [
            one
            for one in self.client.store.deliveries()
            if one.key.startswith(prefix)
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
        ConfigurationError: A setting is missing or cannot be right.
    """
    with opened_store(place) as store, QPayClient(store=store) as client:
        yield Account(client, has_store=store is not None)
