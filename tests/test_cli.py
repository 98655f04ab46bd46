"""The command, run as a user runs it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from helpers.processes import hear_interrupts
from qpaykit import __version__
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "qpaykit"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
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
    assert "--port 0" in done.stderr


def test_a_port_that_is_none_gives_a_sentence() -> None:
    done = run("simulate", "--port", "99999")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "65535" in done.stderr


def test_simulate_serves_until_it_is_interrupted() -> None:
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, "simulate", "--port", "0", "--pay-after", "0.1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        preexec_fn=hear_interrupts,
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


def variables(simulator: Simulator) -> dict[str, str]:
    return {f"QPAY_{name.upper()}": str(value) for name, value in simulator.credentials.items()}


def test_the_doctor_finds_a_good_setting_good_and_shows_no_secret(
    qpay_simulator: Simulator,
) -> None:
    done = run("doctor", **variables(qpay_simulator), QPAY_CALLBACK_SECRET="a-secret-of-the-shop")
    assert done.returncode == 0, done.stdout
    assert "QPay gives one" in done.stdout
    assert "a simulator" in done.stdout
    assert re.search(r"[+-][0-4] s from QPay's", done.stdout)
    assert "s3cr3t" not in done.stdout
    assert qpay_simulator.credentials["password"] not in done.stdout


def test_the_command_tells_its_version() -> None:
    assert run("--version").stdout.strip() == __version__


def test_the_doctor_names_everything_that_is_missing_and_asks_nobody(
    qpay_simulator: Simulator,
) -> None:
    done = run("doctor", QPAY_BASE_URL=qpay_simulator.base_url)
    assert done.returncode == 1
    for name in ("USERNAME", "PASSWORD", "INVOICE_CODE", "CALLBACK_URL", "CALLBACK_SECRET"):
        assert f"set QPAY_{name}" in done.stdout
    assert not qpay_simulator.requests


def test_the_doctor_wants_a_whole_callback_url(qpay_simulator: Simulator) -> None:
    settings = {**variables(qpay_simulator), "QPAY_CALLBACK_URL": "localhost/callback"}
    done = run("doctor", **settings)
    assert done.returncode == 1
    assert "it must be a whole URL" in done.stdout


def test_the_doctor_finds_a_wrong_password_and_says_what_to_do(qpay_simulator: Simulator) -> None:
    settings = {**variables(qpay_simulator), "QPAY_PASSWORD": "wr0ng"}
    done = run("doctor", **settings)
    assert done.returncode == 1
    assert "Check QPAY_USERNAME and QPAY_PASSWORD" in done.stdout
    assert "wr0ng" not in done.stdout


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--fault", "POST /invoice explode", "reset-after"),
        ("--fault", "POST", "is written as"),
        ("--host", "0.0.0.0", "--expose"),
    ],
)
def test_simulate_refuses_a_wrong_option_with_a_sentence(
    option: str, value: str, sentence: str
) -> None:
    done = run("simulate", "--port", "0", option, value)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert sentence in done.stderr
