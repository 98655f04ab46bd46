"""A server that plays whatever it is told: raw bytes, cut, late, or none at all."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from helpers.answers import token_body

_IDLE = 5.0
_SILENCE = 3.0


@dataclass(frozen=True)
class Answer:
    """What is done with one request.

    Attributes:
        status: The status of the answer, as far as there is one.
        pieces: What is sent, write by write.
        ends: What comes then: "keep" the connection, "close" it, "reset" it, or be "silent".
        pause: Seconds between two writes.
    """

    status: int
    pieces: tuple[bytes, ...]
    ends: str = "keep"
    pause: float = 0.0


@dataclass(frozen=True)
class Arrival:
    """One request that reached the server, and what it was answered."""

    method: str
    path: str
    head: str
    answer: Answer


def plain(status: int, content: object, *headers: bytes) -> Answer:
    body = json.dumps(content).encode()
    head = b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n" % (status, len(body))
    return Answer(status, (head + b"".join(line + b"\r\n" for line in headers) + b"\r\n" + body,))


def a_token(access: str = "access-1") -> Answer:
    return plain(200, token_body(access))


class ScriptedServer:
    """Answers the login from one script and everything else from another.

    The last answer of a script is given again and again. Every `play` is a round of its own:
    connections of an earlier one are closed, and what still comes on them is not counted.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._round = 0
        self._connections: set[socket.socket] = set()
        self._logins: list[Answer] = []
        self._answers: list[Answer] = []
        self.arrivals: list[Arrival] = []
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def play(self, answers: list[Answer], logins: list[Answer] | None = None) -> None:
        with self._lock:
            self._round += 1
            for connection in self._connections:
                _hang_up(connection)
            self._connections = set()
            self._answers = list(answers)
            self._logins = list(logins or [a_token()])
            self.arrivals = []

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
                number = self._round
            threading.Thread(target=self._talk, args=(connection, number), daemon=True).start()

    def _talk(self, connection: socket.socket, number: int) -> None:
        connection.settimeout(_IDLE)
        with connection, suppress(OSError):
            while (request := _read(connection)) is not None:
                answer = self._next(*request, number)
                if answer is None:
                    return
                for piece in answer.pieces:
                    connection.sendall(piece)
                    time.sleep(answer.pause)
                if answer.ends == "silent":
                    self._wait_out(number)
                if answer.ends == "reset":
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                if answer.ends != "keep":
                    return

    def _next(self, method: str, path: str, head: str, number: int) -> Answer | None:
        with self._lock:
            if number != self._round:
                return None
            script = self._logins if path.startswith("/v2/auth/") else self._answers
            answer = script.pop(0) if len(script) > 1 else script[0]
            self.arrivals.append(Arrival(method, path.removeprefix("/v2"), head, answer))
            return answer

    def _wait_out(self, number: int) -> None:
        ends = time.monotonic() + _SILENCE
        while number == self._round and time.monotonic() < ends:
            time.sleep(0.01)


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        server = ScriptedServer(listener)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.play([])
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _read(connection: socket.socket) -> tuple[str, str, str] | None:
    """Read one whole request; give method, path and head, or None at the connection's end."""
    data = bytearray()
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        data += chunk
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    lines = text.split("\r\n")
    length = 0
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    missing = length - len(body)
    while missing > 0:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        missing -= len(chunk)
    method, path, _ = lines[0].split(" ", 2)
    return method, path, text
