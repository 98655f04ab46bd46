"""What many tests share: a merchant's settings and QPay's plainest answers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from typing_extensions import TypedDict

BASE = "https://qpay.test/v2"
# The HTTP libraries that this interpreter can have: httpx2 begins at Python 3.11.
LIBRARIES = ["httpx", "httpx2"] if sys.version_info >= (3, 11) else ["httpx"]
BACKENDS = ["asyncio", "trio"]
CHECK_UNPAID: dict[str, object] = {"count": 0, "rows": []}


class Settings(TypedDict):
    username: str
    password: str
    invoice_code: str
    callback_url: str
    base_url: str


SETTINGS: Settings = {
    "username": "SHOP",
    "password": "hunter2-the-password",
    "invoice_code": "TEST_INVOICE",
    "callback_url": "https://shop.test/callback?order=42",
    "base_url": BASE,
}


def settings_at(base_url: str) -> Settings:
    """Return the settings for a QPay elsewhere."""
    settings = SETTINGS.copy()
    settings["base_url"] = base_url
    return settings


def shown(value: object) -> str:
    """Name a parameter without a backslash, which pytest escapes once more in each collection."""
    return ascii(value).replace("\\", "/")


def hear_interrupts() -> None:
    """Let a process that is started hear Ctrl-C, though this one may not, as in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def token_body(access: str = "access-1", *, lifetime: float = 86_400) -> dict[str, object]:
    ends = int(time.time() + lifetime)
    return {
        "token_type": "bearer",
        "refresh_expires_in": ends,
        "refresh_token": f"refresh-of-{access}",
        "access_token": access,
        "expires_in": ends,
        "scope": "get_token",
        "not-before-policy": "0",
        "session_state": "prod",
    }


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis of our own on a free loopback port; yield its URL."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed (Debian: apt-get install redis-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            ends = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > ends:
                        raise
                    time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(10)


def only_for(access: str) -> Callable[[httpx.Request], httpx.Response]:
    """Make a QPay that gives an invoice for one token, and refuses all others."""

    def answer(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == f"Bearer {access}"
        return httpx.Response(200 if good else 401, json={"invoice_id": "i-1"})

    return answer
