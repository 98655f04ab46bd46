"""The simulator as a whole: a QPay that listens on this machine."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import Self, TypedDict

from qpaykit.config import is_loopback
from qpaykit.simulator.accounts import Account
from qpaykit.simulator.app import QPayApp
from qpaykit.simulator.control import Control
from qpaykit.simulator.endpoints import answer
from qpaykit.simulator.hosts import host_check
from qpaykit.simulator.panel import Panel
from qpaykit.simulator.quickqr.product import DEFAULT_TERMINAL_ID, QuickCredentials
from qpaykit.simulator.state_file import StateFile
from qpaykit.simulator.thread_server import ThreadServer

if TYPE_CHECKING:
    from types import TracebackType

    from qpaykit.simulator.app import AnswerRequest

DEFAULT_USERNAME = "TEST_SHOP"
DEFAULT_PASSWORD = "simulator-password"  # noqa: S105 (a simulated account's)
DEFAULT_INVOICE_CODE = "TEST_INVOICE"
DEFAULT_PARTNER = "TEST_PARTNER"
QUICKQR_PREFIX = "/quickqr/v2"
DEFAULT_CALLBACK_URL = "http://127.0.0.1:9/callback"


class Credentials(TypedDict):
    """Keyword arguments for a client of the simulator's merchant."""

    username: str
    password: str
    invoice_code: str
    callback_url: str
    base_url: str


class Simulator(Control):
    """A QPay on this machine, over real HTTP.

    Args:
        port: The port to listen on; 0 takes a free one.
        host: The address to listen on.
        username: The merchant's login. With `password` left out or not, what is None comes from
            `QPAY_USERNAME` and `QPAY_PASSWORD`, else it is the same fixed one at each start.
            Where both are given, no variable is read; else the invoice code and the callback
            URL of `credentials` come from `QPAY_INVOICE_CODE` and `QPAY_CALLBACK_URL`.
        password: The login's password.
        seed: Makes payment ids and shares of faults repeatable.
        expose: Allow other addresses than loopback, for listening and for callbacks. The
            simulator then answers to its own address and to the host of `public_url` too.
        public_url: Where a phone or another machine finds it, if not at `host`.
        state_file: The file in which tokens, invoices, payments, receipts, subscriptions and
            sub-merchants are kept over restarts; nothing is kept when left out.
        pay_after: Pay every invoice in full so many seconds after it is made.
        pay_method: How `pay_after` pays: "P2P" or "CARD".

    Raises:
        ValueError: `host` is not loopback and `expose` is not True, or there is no such method.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        username: str | None = None,
        password: str | None = None,
        seed: int | None = None,
        expose: bool = False,
        pay_after: float | None = None,
        pay_method: str = "P2P",
        public_url: str | None = None,
        state_file: str | os.PathLike[str] | None = None,
    ) -> None:
        if not expose and not is_loopback(host):
            msg = f"{host} is not loopback; to listen there pass expose=True, or --expose"
            raise ValueError(msg)
        super().__init__(seed=seed, expose=expose, pay_after=pay_after, pay_method=pay_method)
        self._server = ThreadServer(host, port)
        self._state_file = (
            StateFile(Path(state_file), self._state, self._quick_state) if state_file else None
        )
        self._accepts_host = host_check(host, exposed=expose, public_url=public_url)
        self._public_url = public_url.rstrip("/") if public_url else None
        settings = {} if username is not None and password is not None else os.environ
        self._merchant = self.add_account(
            username or settings.get("QPAY_USERNAME", "").strip() or DEFAULT_USERNAME,
            password or settings.get("QPAY_PASSWORD", "").strip() or DEFAULT_PASSWORD,
            invoice_code=settings.get("QPAY_INVOICE_CODE", "").strip() or DEFAULT_INVOICE_CODE,
        )
        self._callback_url = settings.get("QPAY_CALLBACK_URL", "").strip() or DEFAULT_CALLBACK_URL
        self._ebarimt_merchant = self.add_account(
            f"{self._merchant.username}_EBARIMT", self._merchant.password, invoice_code=None
        )

        self._partner = self.quickqr.add_login(
            settings.get("QPAY_QUICKQR_USERNAME", "").strip() or DEFAULT_PARTNER,
            settings.get("QPAY_QUICKQR_PASSWORD", "").strip() or DEFAULT_PASSWORD,
            terminal_id=settings.get("QPAY_QUICKQR_TERMINAL_ID", "").strip() or DEFAULT_TERMINAL_ID,
        )

    @property
    def base_url(self) -> str:
        """Where it listens, `/v2` included."""
        return f"{self._server.url}/v2"

    @property
    def page_root(self) -> str:
        """Where its page is, without a slash at the end."""
        return self._public_url or self._server.url

    @property
    def credentials(self) -> Credentials:
        """Keyword arguments for a client."""
        return self.credentials_of(self._merchant)

    @property
    def ebarimt_credentials(self) -> Credentials:
        """Keyword arguments for a client of the merchant's second account, for e-barimt alone."""
        return self.credentials_of(self._ebarimt_merchant)

    def credentials_of(self, account: Account) -> Credentials:
        """Return keyword arguments for a client of an account.

        Args:
            account: What `add_account` returned.
        """
        return {
            "username": account.username,
            "password": account.password,
            "invoice_code": next(iter(account.invoice_codes)),
            "callback_url": self._callback_url,
            "base_url": self.base_url,
        }

    @property
    def quickqr_credentials(self) -> QuickCredentials:
        """Keyword arguments for a `QuickQRClient` of the simulator's partner login."""
        return self.quickqr_credentials_of(self._partner)

    def quickqr_credentials_of(self, login: Account) -> QuickCredentials:
        """Return keyword arguments for a `QuickQRClient` of a partner login.

        Args:
            login: What `quickqr.add_login` returned.
        """
        return {
            "username": login.username,
            "password": login.password,
            "terminal_id": self.quickqr.terminal_of(login),
            "callback_url": self._callback_url,
            "base_url": f"{self._server.url}{QUICKQR_PREFIX}",
        }

    def start(self) -> None:
        """Start to listen, in a separate thread.

        Raises:
            OSError: The port is in use, or `state_file` cannot be read or written.
            ValueError: `state_file` holds something else, or the state of another account.
        """
        self._server.bind()
        if self._state_file is not None:
            try:
                self._state_file.load()
            except (OSError, ValueError):
                self._server.stop()
                raise
            self._on_change = self._state_file.save
        self._state.page_root = self.page_root
        products: dict[str, AnswerRequest] = {
            "/v2": partial(answer, self._state),
            QUICKQR_PREFIX: self.quickqr.answer,
        }
        self._server.serve(
            QPayApp(products, self.requests, self.faults, Panel(self), self._accepts_host)
        )

    def stop(self) -> None:
        """Stop listening, and close what is open."""
        self._server.stop()
        self._callback_sender.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
