"""The whole client against a server that may answer anything at all."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, suppress
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.answers import ANSWERS, LOGINS, SCRIPTS
from fuzz.calls import CALLS, UNSAFE, Call
from helpers.quickqr import QUICKQR_SETTINGS, QuickQRSettings
from helpers.scripted_server import Answer, Arrival, ScriptedServer, plain, scripted_server
from helpers.settings import BACKENDS, LIBRARIES, SETTINGS, Settings
from qpaykit import AsyncQPayClient, QPayClient, QPayError
from qpaykit.quickqr import AsyncQuickQRClient, QuickQRClient

TIMEOUT = 0.1
RETRIES = 1
# What is not waiting: scheduling on a busy machine, and the async transport's own grace.
SLACK = 1.0
# Connections of the client's own, or a client of a library that is handed in.
OWN = "own"
_libraries = st.sampled_from([OWN, *LIBRARIES])

fuzz = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch, quick_retries: None) -> None:
    monkeypatch.setattr("qpaykit._http.retry.MAX_RETRY_AFTER_SECONDS", 0.05)


def at(server: ScriptedServer) -> Settings:
    there = SETTINGS.copy()
    there["base_url"] = server.base_url
    return there


def quickqr_at(server: ScriptedServer) -> QuickQRSettings:
    there = QUICKQR_SETTINGS.copy()
    there["base_url"] = server.base_url
    return there


def run(server: ScriptedServer, call: Call, library: str = OWN) -> None:
    """Make the call; a value or a QPayError comes out, or the test fails."""
    with ExitStack() as stack:
        http_client = None
        if library != OWN:
            http_client = stack.enter_context(importlib.import_module(library).Client())
        limits: Any = {"timeout": TIMEOUT, "max_retries": RETRIES, "http_client": http_client}
        client: QPayClient | QuickQRClient
        if call.quickqr:
            client = QuickQRClient(**quickqr_at(server), **limits)
        else:
            client = QPayClient(**at(server), **limits)
        stack.enter_context(client)
        with suppress(QPayError):
            call.run(client)


async def arun(server: ScriptedServer, call: Call, library: str = OWN) -> None:
    async with AsyncExitStack() as stack:
        http_client = None
        if library != OWN:
            opened = importlib.import_module(library).AsyncClient()
            http_client = await stack.enter_async_context(opened)
        limits: Any = {"timeout": TIMEOUT, "max_retries": RETRIES, "http_client": http_client}
        client: AsyncQPayClient | AsyncQuickQRClient
        if call.quickqr:
            client = AsyncQuickQRClient(**quickqr_at(server), **limits)
        else:
            client = AsyncQPayClient(**at(server), **limits)
        await stack.enter_async_context(client)
        with suppress(QPayError):
            await call.arun(client)


def allowed_seconds(arrivals: list[Arrival]) -> float:
    """Each request may take its timeout; one more may not have arrived."""
    return (len(arrivals) + 1) * (TIMEOUT + 0.06) + SLACK


def blind_repeats(call: Call, arrivals: list[Arrival]) -> list[Answer]:
    """Find the answers after which an unsafe request came again though it must not.

    A 429 and a 401 say that nothing was done, the latter once a login has followed; a look
    that was answered in between says whether it was.
    """
    found: list[Answer] = []
    last: Answer | None = None
    logged_in = looked = False
    for arrival in arrivals:
        if (arrival.method, arrival.path) == call.unsafe:
            refused = last is None or last.status == 429
            refused = refused or (last is not None and 300 <= last.status < 500 and logged_in)
            if not (refused or looked) and last is not None:
                found.append(last)
            last, logged_in, looked = arrival.answer, False, False
        elif arrival.path.startswith("/auth/"):
            logged_in = True
        elif arrival.path == call.look and 200 <= arrival.answer.status < 300:
            looked = True
    return found


@settings(fuzz, max_examples=150)
@given(call=st.sampled_from(CALLS), script=SCRIPTS, logins=LOGINS, library=_libraries)
def test_whatever_is_answered_a_value_or_a_qpay_error_comes_out_in_time(
    server: ScriptedServer, call: Call, script: list[Answer], logins: list[Answer], library: str
) -> None:
    server.play(script, logins)
    started = time.monotonic()
    run(server, call, library)
    assert time.monotonic() - started < allowed_seconds(server.arrivals)


@settings(fuzz, max_examples=100)
@given(call=st.sampled_from(UNSAFE), script=SCRIPTS, library=_libraries)
def test_whatever_is_answered_nothing_unsafe_is_sent_again_blindly(
    server: ScriptedServer, call: Call, script: list[Answer], library: str
) -> None:
    server.play(script)
    run(server, call, library)
    assert blind_repeats(call, server.arrivals) == []
    sent = sum((one.method, one.path) == call.unsafe for one in server.arrivals)
    # A refused token doubles the attempts, and a look that says "not done" doubles them again.
    assert sent <= (RETRIES + 1) * (4 if call.look else 2)


@pytest.mark.parametrize("call", UNSAFE, ids=str)
@settings(fuzz, max_examples=6)
@given(
    status=st.integers(500, 599),
    code=st.sampled_from(["NO_CREDENTIALS", "AUTHENTICATION_FAILED", "PERMISSION_DENIED"]),
)
def test_a_5xx_is_a_lost_answer_whatever_code_it_names(
    server: ScriptedServer, call: Call, status: int, code: str
) -> None:
    server.play([plain(status, {"error": code, "message": code})])
    run(server, call)
    assert blind_repeats(call, server.arrivals) == []


@pytest.mark.parametrize("call", UNSAFE, ids=str)
@settings(fuzz, max_examples=6)
@given(body=st.sampled_from([b"<html>", b"", b'{"cut', b"[]", b"\xff"]) | st.binary(max_size=9))
def test_a_success_that_cannot_be_read_is_a_lost_answer(
    server: ScriptedServer, call: Call, body: bytes
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
    server.play([Answer(200, (head + body,))])
    run(server, call)
    assert blind_repeats(call, server.arrivals) == []


@pytest.mark.parametrize("backend", BACKENDS)
@settings(fuzz, max_examples=30)
@given(call=st.sampled_from(CALLS), script=SCRIPTS, logins=LOGINS, library=_libraries)
def test_the_async_client_is_as_good(
    server: ScriptedServer,
    backend: str,
    call: Call,
    script: list[Answer],
    logins: list[Answer],
    library: str,
) -> None:
    server.play(script, logins)
    started = time.monotonic()
    anyio.run(arun, server, call, library, backend=backend)
    # The end of the event loop is in it too.
    assert time.monotonic() - started < allowed_seconds(server.arrivals) + SLACK
    if call.unsafe is not None:
        assert blind_repeats(call, server.arrivals) == []


@settings(fuzz, max_examples=40)
@given(first=ANSWERS)
def test_a_connection_that_broke_does_not_spoil_the_next_call(
    server: ScriptedServer, first: Answer
) -> None:
    with QPayClient(**at(server), timeout=1, max_retries=0) as client:
        server.play([plain(200, {"invoice_id": "i-1"})])
        assert client.invoices.get("i-1").invoice_id == "i-1"
        if first.ends == "silent":
            first = Answer(first.status, first.pieces, "close")
        server.play([first, plain(200, {"invoice_id": "i-2"})])
        try:
            client.invoices.get("i-1")
        except QPayError:
            # The pool drops what was left of the answer; a login follows where it was a 401.
            server.play([plain(200, {"invoice_id": "i-2"})])
        # The server may be about to close the connection that the pool takes.
        again = client.with_options(max_retries=2)
        assert again.invoices.get("i-2").invoice_id == "i-2"


# The sync client has no such stop: there, each read of the headers has the whole timeout.
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_headers_that_trickle_in_do_not_outlast_the_timeout(
    server: ScriptedServer, backend: str, library: str
) -> None:
    server.play([Answer(200, (b"HTTP/1.1 200 OK\r\n", *[b"x-a: b\r\n"] * 60), "silent", 0.05)])
    started = time.monotonic()
    anyio.run(arun, server, CALLS[0], library, backend=backend)
    # The async transport grants half a second on top of it.
    assert time.monotonic() - started < 2
