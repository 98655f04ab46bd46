"""`qpaykit callback`: what shops answer, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

from cli.shop import Run, Shop

ShopResponse = tuple[int, str]


@contextmanager
def listening(answer: Callable[[str], ShopResponse]) -> Iterator[str]:
    """Serve a shop's callback URL; yield its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path)
            self.send_response(status)
            if status == 301:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            # A client that was too impatient has gone.
            with suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        # Its end waits for the answers, which would write to the stderr of a later test.
        daemon_threads = False

    with Server(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/callback"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def good_shop(shop: Shop) -> Iterator[str]:
    def answer(path: str) -> ShopResponse:
        reply = shop.dispatcher.handle(query=urlsplit(path).query)
        return reply.status_code, reply.body

    with listening(answer) as url:
        yield url


def test_a_shop_with_a_dispatcher_answers_a_probe_and_a_forged_callback_rightly(
    run: Run, good_shop: str
) -> None:
    done = run("callback", good_shop)
    assert done.code == 0
    assert "probe: right" in done.out
    assert "forged: right" in done.out
    assert "--payment" in done.err


def test_a_real_callback_delivers_what_was_not_delivered(
    run: Run, shop: Shop, good_shop: str
) -> None:
    _, payment = shop.sell("42", 1500, deliver=False)
    assert not shop.delivered
    done = run("callback", good_shop, "--payment", payment, "--store", shop.store)
    assert done.code == 0
    assert "real: right" in done.out
    assert [event.order_no for event in shop.delivered] == ["42"]


def test_a_real_callback_carries_the_invoices_own_query(run: Run, shop: Shop) -> None:
    invoice = shop.client.invoices.create(
        amount=1500,
        sender_invoice_no="42",
        invoice_description="Tea",
        callback_url="http://127.0.0.1:9/callback?order=42&c=%D0%A6",
    )
    payment = shop.simulator.pay(invoice.invoice_id, callbacks=0)
    asked: list[str] = []

    def answer(path: str) -> ShopResponse:
        asked.append(path)
        return 200, "SUCCESS"

    with listening(answer) as url:
        run("callback", url, "--payment", payment)
    assert asked[-1] == f"/callback?order=42&c=%D0%A6&qpay_payment_id={payment}"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, "SUCCESS"), "accepts a payment that does not exist"),
        ((200, "OK"), "The body must be SUCCESS"),
        ((301, ""), "A redirection"),
        ((404, "not found"), "QPay needs status 200"),
        ((500, "oops"), "The shop has an error"),
    ],
)
def test_a_wrong_answer_is_explained(run: Run, answer: ShopResponse, said: str) -> None:
    with listening(lambda _: answer) as url:
        done = run("callback", url)
        content = run("callback", url, "--json").json()
    assert done.code == 1
    assert said in done.out
    assert isinstance(content, list)
    assert [one["status_code"] for one in content] == [answer[0]] * 2
    assert not all(one["ok"] for one in content)


def test_a_shop_that_does_not_answer_is_reported(run: Run) -> None:
    done = run("callback", "http://127.0.0.1:9/callback")
    assert done.code == 1
    assert "QPay cannot reach the shop either" in done.out


def test_a_slow_shop_is_told_from_one_that_is_down(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpaykit.cli.callback._TIMEOUT_SECONDS", 0.1)
    has_gone = Event()

    def answer(path: str) -> ShopResponse:
        has_gone.wait(30)
        return 200, "SUCCESS"

    with listening(answer) as url:
        done = run("callback", url)
        has_gone.set()
    assert done.code == 1
    assert "too slow" in done.out
    assert "cannot reach" not in done.out


def test_what_is_no_url_is_refused(run: Run) -> None:
    done = run("callback", "shop.mn/callback")
    assert done.code == 2
    assert "https://shop.example/callback" in done.err
