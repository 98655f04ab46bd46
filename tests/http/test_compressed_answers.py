"""A compressed answer is bounded by what it decodes to, before it fills the memory."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib

import httpx
import pytest

from helpers.answers import token_body
from helpers.settings import SETTINGS
from qpaykit import OutcomeUnknownError, QPayClient, TransportError
from qpaykit._http.body import Body

INVOICE = json.dumps({"invoice_id": "i-1", "note": "Цай" * 1000}).encode()
MEGABYTE = 1024 * 1024


def client_of(body: bytes, coding: str) -> QPayClient:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/token"):
            return httpx.Response(200, json=token_body())
        stream = httpx.ByteStream(body)
        return httpx.Response(200, headers={"content-encoding": coding}, stream=stream)

    http_client = httpx.Client(transport=httpx.MockTransport(answer))
    return QPayClient(**SETTINGS, http_client=http_client, max_retries=0)


def raw_deflate(content: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return encoder.compress(content) + encoder.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(INVOICE)),
        ("GZIP", gzip.compress(INVOICE)),
        ("x-gzip", gzip.compress(INVOICE)),
        ("deflate", zlib.compress(INVOICE)),
        ("deflate", raw_deflate(INVOICE)),
        ("identity", INVOICE),
        ("", INVOICE),
    ],
    ids=["gzip", "in capitals", "x-gzip", "deflate", "raw deflate", "identity", "none"],
)
def test_an_answer_is_read_in_each_coding_that_was_asked_for(coding: str, body: bytes) -> None:
    assert client_of(body, coding).invoices.get("i-1").invoice_id == "i-1"


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,deflate", "br", "zstd", "gzip, identity"])
def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    bomb = gzip.compress(gzip.compress(bytes(MEGABYTE)))
    with pytest.raises(TransportError, match="not asked for"):
        client_of(bomb, coding).invoices.get("i-1")


def test_a_compression_that_ends_too_early_is_a_lost_answer() -> None:
    with pytest.raises(TransportError, match="ends too early"):
        client_of(gzip.compress(INVOICE)[:-12], "gzip").invoices.get("i-1")


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_deflate_without_its_header_is_read_however_it_arrives(pieces: int) -> None:
    content = raw_deflate(INVOICE)
    body = Body("deflate", lambda: 1.0)
    for number in range(pieces):
        body.add(content[number : number + 1])
    body.add(content[pieces:])
    assert body.content() == INVOICE


def test_a_broken_compression_is_a_lost_answer() -> None:
    with pytest.raises(TransportError, match="compression is broken") as caught:
        client_of(b"no gzip at all", "gzip").invoices.get("i-1")
    assert (caught.value.method, caught.value.path) == ("GET", "/invoice/i-1")


@pytest.mark.nightly
def test_an_answer_that_decodes_to_a_gigabyte_is_refused_within_the_limit() -> None:
    encoder = zlib.compressobj(9, wbits=31)
    bomb = b"".join(encoder.compress(bytes(MEGABYTE)) for _ in range(1024)) + encoder.flush()
    client = client_of(bomb, "gzip")
    client.tokens.get()
    tracemalloc.start()
    try:
        with pytest.raises(TransportError, match="larger than"):
            client.invoices.get("i-1")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 120 * MEGABYTE


def test_an_invoice_whose_answer_is_broken_is_in_doubt() -> None:
    with (
        client_of(b"no gzip", "gzip") as client,
        pytest.raises(OutcomeUnknownError, match=r"lost .*compression is broken"),
    ):
        client.invoices.create(amount=1, sender_invoice_no="42", invoice_description="Tea")
