"""`qpaykit demo`: one payment from invoice to refund, with a simulated QPay."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import segno

from qpaykit.callbacks import CallbackDispatcher, PaymentEvent
from qpaykit.client import QPayClient
from qpaykit.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

ORDER = "42"
AMOUNT = 1500


class Shop:
    """A shop of one page: the callback URL, wired to a dispatcher."""

    def __init__(self, client: QPayClient, console: Console) -> None:
        self.delivered: list[PaymentEvent] = []
        self.refunded: list[PaymentEvent] = []
        self.dispatcher: CallbackDispatcher = CallbackDispatcher(client)
        self._console = console

        @self.dispatcher.on_paid
        def deliver(event: PaymentEvent) -> None:
            self.delivered.append(event)
            console.print(
                f"  shop      order {event.params['order']} is paid ({event.amount} MNT): "
                "[bold green]delivered[/]"
            )

        @self.dispatcher.on_refunded
        def take_back(event: PaymentEvent) -> None:
            self.refunded.append(event)
            console.print(f"  shop      order {event.params['order']} was refunded: taken back")

    def answer(self, target: str) -> tuple[int, bytes]:
        """Take one request of QPay's."""
        reply = self.dispatcher.handle(query=target)
        self._console.print(
            f"  shop      callback -> {reply.outcome}, answered {reply.status_code} {reply.body}"
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


def run_demo(console: Console) -> bool:
    """Play one payment; return whether it ended with a delivered and refunded order."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    callback_url = f"http://127.0.0.1:{server.server_port}/callback?order={ORDER}"
    with server, Simulator() as simulator:
        credentials = simulator.credentials
        credentials["callback_url"] = callback_url
        with QPayClient(**credentials) as client:
            shop = Shop(client, console)
            with serve(shop, server):
                _play(console, simulator, client)
            console.print(
                "\n[bold green]Delivered, receipted and refunded.[/]"
                if shop.delivered and shop.refunded
                else "\n[bold red]The order was not delivered.[/]"
            )
            return len(shop.delivered) == 1 and len(shop.refunded) == 1


def _play(console: Console, simulator: Simulator, client: QPayClient) -> None:
    console.print(f"\nQPay is simulated at {simulator.base_url}\n", highlight=False)
    client.tokens.get()
    console.print("  token     one login; it serves every later call")
    invoice = client.invoices.create(
        amount=AMOUNT, sender_invoice_no=ORDER, invoice_description="Цай / Tea"
    )
    console.print(f"  invoice   {invoice.invoice_id}, {AMOUNT} MNT, {len(invoice.urls)} bank links")
    console.print("  QR\n")
    console.print(
        _qr_picture(invoice.qr_text or "", console.encoding),
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    console.print("\n  check     paid:", client.payments.check(invoice.invoice_id).is_paid(AMOUNT))
    console.print("  buyer     pays by card ...")
    payment_id = simulator.pay(invoice.invoice_id, method="CARD", callbacks=2)
    check = client.payments.check(invoice.invoice_id)
    console.print(f"  check     paid: {check.is_paid(AMOUNT)}, {check.paid_amount} MNT")
    receipt = client.ebarimt.create(payment_id, receiver_type="CITIZEN")
    console.print(f"  e-barimt  lottery {receipt.ebarimt_lottery}, VAT {receipt.vat_amount} MNT")
    client.payments.refund(payment_id, note="the tea was cold")
    console.print(f"  refund    payment is {client.payments.get(payment_id).payment_status}")
    simulator.send_callback(payment_id)


def _qr_picture(content: str, encoding: str) -> str:
    """Draw a QR code of block characters, or say that the terminal's encoding has none."""
    picture = io.StringIO()
    segno.make(content).terminal(out=picture, compact=True, border=2)
    drawn = picture.getvalue()
    try:
        drawn.encode(encoding)
    except UnicodeEncodeError:
        return f"  (not shown: {encoding} has no block characters; PYTHONIOENCODING=utf-8 shows it)"
    return drawn
