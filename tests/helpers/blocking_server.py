"""A QPay that knows from which connection a request came, and can hold one back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from helpers.answers import token_body


class BlockingServer(ThreadingHTTPServer):
    """Answers every request; `held` requests wait until `go` is set.

    Attributes:
        seen: Path and the caller's port of each request.
        hold: Whether requests other than logins wait.
        hold_login: Whether logins wait.
        waiting: Set when one of them has arrived.
        go: Lets them through.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, int]] = []
        self.hold = False
        self.hold_login = False
        self.waiting = threading.Event()
        self.go = threading.Event()
        self.base_url = f"http://127.0.0.1:{self.server_port}"

    def logins(self) -> int:
        return sum(path.endswith("/auth/token") for path, _ in self.seen)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BlockingServer

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.client_address[1]))
        self._wait(self.server.hold)
        self._say({"invoice_id": "i-1"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((self.path, self.client_address[1]))
        held, self.server.hold_login = self.server.hold_login, False
        self._wait(held)
        self._say(token_body())

    def _wait(self, held: bool) -> None:
        if held:
            self.server.waiting.set()
            self.server.go.wait(10)

    def _say(self, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        try:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def blocking_server() -> Iterator[BlockingServer]:
    with BlockingServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.go.set()
            server.shutdown()
            thread.join()
