"""The settings that point a shop at the simulator, for shells and `.env` files."""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qpaykit.simulator.simulator import Simulator

FORMATS = ("shell", "dotenv", "powershell")
# Without a secret a shop cannot match a callback of Quick QR with its invoice.
_QUICKQR_SECRET = "simulator-callback-secret"  # noqa: S105 (a simulated account's)
# What the shop chooses and QPay does not assign.
_CHOSEN_BY_SHOP = ("_CALLBACK_URL", "_CALLBACK_SECRET")
_PLAIN = re.compile(r"[\w.:/@%+-]*", re.ASCII)
_VARIABLE = re.compile(r"\s*(?:export\s+)?(?P<name>\w+)\s*=")


def default_format() -> str:
    """Return the format of this system's usual shell."""
    return "powershell" if sys.platform == "win32" else "shell"


def merchant_variables(simulator: Simulator) -> dict[str, str]:
    """Return the `QPAY_*` variables of the simulator's merchant."""
    return _named("QPAY_", simulator.credentials)


def quickqr_variables(simulator: Simulator, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the `QPAY_QUICKQR_*` variables of the simulator's partner login.

    Args:
        simulator: The simulator.
        environment: Where the shop's callback secret may be set; else it is a fixed one.
    """
    variables = _named("QPAY_QUICKQR_", simulator.quickqr_credentials)
    name = "QPAY_QUICKQR_CALLBACK_SECRET"
    return {**variables, name: environment.get(name, "").strip() or _QUICKQR_SECRET}


def setting_lines(
    variables: Mapping[str, str], form: str, *, environment: Mapping[str, str]
) -> list[str]:
    """Return the lines that set variables.

    Args:
        variables: The variables.
        form: One of `FORMATS`.
        environment: Variables that have the right value already are left out, so that a password
            of the environment is not printed.
    """
    return [
        _assignment(name, value, form)
        for name, value in variables.items()
        if environment.get(name, "").strip() != value
    ]


def write_dotenv(path: Path, variables: Mapping[str, str]) -> None:
    """Write variables into a `.env` file; its other lines and the shop's callback URL stay.

    A new file can be read by its owner alone.

    Args:
        path: The file.
        variables: The variables.

    Raises:
        OSError: It cannot be read or written.
        UnicodeDecodeError: It is not UTF-8.
    """
    kept: list[str] = []
    chosen: dict[str, str] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            match = _VARIABLE.match(line)
            name = match["name"] if match else ""
            if name not in variables:
                kept.append(line)
            elif name.endswith(_CHOSEN_BY_SHOP):
                chosen[name] = line
    lines = kept + [
        chosen.get(name) or _assignment(name, value, "dotenv") for name, value in variables.items()
    ]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _named(prefix: str, credentials: Mapping[str, object]) -> dict[str, str]:
    return {f"{prefix}{name.upper()}": str(value) for name, value in credentials.items()}


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
