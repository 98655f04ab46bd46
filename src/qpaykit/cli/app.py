"""All commands in one application; this module needs the extra `cli`."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from qpaykit._version import __version__
from qpaykit.cli import (
    callback,
    deliveries,
    details,
    doctor,
    payments,
    refund,
    simulate,
    sweep,
)
from qpaykit.cli.exits import ExitCode, exit_code_of, sentence_of
from qpaykit.cli.language import fit, shown_language, take_language, translate
from qpaykit.cli.terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

app: typer.Typer = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_DAILY = "The day's work, with the real account"
_BUILDING = "For building a shop"


def _version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        terminal_of(context).say(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="en|mn", help="The language, also after a command; the locale's when left out."
        ),
    ] = None,
) -> None:
    """QPay for shops and developers."""


for _command, _panel in (
    (payments.payments, _DAILY),
    (details.payment, _DAILY),
    (details.invoice, _DAILY),
    (details.order, _DAILY),
    (refund.refund, _DAILY),
    (sweep.sweep, _DAILY),
    (deliveries.deliveries, _DAILY),
    (callback.callback, _DAILY),
    (doctor.doctor, _BUILDING),
    (simulate.simulate, _BUILDING),
    (simulate.demo, _BUILDING),
):
    app.command(rich_help_panel=_panel)(_command)


def run(arguments: Sequence[str]) -> None:
    """Run one command line, and end the process with its exit code.

    Args:
        arguments: The command line, without the program's name.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What a shop or QPay answered may hold letters that the terminal does not have.
            stream.reconfigure(errors="backslashreplace")
    try:
        # A stream that stands in for stdout may have no encoding.
        encoding = sys.stdout.encoding or "utf-8"
        wanted, rest = take_language(arguments, os.environ, encoding=encoding)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(ExitCode.USAGE)
    language = shown_language(wanted, encoding)
    terminal = Terminal(language)
    if language != wanted:
        sys.stderr.write(
            f"The terminal's encoding, {encoding}, has no Cyrillic letters, so this is in "
            "English. Set PYTHONIOENCODING=utf-8 for Mongolian.\n"
        )
    command = typer.main.get_command(app)
    translate_help(command, language, encoding)
    try:
        command.main(args=rest, prog_name="qpaykit", obj=terminal)
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        terminal.problem(sentence_of(error, language))
        sys.exit(code)


def translate_help(command: object, language: str, encoding: str) -> None:
    """Translate the help texts of a command, of its options and of the commands below it.

    Args:
        command: A command of typer's, which is changed.
        language: One of `LANGUAGES`.
        encoding: The terminal's.
    """
    below: object = getattr(command, "commands", {})
    options: object = getattr(command, "params", [])
    several = list(below.values()) if isinstance(below, dict) else []
    several += options if isinstance(options, list) else []
    for name in ("help", "short_help", "rich_help_panel"):
        text: object = getattr(command, name, None)
        if isinstance(text, str):
            setattr(command, name, fit(translate(text, language), encoding))
    for one in several:
        translate_help(one, language, encoding)
