"""The simulator as a whole: a QPay that listens on this machine."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from typing_extensions import Self, TypedDict

from qpaykit.config import is_loopback
from qpaykit.simulator.app import QPayApp
from qpaykit.simulator.control import Control
from qpaykit.simulator.hosts import host_check
from qpaykit.simulator.panel import Panel
from qpaykit.simulator.thread_server import ThreadServer

if TYPE_CHECKING:
    from types import TracebackType


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
        seed: Makes payment ids and shares of faults repeatable.
        expose: Allow other addresses than loopback, for listening and for callbacks. The
            simulator then answers to its own address and to the host of `public_url` too.
        public_url: Where a phone or another machine finds it, if not at `host`.
        pay_after: Pay every invoice in full so many seconds after it is made.

    Raises:
        ValueError: `host` is not loopback, and `expose` is not True.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        seed: int | None = None,
        expose: bool = False,
        pay_after: float | None = None,
        public_url: str | None = None,
    ) -> None:
        if not expose and not is_loopback(host):
            msg = f"{host} is not loopback; to listen there pass expose=True, or --expose"
            raise ValueError(msg)
        super().__init__(seed=seed, expose=expose, pay_after=pay_after)
        self._server = ThreadServer(host, port)
        self._accepts_host = host_check(host, exposed=expose, public_url=public_url)
        self._public_url = public_url.rstrip("/") if public_url else None
        self._merchant = self.add_account(f"SHOP_{secrets.token_hex(4)}", secrets.token_urlsafe(18))

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
        return {
            "username": self._merchant.username,
            "password": self._merchant.password,
            "invoice_code": next(iter(self._merchant.invoice_codes)),
            "callback_url": "http://127.0.0.1:9/callback",
            "base_url": self.base_url,
        }

    def start(self) -> None:
        """Listen, in a thread of its own.

        Raises:
            OSError: The port is in use.
        """
        self._server.bind()
        self._state.page_root = self.page_root
        self._server.serve(
            QPayApp(self._state, self.requests, self.faults, Panel(self), self._accepts_host)
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
