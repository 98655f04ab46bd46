"""A forward proxy on loopback: absolute-form requests and CONNECT tunnels, all written down."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_IDLE = 5.0


@dataclass
class Proxy:
    """What the proxy saw.

    Attributes:
        url: Where it listens.
        seen: Method and target of each request.
        bytes_seen: All that clients sent, as the proxy could read it.
        refuses: Whether it answers 407 to all.
    """

    url: str
    seen: list[tuple[str, str]] = field(default_factory=list)
    bytes_seen: bytearray = field(default_factory=bytearray)
    refuses: bool = False

    def talk(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(_IDLE)
            data = client.recv(65_536)
            while data:
                self.bytes_seen += data
                line, _, rest = data.partition(b"\r\n")
                method, target, _ = line.split(b" ")
                self.seen.append((method.decode(), target.decode()))
                if self.refuses:
                    client.sendall(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n")
                elif method == b"CONNECT":
                    self._tunnel(client, target.decode())
                    return
                else:
                    self._forward(client, line, rest)
                data = client.recv(65_536)

    def _forward(self, client: socket.socket, line: bytes, rest: bytes) -> None:
        method, target, version = line.split(b" ")
        url = urlsplit(target.decode())
        with socket.create_connection((url.hostname, url.port or 80), _IDLE) as server:
            head = b" ".join([method, (url.path or "/").encode(), version])
            rest = rest.replace(b"keep-alive", b"close")  # so that the answer's end is seen
            server.sendall(head + b"\r\n" + rest)
            _pump(server, client)

    def _tunnel(self, client: socket.socket, target: str) -> None:
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), _IDLE) as server:
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pump, args=(server, client))
            back.start()
            while data := client.recv(65_536):
                self.bytes_seen += data
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)


@contextmanager
def forward_proxy() -> Iterator[Proxy]:
    """Run one; it takes requests that come in one piece."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=proxy.talk, args=(client,), daemon=True).start()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
