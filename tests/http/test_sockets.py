"""Real sockets that fail: each library's exception becomes the right error, on both faces."""

from __future__ import annotations

import gc
import socket
import time
import warnings
from typing import TYPE_CHECKING

import pytest

from helpers.scripted_server import Answer, plain
from helpers.settings import SETTINGS
from qpaykit import OutcomeUnknownError, TransportError, TransportTimeout

if TYPE_CHECKING:
    from helpers.clients import Opener
    from helpers.scripted_server import ScriptedServer
    from helpers.settings import Settings
    from qpaykit import QPayClient

# Long enough for what is said at once, and short for what is not.
TIMEOUTS = {TransportError: 5.0, TransportTimeout: 0.2}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"
FAULTS = {
    "closed before the headers": (Answer(0, (), "close"), TransportError),
    "reset before the headers": (Answer(0, (), "reset"), TransportError),
    "closed in the headers": (Answer(0, (HEAD[:-2],), "close"), TransportError),
    "reset in the body": (Answer(200, (HEAD, b'{"invoice'), "reset"), TransportError),
    "closed in the body": (Answer(200, (HEAD, b'{"invoice'), "close"), TransportError),
    "no HTTP": (Answer(0, (b"SSH-2.0-server\r\n",), "close"), TransportError),
    "silence": (Answer(0, (), "silent"), TransportTimeout),
    "silence in the body": (Answer(200, (HEAD, b'{"invoice'), "silent"), TransportTimeout),
    "a body that trickles": (Answer(200, (HEAD, *[b" "] * 99), "keep", 0.05), TransportTimeout),
}
faults = pytest.mark.parametrize(("answer", "kind"), FAULTS.values(), ids=FAULTS)


def make_invoice(client: QPayClient) -> object:
    return client.invoices.create(amount=100, sender_invoice_no="42", invoice_description="Tea")


@faults
def test_an_answer_that_does_not_arrive_is_a_transport_error(
    scripted: ScriptedServer,
    server_settings: Settings,
    new_client: Opener,
    answer: Answer,
    kind: type[TransportError],
) -> None:
    scripted.play([answer])
    client = new_client(**server_settings)
    client.tokens.get()
    started = time.monotonic()
    with pytest.raises(TransportError) as caught:
        client.with_options(timeout=TIMEOUTS[kind], max_retries=0).invoices.get("i-1")
    assert time.monotonic() - started < TIMEOUTS[kind] + 0.8
    assert type(caught.value) is kind
    assert caught.value.sent
    assert (caught.value.method, caught.value.path) == ("GET", "/invoice/i-1")


@faults
def test_an_invoice_whose_answer_does_not_arrive_is_sent_once(
    scripted: ScriptedServer,
    server_settings: Settings,
    new_client: Opener,
    answer: Answer,
    kind: type[TransportError],
) -> None:
    scripted.play([answer, plain(200, {"invoice_id": "i-1"})])
    client = new_client(**server_settings)
    client.tokens.get()
    with pytest.raises(OutcomeUnknownError) as caught:
        make_invoice(client.with_options(timeout=TIMEOUTS[kind]))
    assert type(caught.value.__cause__) is kind
    assert [one.path for one in scripted.arrivals] == ["/auth/token", "/invoice"]


def test_a_connection_that_is_refused_sent_nothing(new_client: Opener) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        server_settings = SETTINGS.copy()
        server_settings["base_url"] = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(TransportError) as caught:
            make_invoice(new_client(**server_settings, max_retries=1))
    assert type(caught.value) is TransportError
    assert not caught.value.sent


def test_after_each_of_them_the_client_is_as_good_as_new(
    scripted: ScriptedServer, server_settings: Settings, new_client: Opener
) -> None:
    client = new_client(**server_settings, timeout=5, max_retries=0)
    good = plain(200, {"invoice_id": "i-1"})
    for answer, kind in FAULTS.values():
        if kind is TransportTimeout:
            continue
        scripted.play([good, answer, good])
        assert client.with_options(max_retries=1).invoices.get("i-1").invoice_id == "i-1"
        with pytest.raises(TransportError):
            client.invoices.get("i-1")
        assert client.invoices.get("i-1").invoice_id == "i-1"


@pytest.mark.parametrize("new_client", ["asyncio-httpx", "trio-httpx"], indirect=True)
def test_an_answer_that_is_given_up_leaves_nothing_to_the_garbage_collector(
    scripted: ScriptedServer, server_settings: Settings, new_client: Opener
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 99\r\n\r\n"
    scripted.play([Answer(200, (head, b"no gzip at all"), "silent")])
    client = new_client(**server_settings)
    client.tokens.get()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(TransportError, match="compression is broken"):
            client.with_options(max_retries=0).invoices.get("i-1")
        gc.collect()
    assert [str(one.message) for one in caught if one.category is ResourceWarning] == []
