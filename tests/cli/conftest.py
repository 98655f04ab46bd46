"""A shop on the simulator, and the command run in this process, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient, SQLiteStore
from qpaykit.simulator import Simulator


@dataclass(frozen=True)
class Done:
    """What a command did.

    Attributes:
        code: Its exit code.
        out: What it wrote to stdout.
        err: What it wrote to stderr.
    """

    code: int
    out: str
    err: str

    def json(self) -> object:
        content: object = json.loads(self.out)
        return content


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in a terminal of 80 columns."""
    monkeypatch.setattr("qpaykit._http.retry.FIRST_DELAY_SECONDS", 0.001)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "QPAY_STORE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> Done:
        from qpaykit.cli.app import run as run_line

        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run_line(arguments)
        assert isinstance(ended.value.code, int)
        out, err = capsys.readouterr()
        return Done(ended.value.code, out, err)

    return run


@dataclass
class Shop:
    """A shop with a store of its own.

    Attributes:
        store: Where its store is.
        delivered: What its handler was called with.
    """

    simulator: Simulator
    client: QPayClient
    dispatcher: CallbackDispatcher
    store: str
    delivered: list[PaymentEvent]

    def sell(
        self, order: str, amount: int, *, method: str = "P2P", deliver: bool = True, lines: str = ""
    ) -> tuple[str, str]:
        """Have an order made, paid and, unless it is not to be, delivered."""
        invoice = self.client.invoices.create(
            amount=amount, sender_invoice_no=order, invoice_description=lines or "Цай"
        )
        payment = self.simulator.pay(invoice.invoice_id, method=method, callbacks=0)
        if deliver:
            query = self.simulator.callback_query(payment)
            assert self.dispatcher.handle(query=query).outcome == "delivered"
        return invoice.invoice_id, payment


@pytest.fixture
def shop(
    qpay_simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Shop]:
    """A shop whose settings are in the environment, as the command finds them."""
    for name, value in qpay_simulator.credentials.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
    path = tmp_path / "shop.db"
    with QPayClient(store=SQLiteStore(path)) as client:
        dispatcher = CallbackDispatcher(client, patience=0)
        shop = Shop(qpay_simulator, client, dispatcher, str(path), [])
        dispatcher.on_paid(shop.delivered.append)
        yield shop
