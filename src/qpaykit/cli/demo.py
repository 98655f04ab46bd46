"""`qpaykit demo`: one payment from invoice to refund, with a simulated QPay."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import segno

from qpaykit.callbacks import CallbackDispatcher, PaymentEvent
from qpaykit.cli.language import is_encodable
from qpaykit.cli.terminal import money
from qpaykit.client import QPayClient
from qpaykit.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qpaykit.cli.terminal import Terminal

ORDER = "42"
AMOUNT = 1500


class Shop:
    """A shop that has only a callback URL, answered by a dispatcher."""

    def __init__(self, client: QPayClient, terminal: Terminal) -> None:
        self.delivered: list[PaymentEvent] = []
        self.refunded: list[PaymentEvent] = []
        self.dispatcher: CallbackDispatcher = CallbackDispatcher(client)
        self._terminal = terminal

        @self.dispatcher.on_paid
        def deliver(event: PaymentEvent) -> None:
            self.delivered.append(event)
            terminal.say(
                "  shop      order {order} is paid ({amount} MNT): delivered",
                style="bold green",
                order=event.params["order"],
                amount=money(event.amount),
            )

        @self.dispatcher.on_refunded
        def undo(event: PaymentEvent) -> None:
            self.refunded.append(event)
            terminal.say(
                "  shop      order {order} was refunded: taken back", order=event.params["order"]
            )

    def answer(self, target: str) -> tuple[int, bytes]:
        """Answer one callback."""
        reply = self.dispatcher.handle(query=target)
        self._terminal.say(
            "  shop      callback -> {outcome}, answered {status} {body}",
            outcome=reply.outcome,
            status=reply.status_code,
            body=reply.body,
        )
        return reply.status_code, reply.body.encode()


@contextmanager
def serve(shop: Shop, server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve the shop's callback URL on loopback while the block runs."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = shop.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server.RequestHandlerClass = Page
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def run_demo(terminal: Terminal) -> bool:
    """Run one payment; return whether the order was delivered and refunded."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    callback_url = f"http://127.0.0.1:{server.server_port}/callback?order={ORDER}"
    with server, Simulator() as simulator:
        credentials = simulator.credentials
        credentials["callback_url"] = callback_url
        with QPayClient(**credentials) as client:
            shop = Shop(client, terminal)
            with serve(shop, server):
                _run_payment(terminal, simulator, client)
            terminal.line("")
            if shop.delivered and shop.refunded:
                terminal.say("Delivered, receipted and refunded.", style="bold green")
            else:
                terminal.say("The order was not delivered.", style="bold red")
            return len(shop.delivered) == 1 and len(shop.refunded) == 1


def _run_payment(terminal: Terminal, simulator: Simulator, client: QPayClient) -> None:
    terminal.line("")
    terminal.say("QPay is simulated at {url}", url=simulator.base_url)
    terminal.line("")
    client.tokens.get()
    terminal.say("  token     one login; it serves every later call")
    invoice = client.invoices.create(
        amount=AMOUNT, sender_invoice_no=ORDER, invoice_description="Цай / Tea"
    )
    terminal.say(
        "  invoice   {invoice}, {amount} MNT, {count} bank links",
        invoice=invoice.invoice_id,
        amount=money(Decimal(AMOUNT)),
        count=len(invoice.urls),
    )
    _show_qr(terminal, invoice.qr_text)
    is_paid = client.payments.check(invoice.invoice_id).is_paid(AMOUNT)
    terminal.say("  check     paid: {paid}", paid=_yes_or_no(terminal, is_paid))
    terminal.say("  buyer     pays by card ...")
    payment_id = simulator.pay(invoice.invoice_id, method="CARD", callbacks=2)
    check = client.payments.check(invoice.invoice_id)
    terminal.say(
        "  check     paid: {paid}, {amount} MNT",
        paid=_yes_or_no(terminal, check.is_paid(AMOUNT)),
        amount=money(check.paid_amount),
    )
    receipt = client.ebarimt.create(payment_id, receiver_type="CITIZEN")
    terminal.say(
        "  e-barimt  lottery {lottery}, VAT {vat} MNT",
        lottery=receipt.ebarimt_lottery,
        vat=money(receipt.vat_amount or Decimal(0)),
    )
    client.payments.refund(payment_id, note="the tea was cold")
    terminal.say(
        "  refund    the payment is {status}",
        status=terminal.word(str(client.payments.get(payment_id).payment_status)),
    )
    simulator.send_callback(payment_id)


def _yes_or_no(terminal: Terminal, value: bool) -> str:
    return terminal.t("yes" if value else "no")


def _show_qr(terminal: Terminal, content: str) -> None:
    """Draw a QR code of block characters, or say that the terminal's encoding has none."""
    picture = io.StringIO()
    segno.make(content).terminal(out=picture, compact=True, border=2)
    drawn = picture.getvalue()
    if not is_encodable(drawn, terminal.out.encoding):
        terminal.say(
            "  QR        not shown: {encoding} has no block characters; PYTHONIOENCODING=utf-8 "
            "shows it",
            encoding=terminal.out.encoding,
        )
        return
    terminal.say("  QR")
    terminal.line("")
    terminal.line(drawn)
    terminal.line("")
