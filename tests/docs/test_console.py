"""Every command in the texts is one that a reader can give."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import distribution, metadata
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from django.core import management
from packaging.requirements import Requirement

from docs.blocks import ROOT, pages, to_run
from helpers.processes import hear_interrupts
from qpaykit.config import Settings
from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
TARGETS = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
EXTRAS = set(metadata("qpaykit").get_all("Provides-Extra") or ())
VARIABLES = {f"QPAY_{name.upper()}" for name in Settings.__dataclass_fields__}
VARIABLES |= {"QPAY_CALLBACK_SECRET", "PORT"}


# test_recorded_terminal.py gives the commands of these pages in their order.
RECORDED = {"docs/command-line.md", "docs/mn/command-line.md"}


def commands() -> Iterator[str]:
    """Return every command of the texts; what follows a `$` is typed."""
    for page in sorted({*pages()} - RECORDED):
        for block in to_run(page, "console"):
            for line in block.text.replace("\\\n", " ").splitlines():
                if line.startswith("$ "):
                    yield from line.removeprefix("$ ").split(" && ")


COMMANDS = sorted(set(commands()))


def make(*arguments: str) -> None:
    targets = {word for word in arguments if "=" not in word}
    assert targets
    assert targets <= TARGETS


def pip(action: str, *wanted: str) -> None:
    assert action == "install"
    for requirement in map(Requirement, wanted):
        if requirement.name == "qpaykit":
            assert requirement.extras <= EXTRAS
        else:
            distribution(requirement.name)


def qpaykit(command: str, *options: str) -> None:
    if command == "simulate":
        simulate(*options)
        return
    with Simulator() as simulator:
        settings = {f"QPAY_{k.upper()}": str(v) for k, v in simulator.credentials.items()}
        subprocess.run(  # noqa: S603
            [BIN / "qpaykit", command, *options],
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            timeout=30,
            check=True,
        )


def simulate(*options: str) -> None:
    """Start the simulator as it is said, on a free port of loopback; see it answer; end it."""
    said = [option if option != "0.0.0.0" else "127.0.0.1" for option in options]
    program = [str(BIN / "qpaykit"), "simulate", *said, "--port", "0"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603
            program, cwd=folder, stdout=subprocess.PIPE, text=True, preexec_fn=hear_interrupts
        ) as process,
    ):
        assert process.stdout
        try:
            lines = iter(process.stdout.readline, "")
            [root] = [
                line.split("=", 1)[1].strip()
                for line in until(lines, "export QPAY_BASE_URL=")
                if "QPAY_BASE_URL" in line
            ]
            assert httpx.get(root.removesuffix("/v2")).status_code == 200
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def until(lines: Iterator[str], wanted: str) -> Iterator[str]:
    for line in lines:
        yield line
        if wanted in line:
            return


def export(assignment: str) -> None:
    name, _, value = assignment.partition("=")
    assert name in VARIABLES
    assert value


def django_admin(*arguments: str) -> None:
    assert arguments == ("startproject", "mysite")


def manage(command: str, *arguments: str) -> None:
    assert command in management.find_commands(management.__path__[0])
    assert set(arguments) <= {"shop"}


def python(*arguments: str) -> None:
    if arguments[0] == "-m":
        assert find_spec(arguments[1])
    elif arguments[0] == "manage.py":
        manage(*arguments[1:])
    else:
        assert (ROOT / arguments[0]).is_file()
        options = {word for word in arguments[1:] if word.startswith("--")}
        source = (ROOT / arguments[0]).read_text(encoding="utf-8")
        assert not [option for option in options if f'"{option}"' not in source]


def pytest_(*arguments: str) -> None:
    assert all((ROOT / word).exists() for word in arguments if not word.startswith("-"))


def serve(*arguments: str) -> None:
    assert arguments[0].startswith(("tea.", "--app"))  # files of the page; test_integrations.py


def git(*arguments: str) -> None:
    assert arguments == ("clone", "https://github.com/qpaykit/qpaykit")


def cd(folder: str) -> None:
    assert folder in {"qpaykit", "mysite"}


CHECKS: dict[str, Callable[..., None]] = {
    "django-admin": django_admin,
    "flask": serve,
    "make": make,
    "uvicorn": serve,
    "pip": pip,
    "qpaykit": qpaykit,
    "export": export,
    "python": python,
    "pytest": pytest_,
    "git": git,
    "cd": cd,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_given_as_it_stands(command: str) -> None:
    program, *arguments = shlex.split(command, comments=True)
    CHECKS[program](*arguments)


def test_there_are_commands_to_check() -> None:
    assert {"make check", "qpaykit simulate --pay-after 3"} <= set(COMMANDS)


@pytest.mark.parametrize(
    "command",
    [
        "make nonsense",
        'pip install "qpaykit[nonsense]"',
        "export QPAY_NONSENSE=1",
        "python examples/nonsense.py",
        "qpaykit nonsense",
    ],
)
def test_a_command_that_cannot_be_given_is_found(command: str) -> None:
    program, *arguments = shlex.split(command)
    with pytest.raises((AssertionError, subprocess.CalledProcessError)):
        CHECKS[program](*arguments)
