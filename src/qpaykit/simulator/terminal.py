"""What `qpaykit simulate` prints and writes: settings for a shop, and a line for each event."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from qpaykit.simulator.callback_sender import SentCallback
from qpaykit.simulator.money import text
from qpaykit.simulator.request_log import RecordedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qpaykit.simulator.control import Event
    from qpaykit.simulator.simulator import Credentials

FORMATS = ("shell", "dotenv", "powershell")
_PLAIN = re.compile(r"[\w.:/@%+-]*", re.ASCII)
_VARIABLE = re.compile(r"\s*(?:export\s+)?(?P<name>\w+)\s*=")


def setting_lines(
    credentials: Credentials, form: str, *, environment: Mapping[str, str]
) -> list[str]:
    """Return the lines that point a shop at the simulator.

    Args:
        credentials: The simulator's.
        form: One of `FORMATS`.
        environment: Variables that have the right value already are left out, so that a password
            of the environment is not printed.
    """
    return [
        _assignment(name, value, form)
        for name, value in _variables(credentials).items()
        if environment.get(name, "").strip() != value
    ]


def write_dotenv(path: Path, credentials: Credentials) -> None:
    """Put the settings into a `.env` file; other lines of it stay as they are.

    A new file can be read by its owner alone.

    Args:
        path: The file.
        credentials: The simulator's.

    Raises:
        OSError: It cannot be written.
    """
    variables = _variables(credentials)
    kept = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            match = _VARIABLE.match(line)
            if match is None or match["name"] not in variables:
                kept.append(line)
    lines = kept + [_assignment(name, value, "dotenv") for name, value in variables.items()]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def describe(event: Event) -> str:
    """Return one line about a request, a payment or a callback."""
    if isinstance(event, RecordedRequest):
        took = f"{(event.seconds or 0) * 1000:.0f} ms"
        return f"request   {event.method} {event.path} -> {event.status_code}, {took}"
    if isinstance(event, SentCallback):
        answer = event.error or f"{event.status_code} {event.body[:60]}"
        again = ", a repetition" if event.repeated else ""
        return f"callback  payment {event.payment_id} -> {answer}{again}"
    order = event.invoice.request["sender_invoice_no"]
    return f"payment   {event.id}, order {order}: {text(event.amount)} MNT {event.status}"


def printable(line: str, encoding: str) -> str:
    """Return a line as a terminal can show it, with escapes for what it cannot.

    Args:
        line: May hold what a shop answered: control characters, or letters of any script.
        encoding: The terminal's.
    """
    shown = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in line)
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def _variables(credentials: Credentials) -> dict[str, str]:
    return {f"QPAY_{name.upper()}": str(value) for name, value in credentials.items()}


def _assignment(name: str, value: str, form: str) -> str:
    if form == "powershell":
        escaped = value.replace("'", "''")
        return f"$env:{name} = '{escaped}'"
    if form == "dotenv":
        return f"{name}={value}" if _PLAIN.fullmatch(value) else f"{name}={_quoted(value)}"
    return f"export {name}={shlex.quote(value)}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
