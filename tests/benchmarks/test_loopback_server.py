"""The server that benchmarks are run against."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from benchmarks.clients import ACCOUNT
from benchmarks.hand_written import by_httpx
from benchmarks.samples import CALLS, CREATE, GET, Call
from benchmarks.server import http_answer, served
from qpaykit import QPayClient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_answers_a_call_with_its_sample(url: str, call: Call) -> None:
    with httpx.Client(base_url=url) as client:
        assert by_httpx(client, call) == json.loads(call.answer)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_serves_qpaykit(url: str, call: Call) -> None:
    with QPayClient(**ACCOUNT, base_url=url) as client:
        assert call.ask(client) is not None


def test_knows_no_other_path(url: str) -> None:
    assert httpx.get(f"{url}/v2/nothing").status_code == 404


def test_reads_a_request_that_comes_in_pieces(url: str) -> None:
    head = f"POST {CREATE.path} HTTP/1.1\r\nContent-Length: 4\r\n\r\n".encode()
    expected = http_answer("200 OK", CREATE.answer)
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as connection:
        connection.sendall(head[:20])
        connection.sendall(head[20:] + b"ab")
        connection.sendall(b"cd")
        assert _read(connection, len(expected)) == expected


def test_answers_two_requests_that_come_at_once(url: str) -> None:
    request = f"GET {GET.path} HTTP/1.1\r\n\r\n".encode()
    expected = http_answer("200 OK", GET.answer) * 2
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as connection:
        connection.sendall(request * 2)
        assert _read(connection, len(expected)) == expected


def _read(connection: socket.socket, length: int) -> bytes:
    connection.settimeout(10)
    found = b""
    while len(found) < length and (more := connection.recv(65_536)):
        found += more
    return found
