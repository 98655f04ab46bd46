"""The shops of the pages for FastAPI and Flask: as files, on their servers, paid and delivered."""

from __future__ import annotations

import difflib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from docs.blocks import blocks, to_run
from helpers.processes import free_port
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow


def files(page: str) -> dict[str, str]:
    return {block.file: block.text for block in to_run(page, "python") if block.file}


def command(page: str, begin: str) -> list[str]:
    """Return the command of a page that begins so."""
    lines = [
        line.removeprefix("$ ")
        for block in blocks(page)
        if block.language == "console"
        for line in block.text.splitlines()
    ]
    [found] = [line for line in lines if line.startswith(begin)]
    return shlex.split(found)


@contextmanager
def served(page: str, begin: str, folder: Path, simulator: Simulator) -> Iterator[httpx.Client]:
    """Save a page's files, and run its server on a free port."""
    for name, text in files(page).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    port = str(free_port())
    program, *arguments = command(page, begin)
    arguments[arguments.index("--port") + 1] = port
    variables = {f"QPAY_{name.upper()}": str(v) for name, v in simulator.credentials.items()}
    variables["QPAY_CALLBACK_URL"] = f"http://127.0.0.1:{port}/qpay/callback"
    variables["QPAY_CALLBACK_SECRET"] = "a-secret-of-the-tests"
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(  # noqa: S603
            [str(Path(sys.executable).parent / program), *arguments],
            cwd=folder,
            env={**os.environ, **variables},
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as browser:
            wait_for_answer(browser, process, folder)
            yield browser
    finally:
        process.terminate()
        process.wait(20)


def wait_for_answer(browser: httpx.Client, process: subprocess.Popen[bytes], folder: Path) -> None:
    ends = time.monotonic() + 60
    while True:
        assert process.poll() is None, (folder / "log.txt").read_text()
        try:
            browser.get("/")
        except httpx.TransportError:
            assert time.monotonic() < ends, (folder / "log.txt").read_text()
            time.sleep(0.1)
        else:
            return


@pytest.mark.parametrize(
    ("page", "server"), [("docs/fastapi.md", "uvicorn"), ("docs/flask.md", "flask")]
)
def test_the_shop_of_a_page_delivers_what_was_paid(
    page: str, server: str, tmp_path: Path, qpay_simulator: Simulator
) -> None:
    with served(page, server, tmp_path, qpay_simulator) as browser:
        order = browser.post("/orders").json()
        number = order["number"]
        assert order["pay"]
        assert browser.get(f"/orders/{number}").text.strip('"') == "open"
        [invoice] = qpay_simulator.invoices()
        qpay_simulator.pay(invoice.id)
        ends = time.monotonic() + 30
        while browser.get(f"/orders/{number}").text.strip('"') != "paid":
            assert time.monotonic() < ends, (tmp_path / "log.txt").read_text()
            time.sleep(0.1)


def test_fastapi_takes_payments_by_twelve_lines() -> None:
    found = files("docs/fastapi.md")
    before, after = (
        [line for line in found[name].splitlines()[1:] if line.strip()]
        for name in ("tea/before.py", "tea/shop.py")
    )
    changes = [line for line in difflib.ndiff(before, after) if line.startswith("+ ")]
    assert len(changes) == 12


def test_flask_takes_payments_by_fewer_than_twenty_lines() -> None:
    lines = files("docs/flask.md")["kiosk/app.py"].splitlines()
    ours = ("qpaykit", "QPay", "dispatcher", "event", "invoice", "def deliver", "amount=")
    assert len([line for line in lines if any(word in line for word in ours)]) < 20


def test_the_route_of_litestar_and_that_of_aiohttp_answer(
    tmp_path: Path, qpay_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    from aiohttp.test_utils import TestClient as AiohttpClient
    from aiohttp.test_utils import TestServer
    from litestar.testing import TestClient

    monkeypatch.chdir(tmp_path)
    for name, value in qpay_simulator.credentials.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
    page = ModuleType("frameworks_page")
    for block in to_run("docs/frameworks.md", "python"):
        exec(compile(block.text, str(block), "exec", dont_inherit=True), vars(page))  # noqa: S102
    with TestClient(page.app) as browser:
        answer = browser.get("/qpay/callback?qpay_payment_id=1", follow_redirects=False)
        assert (answer.status_code, answer.text) == (409, "mismatch")

    async def ask() -> tuple[int, str]:
        async with AiohttpClient(TestServer(page.shop)) as client:
            answer = await client.get("/qpay/callback")
            return answer.status, await answer.text()

    assert asyncio.run(ask()) == (200, "SUCCESS")
