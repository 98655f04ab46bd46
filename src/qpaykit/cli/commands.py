"""The commands themselves; this module needs the extra `cli`."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from qpaykit._version import __version__
from qpaykit.cli.demo import run_demo
from qpaykit.cli.doctor import examine_products
from qpaykit.simulator import Simulator
from qpaykit.simulator.terminal import FORMATS, describe, printable, setting_lines, write_dotenv

app: typer.Typer = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console: Console = Console()


def _version(wanted: bool) -> None:
    if wanted:
        console.print(__version__, highlight=False)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """QPay for developers."""


@app.command()
def demo() -> None:
    """Tell the whole story of a payment, over real HTTP, without QPay."""
    if not run_demo(console):
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Look over the settings in the environment, and say what to do where one is wrong."""
    marks = {True: "[green]ok   [/]", False: "[red]wrong[/]", None: "[yellow]note [/]"}
    well = True
    for finding in examine_products():
        console.print(f"{marks[finding.good]}  {finding.name:<16} ", end="")
        console.print(finding.says, highlight=False, markup=False, soft_wrap=True)
        well = well and finding.good is not False
    if not well:
        raise typer.Exit(1)


@app.command()
def simulate(
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65_535)
    ] = 8899,
    pay_after: Annotated[
        float | None, typer.Option(help="Pay every invoice so many seconds after it is made.")
    ] = None,
    method: Annotated[str, typer.Option(help="How --pay-after pays: P2P or CARD.")] = "P2P",
    username: Annotated[
        str | None, typer.Option(help="The login; QPAY_USERNAME, or a fixed one, when left out.")
    ] = None,
    password: Annotated[
        str | None, typer.Option(help="Its password; QPAY_PASSWORD, or a fixed one, likewise.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="How settings are printed: shell, dotenv, powershell.")
    ] = FORMATS[0],
    write: Annotated[
        Path | None, typer.Option(help="Put the settings into this file, such as .env.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than loopback need --expose.")
    ] = "127.0.0.1",
    expose: Annotated[
        bool, typer.Option("--expose", help="Let other machines, and phones, reach it.")
    ] = False,
    public_url: Annotated[
        str | None,
        typer.Option(help="Where phones find the page, such as http://192.168.1.5:8899."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Make payment ids and shares of faults repeatable.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help='Add a fault: "POST /invoice 500", with "x3", "all" or "5%".'),
    ] = None,
) -> None:
    """Run a QPay on this machine until Ctrl-C."""
    if form not in FORMATS:
        console.print(f"There is no format {form}; there are {', '.join(FORMATS)}.")
        raise typer.Exit(1)
    try:
        simulator = Simulator(
            port=port,
            host=host,
            username=username,
            password=password,
            pay_method=method.upper(),
            expose=expose,
            public_url=public_url,
            seed=seed,
            pay_after=pay_after,
        )
        for line in fault or ():
            simulator.faults.add_line(line)
        simulator.start()
    except ValueError as error:
        console.print(f"{error}.")
        raise typer.Exit(1) from None
    except OSError as error:
        console.print(
            f"Nothing can listen on port {port} of {host} ({error.strerror}). Try --port 0, "
            "or another --host."
        )
        raise typer.Exit(1) from None
    try:
        console.print(f"Its page: [bold]{simulator.page_root}[/bold]; Ctrl-C ends it.\n")
        _point_a_shop_at(simulator, form, write)
        simulator.watch(
            lambda event: console.print(
                printable(describe(event), console.encoding),
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
        )
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("\nStopped.")
    finally:
        simulator.stop()


def _point_a_shop_at(simulator: Simulator, form: str, write: Path | None) -> None:
    if write is not None:
        try:
            write_dotenv(write, simulator.credentials)
        except OSError as error:
            console.print(f"{write} cannot be written: {error.strerror}.", soft_wrap=True)
            raise typer.Exit(1) from None
        console.print(f"The settings are in {write}.", highlight=False, soft_wrap=True)
    console.print("Point a shop at it; put your shop's callback URL in its place:\n")
    for line in setting_lines(simulator.credentials, form, environment=os.environ):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    console.print("\nVariables that are set to these values already are not shown.\n")
