"""Starts the examples by the commands that examples/README.md gives."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from qpaykit.simulator import Credentials, Simulator

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SECRET = "a-secret-of-the-tests"
START = 40.0
SHOPS = ["shop_fastapi", "shop_flask", "shop_django", "shop_aiohttp", "shop_litestar"]


def documented_commands() -> dict[str, str]:
    """Return the commands of the README's table, by the example's file name."""
    rows = re.findall(
        r"^\| \[(\w+)\.py\]\(\1\.py\) \|.*\| `([^`]+)` \|$",
        (EXAMPLES / "README.md").read_text(),
        re.MULTILINE,
    )
    return dict(rows)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def environment(credentials: Credentials, callback_url: str) -> dict[str, str]:
    """Return what a terminal holds after the README's exports."""
    settings = {f"QPAY_{name.upper()}": str(value) for name, value in credentials.items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings |= {"QPAY_CALLBACK_URL": callback_url, "QPAY_CALLBACK_SECRET": SECRET}
    return {**os.environ, **settings, "PATH": path}


def alone(name: str, folder: Path) -> None:
    """Copy one example and the templates to a folder where there is nothing else."""
    (folder / "examples").mkdir()
    shutil.copy(EXAMPLES / f"{name}.py", folder / "examples")
    shutil.copytree(EXAMPLES / "templates", folder / "examples" / "templates")


@contextmanager
def running(name: str, folder: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start an example by its documented command; end it, and what it started, afterwards."""
    alone(name, folder)
    log = folder / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S602
            documented_commands()[name],
            shell=True,
            cwd=folder,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def until(what: Callable[[], bool], *, within: float = START) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: It was not.
    """
    ends = time.monotonic() + within
    while not what():
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {within:g} s")
        time.sleep(0.05)


@dataclass(frozen=True)
class Shop:
    """A framework's shop that listens, and the simulator that it talks to."""

    name: str
    url: str
    folder: Path
    simulator: Simulator

    def database(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.folder / "shop.db", timeout=10, isolation_level=None))

    def states(self) -> list[str]:
        with self.database() as database:
            return [state for (state,) in database.execute("SELECT state FROM orders")]

    def let_ten_seconds_pass(self) -> None:
        """Let QPay be asked about an order again."""
        with closing(sqlite3.connect(self.folder / "qpay.db", timeout=10)) as store, store:
            store.execute("DELETE FROM qpaykit_values WHERE key LIKE 'order-asked:%'")

    def count_deliveries(self) -> None:
        """Let the database write down whenever an order is set to paid, even once more."""
        with self.database() as database:
            database.execute("CREATE TABLE audit (number TEXT)")
            database.execute(
                "CREATE TRIGGER audited AFTER UPDATE OF state ON orders"
                " WHEN new.state = 'paid' BEGIN INSERT INTO audit VALUES (new.number); END"
            )

    def deliveries(self) -> int:
        with self.database() as database:
            count: int = database.execute("SELECT count(*) FROM audit").fetchone()[0]
        return count


@contextmanager
def open_shop(name: str, folder: Path, simulator: Simulator, *, ready: int = 200) -> Iterator[Shop]:
    """Start a framework's shop, and wait until it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = environment(simulator.credentials, f"{url}/callback") | {"PORT": str(port)}
    with running(name, folder, variables) as process:

        def answers() -> bool:
            assert process.poll() is None, (folder / "log.txt").read_text()
            try:
                return httpx.get(url, trust_env=False).status_code == ready
            except httpx.TransportError:
                return False

        until(answers)
        yield Shop(name, url, folder, simulator)
