"""A shop's terminal: gives the commands of a page in their order, and writes down what comes.

What differs from run to run is brought into the page's own form: ids, ports, dates and times.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread, main_thread
from urllib.parse import urlsplit

from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient, SQLiteStore
from qpaykit._local_time import ULAANBAATAR
from qpaykit.cli.app import run
from qpaykit.simulator import Simulator

# How the page writes what differs: an order's invoice and payment.
INVOICES = {
    "1001": "586748f0-a0b4-4cd3-a7d7-b1d1a419caaf",
    "1002": "e30dc858-279f-4069-858c-31dd926bac1a",
    "1003": "9bf87ca2-5b52-4a46-90bc-86c598398ad4",
}
PAYMENTS = {
    "1001": "019276866891878",
    "1002": "5a0d7a64-1c0f-4b3a-9a51-0c5f2f0a8f11",
    "1003": "060479587800928",
}
SHOP = "http://127.0.0.1:8000/qpay/callback"
SERVER = "http://127.0.0.1:8899"
_DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
_SAME = (
    (_DATE, "2026-11-28"),
    (re.compile(r"\b\d\d-\d\d \d\d:\d\d\b"), "11-28 10:15"),
    (re.compile(r"(?<!\d)\d\d:\d\d:\d\d(\.\d+)?"), "10:15:00"),
    # The demo's own server and invoice.
    (re.compile(r"http://127\.0\.0\.1:\d+/v2"), "http://127.0.0.1:8899/v2"),
    (re.compile(r"[0-9a-f-]{36}, 1,500.00 MNT"), "1,500.00 MNT"),
    (re.compile(r"\b\d+ ms\b"), "5 ms"),
    (re.compile(r"[+-]\d (?=s from|секунд)"), "+0 "),
    (re.compile(r"[ -]+"), " "),
    (re.compile(r"\s+$", re.MULTILINE), ""),
)


def same(text: str) -> str:
    """Return a text without what differs from run to run, and without its columns' widths."""
    for pattern, replacement in _SAME:
        text = pattern.sub(replacement, text)
    return text


class Keyboard(io.StringIO):
    """A person who answers yes."""

    def isatty(self) -> bool:
        return True


class Terminal:
    """The terminal, in a folder of its own.

    Args:
        simulator: The QPay of the shop, which was paid three orders, and delivered two.
        real: The real text of each that the page writes in its own way.
    """

    def __init__(self, simulator: Simulator, real: dict[str, str]) -> None:
        self._simulator = simulator
        self._real = real

    @property
    def settings(self) -> dict[str, str]:
        """The shop's variables."""
        credentials = self._simulator.credentials
        return {f"QPAY_{name.upper()}": str(value) for name, value in credentials.items()}

    def give(self, command: str) -> str:
        """Run a command of `qpaykit`; return all that it writes, as the page would."""
        for written, real in self._real.items():
            command = command.replace(written, real)
        command = _DATE.sub(datetime.now(ULAANBAATAR).date().isoformat(), command)
        arguments = shlex.split(command)[1:]
        shown = self._simulate() if arguments == ["simulate"] else self._run(arguments)
        for written, real in self._real.items():
            shown = shown.replace(real, written)
        return shown

    def _run(self, arguments: list[str]) -> str:
        screen = io.StringIO()
        stdin, sys.stdin = sys.stdin, Keyboard("y\n")
        try:
            with (
                contextlib.redirect_stdout(screen),
                contextlib.redirect_stderr(screen),
                contextlib.suppress(SystemExit),
            ):
                run(arguments)
        finally:
            sys.stdin = stdin
        # A terminal also shows what is typed.
        return screen.getvalue().replace("[y/N] ", "[y/N] y\n")

    def _simulate(self) -> str:
        """Start a simulator, have one invoice made and paid, and press Ctrl-C."""
        screen = io.StringIO()
        visitor = Thread(target=_pay_one_invoice, args=(screen,))
        shop = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith("QPAY_")}
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            visitor.start()
            with contextlib.redirect_stdout(screen), contextlib.suppress(SystemExit):
                run(["simulate", "--port", "0", "--pay-after", "1"])
        finally:
            signal.signal(signal.SIGINT, handler)
            os.environ.update(shop)
            visitor.join()
        shown = re.sub(r"\b\d{15}\b", PAYMENTS["1001"], screen.getvalue())
        return re.sub(r"http://127\.0\.0\.1:\d{4,}", SERVER, shown)


def _pay_one_invoice(screen: io.StringIO) -> None:
    """Be the shop and its buyer at the simulator whose screen this is, then press Ctrl-C."""
    try:
        _wait_for("BASE_URL=.+\n", screen)
        settings = re.findall(r"export QPAY_(?!QUICKQR)(\w+)=(\S+)", screen.getvalue())
        with QPayClient(**{name.lower(): value for name, value in settings}) as client:
            client.invoices.create(amount=1500, sender_invoice_no="1001", invoice_description="Tea")
        _wait_for("\ncallback .+\n", screen)
    finally:
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)


def _wait_for(pattern: str, screen: io.StringIO) -> None:
    deadline = time.monotonic() + 30
    while not re.search(pattern, screen.getvalue()):
        assert time.monotonic() < deadline, screen.getvalue()
        time.sleep(0.02)


@contextlib.contextmanager
def opened() -> Iterator[Terminal]:
    """Open a terminal in the present folder; the variables are the shop's."""
    path = Path("shop.db").absolute()
    with (
        Simulator() as simulator,
        QPayClient(**simulator.credentials, store=SQLiteStore(path)) as client,
        ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server,
    ):
        dispatcher = CallbackDispatcher(client, patience=0)

        @dispatcher.on_paid
        def deliver(event: PaymentEvent) -> None:
            pass

        real = {SERVER: simulator.page_root}
        real[SHOP] = SHOP.replace("8000", str(server.server_port))
        for order, description, amount, method, is_delivered in (
            ("1001", "Сүүтэй цай", 1500, "P2P", True),
            ("1002", "Бууз", 20_000, "CARD", True),
            ("1003", "Хуушуур", 4500, "P2P", False),
        ):
            invoice = client.invoices.create(
                amount=amount,
                sender_invoice_no=order,
                invoice_description=description,
                callback_url="https://shop.mn/qpay/callback",
            )
            payment = simulator.pay(invoice.invoice_id, method=method, callbacks=0)
            if is_delivered:
                dispatcher.handle(query=simulator.callback_query(payment))
            real[PAYMENTS[order]] = payment
            real[INVOICES[order]] = invoice.invoice_id
        _serve(server, dispatcher)
        try:
            yield Terminal(simulator, real)
        finally:
            server.shutdown()


def _serve(server: ThreadingHTTPServer, dispatcher: CallbackDispatcher) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = dispatcher.handle(query=urlsplit(self.path).query)
            self.send_response(reply.status_code)
            self.end_headers()
            self.wfile.write(reply.body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server.RequestHandlerClass = Page
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
