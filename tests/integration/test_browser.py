"""The simulator's page in a real browser: an invoice is paid by click, and the shop answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver.common.by import By

from helpers.browser import chromium, clicks, sees, waiting
from helpers.clients import over_one_client
from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient
from qpaykit.simulator import Simulator

pytestmark = [over_one_client, pytest.mark.slow]


@pytest.fixture
def shop(qpay_client: QPayClient) -> Iterator[tuple[str, list[PaymentEvent]]]:
    delivered: list[PaymentEvent] = []
    dispatcher = CallbackDispatcher(qpay_client)
    dispatcher.on_paid(delivered.append)

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = dispatcher.handle(query=self.path)
            self.send_response(reply.status_code)
            self.end_headers()
            self.wfile.write(reply.body.encode())

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/callback", delivered
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("language", "is_open", "is_paid", "is_refunded"),
    [
        ("en", "open", "paid", "refunded"),
        ("mn", "нээлттэй", "төлөгдсөн", "буцаагдсан"),
    ],
)
def test_an_invoice_is_paid_by_click_and_the_shop_delivers(
    language: str,
    is_open: str,
    is_paid: str,
    is_refunded: str,
    qpay_simulator: Simulator,
    qpay_client: QPayClient,
    shop: tuple[str, list[PaymentEvent]],
) -> None:
    url, delivered = shop
    invoice = qpay_client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea", callback_url=url
    )
    with chromium() as browser:
        browser.get(f"{qpay_simulator.page_root}/?lang={language}")
        clicks(browser, f'a[href*="{invoice.invoice_id}"]')
        sees(browser, is_open)
        clicks(browser, "[data-action=pay]")
        sees(browser, "SUCCESS")
        sees(browser, is_paid, "dd .CLOSED")
        assert len(delivered) == 1
        # What happens elsewhere is seen without a click.
        qpay_simulator.send_callback(str(delivered[0].payment.payment_id))
        waiting(browser).until(
            lambda page: len(page.find_elements(By.CSS_SELECTOR, "td.good")) == 2
        )
        clicks(browser, "[data-action=refund]")
        sees(browser, is_refunded)
    assert invoice.qpay_short_url == f"{qpay_simulator.page_root}/invoices/{invoice.invoice_id}"


def test_nothing_is_wider_than_a_phone(qpay_simulator: Simulator, qpay_client: QPayClient) -> None:
    invoice = qpay_client.invoices.create(
        amount=1500, sender_invoice_no="4" * 45, invoice_description="x" * 200
    )
    qpay_simulator.pay(invoice.invoice_id)
    with chromium(width=390, height=800) as browser:
        for path in ("/", f"/invoices/{invoice.invoice_id}?lang=mn", "/requests", "/faults"):
            browser.get(qpay_simulator.page_root + path)
            width = browser.execute_script("return document.documentElement.scrollWidth")
            assert width <= 390, path


@pytest.mark.parametrize(
    ("language", "paid", "refunded", "added"),
    [
        ("en", "paid", "refunded", "does the work and resets the connection"),
        ("mn", "төлөгдсөн", "буцаагдсан", "хүсэлтийг гүйцэтгээд холболтыг таслана"),
    ],
)
def test_the_page_is_used_in_both_languages(
    qpay_simulator: Simulator,
    qpay_client: QPayClient,
    language: str,
    paid: str,
    refunded: str,
    added: str,
) -> None:
    invoice = qpay_client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    )
    with chromium() as browser:
        browser.get(f"{qpay_simulator.page_root}/invoices/{invoice.invoice_id}?lang={language}")
        clicks(browser, "[data-action=pay_card]")
        sees(browser, paid, "dd .CLOSED")
        waiting(browser).until(
            lambda page: page.find_elements(By.CSS_SELECTOR, "[data-action=pay]:disabled")
        )
        clicks(browser, "[data-action=pay_again]")
        waiting(browser).until(
            lambda page: len(page.find_elements(By.CSS_SELECTOR, "[data-action=refund]")) == 2
        )
        clicks(browser, "[data-action=refund]")
        clicks(browser, "[data-action=refund]")
        sees(browser, refunded, "dd .REFUNDED")
        browser.get(f"{qpay_simulator.page_root}/faults?lang={language}")
        clicks(browser, "option[value=reset-after]")
        clicks(browser, "[data-action=add_fault]")
        sees(browser, added, "table")
        clicks(browser, "[data-action=clear_faults]")
        waiting(browser).until(lambda page: not page.find_elements(By.CSS_SELECTOR, "table"))
    assert list(qpay_simulator.faults) == []
