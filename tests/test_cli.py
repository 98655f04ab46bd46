"""The command, run as a user runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import httpx

COMMAND = [sys.executable, "-m", "qpaykit.cli"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_demo_ends_with_a_delivered_and_refunded_order() -> None:
    done = run("demo")
    assert done.returncode == 0, done.stderr
    assert "Delivered, receipted and refunded." in done.stdout
    assert "▄" in done.stdout


def test_a_port_in_use_gives_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = run("simulate", "--port", str(other.getsockname()[1]))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "--port 0" in done.stdout


def test_simulate_serves_until_it_is_interrupted() -> None:
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, "simulate", "--port", "0", "--pay-after", "0.1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    ) as process:
        assert process.stdout is not None
        settings = {}
        for line in process.stdout:
            if "export " in line:
                name, _, value = line.strip().removeprefix("export ").partition("=")
                settings[name] = value
            if "QPAY_BASE_URL" in settings:
                break
        login = (settings["QPAY_USERNAME"], settings["QPAY_PASSWORD"])
        answer = httpx.post(f"{settings['QPAY_BASE_URL']}/auth/token", auth=login)
        assert answer.status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
