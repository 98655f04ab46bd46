"""The simulator's HTTP server: a socket, and a thread that serves it."""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from qpaykit.simulator.fault_responses import CONNECTION

if TYPE_CHECKING:
    import asyncio

    from starlette.types import ASGIApp

_START_TIMEOUT_SECONDS = 10.0

# On Windows SO_REUSEADDR lets two processes listen on one port, and requests reach either.
if sys.platform == "win32":
    _REUSE = socket.SO_EXCLUSIVEADDRUSE
else:
    _REUSE = socket.SO_REUSEADDR

# A client cannot connect to an address that means all interfaces.
_THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class _Connection(H11Protocol):
    """Uvicorn's connection, known to the application so that faults can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # The scope's state is a copy of this: the application finds its connection there.
        self.app_state = {**self.app_state, CONNECTION: self}
        super().connection_made(transport)


class ThreadServer:
    """Serves an application in a separate thread.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._server: uvicorn.Server | None = None
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where a client of this machine finds it, without a slash at the end."""
        host = _THIS_MACHINE.get(self._host, self._host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    def bind(self) -> None:
        """Bind the port.

        Raises:
            OSError: It is in use, or the address is not this machine's.
        """
        self._socket = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, _REUSE, 1)
        try:
            self._socket.bind((self._host, self._port))
        except OSError:
            self._socket.close()
            raise
        self._port = self._socket.getsockname()[1]

    def serve(self, app: ASGIApp) -> None:
        """Start to serve on the bound port."""
        config = uvicorn.Config(
            app,
            http=_Connection,
            ws="none",
            lifespan="off",
            log_level="critical",
            server_header=False,
            access_log=False,
            backlog=4096,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="qpay-simulator", daemon=True
        )
        self._thread.start()
        ends = time.monotonic() + _START_TIMEOUT_SECONDS
        while not self._server.started:
            if time.monotonic() > ends or not self._thread.is_alive():
                raise RuntimeError("the simulator did not start")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop listening, and close what is open."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._server.force_exit = True
            self._thread.join()
        if self._socket is not None:
            self._socket.close()
        self._server = self._thread = self._socket = None
