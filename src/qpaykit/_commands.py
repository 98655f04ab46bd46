"""The commands themselves; this module needs the extra `cli`."""

from __future__ import annotations

import threading
from typing import Annotated

import typer
from rich.console import Console

from qpaykit._version import __version__
from qpaykit.demo import run_demo
from qpaykit.simulator import Simulator

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="QPay for developers.",
)
console = Console()


@app.command()
def version() -> None:
    """Print the version."""
    console.print(__version__, highlight=False)


@app.command()
def demo() -> None:
    """Tell the whole story of a payment, over real HTTP, without QPay."""
    if not run_demo(console):
        raise typer.Exit(1)


@app.command()
def simulate(
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = 8899,
    pay_after: Annotated[
        float | None, typer.Option(help="Pay every invoice so many seconds after it is made.")
    ] = None,
) -> None:
    """Run a QPay on this machine until Ctrl-C."""
    try:
        simulator = Simulator(port=port, pay_after=pay_after)
        simulator.start()
    except OSError as error:
        console.print(f"Port {port} cannot be used ({error.strerror}). Try --port 0.")
        raise typer.Exit(1) from None
    try:
        console.print(f"QPay simulator on [bold]{simulator.base_url}[/bold]; Ctrl-C ends it.\n")
        console.print("Point a shop at it:\n")
        for name, value in simulator.credentials.items():
            # These are the simulator's own, made up for this run.
            console.print(f"  export QPAY_{name.upper()}={value}", highlight=False, soft_wrap=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("\nStopped.")
    finally:
        simulator.stop()
