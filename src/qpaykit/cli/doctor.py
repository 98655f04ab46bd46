"""`qpaykit doctor`: one line for each finding of `_diagnostics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.text import Text

from qpaykit._diagnostics import diagnose
from qpaykit.cli.account import AsJson
from qpaykit.cli.exits import ExitCode
from qpaykit.cli.terminal import terminal_of

if TYPE_CHECKING:
    from qpaykit._diagnostics import Finding
    from qpaykit.cli.terminal import Terminal

_NAME_WIDTH = len("callback_secret") + 1
_QUICKQR_NAME_WIDTH = len("quickqr callback_secret") + 1
_MARKS: dict[bool | None, tuple[str, str]] = {
    True: ("green", "ok"),
    False: ("red", "wrong"),
    None: ("yellow", "note"),
}


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Look over the settings in the environment, and say what to do where one is wrong."""
    terminal = terminal_of(context)
    findings = []
    for one in diagnose():
        findings.append(one)
        if not as_json:
            show(terminal, one)
    if as_json:
        terminal.json(
            [{"name": one.name, "ok": one.is_ok, "says": one.message} for one in findings]
        )
    if any(one.is_ok is False for one in findings):
        raise typer.Exit(ExitCode.ATTENTION)


def show(terminal: Terminal, one: Finding) -> None:
    """Write the line of a finding.

    Args:
        terminal: Where to.
        one: The finding.
    """
    style, word = _MARKS[one.is_ok]
    line = Text()
    line.append(f"{terminal.t(word):<7}", style=style)
    width = _QUICKQR_NAME_WIDTH if one.name.startswith("quickqr ") else _NAME_WIDTH
    line.append(f"{one.name:<{width}} {terminal.t(one.text, **one.values)}")
    terminal.out.print(line, soft_wrap=True)
