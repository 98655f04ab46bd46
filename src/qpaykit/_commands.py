"""The commands themselves; this module needs the extra `cli`."""

from __future__ import annotations

import threading
from typing import Annotated

import typer
from rich.console import Console

from qpaykit._version import __version__
from qpaykit.demo import run_demo
from qpaykit.doctor import examine
from qpaykit.simulator import Simulator

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()


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
    for finding in examine():
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
        typer.Option(help='Let something go wrong: "POST /invoice 500", with "x3", "all" or "5%".'),
    ] = None,
) -> None:
    """Run a QPay on this machine until Ctrl-C."""
    try:
        simulator = Simulator(
            port=port,
            host=host,
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
        console.print("Point a shop at it:\n")
        for name, value in simulator.credentials.items():
            # These are the simulator's own, made up for this run.
            line = f"  export QPAY_{name.upper()}={value}"
            if name == "callback_url":
                line += "  # put your shop's in its place"
            console.print(line, highlight=False, soft_wrap=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("\nStopped.")
    finally:
        simulator.stop()
