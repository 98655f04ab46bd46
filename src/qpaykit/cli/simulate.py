"""`qpaykit simulate`, a QPay on this machine until Ctrl-C, and `qpaykit demo`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qpaykit.cli.exits import CommandError, ExitCode
from qpaykit.cli.terminal import MAX_SHOWN_BODY_CHARACTERS, money, terminal_of

if TYPE_CHECKING:
    from qpaykit.cli.terminal import Terminal
    from qpaykit.simulator import Simulator
    from qpaykit.simulator.control import Event

# The simulator is imported in functions: that is slow, and other commands do not need it.

_WAIT_SECONDS = 3600.0


def simulate(
    context: typer.Context,
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
        str | None, typer.Option(help="Its password; QPAY_PASSWORD, or a fixed one, when left out.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="How settings are printed: shell, dotenv, powershell."),
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Put the settings into this file, such as .env.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="Keep invoices and payments in this file, over restarts."),
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
    """Run a simulated QPay on this machine until Ctrl-C."""
    from qpaykit.simulator import Simulator
    from qpaykit.simulator.panel.translations import explain_error
    from qpaykit.simulator.settings import FORMATS, default_format

    terminal = terminal_of(context)
    form = form or default_format()
    if form not in FORMATS:
        raise CommandError(
            ExitCode.USAGE,
            "There is no format {form}; there are {forms}.",
            form=form,
            forms=", ".join(FORMATS),
        )
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
            state_file=state,
        )
        for line in fault or ():
            simulator.faults.add_line(line)
        simulator.start()
    except ValueError as error:
        problem = explain_error(error, terminal.language)
        raise CommandError(ExitCode.USAGE, "{problem}.", problem=problem) from None
    except OSError as error:
        if state is not None and error.filename is not None:
            raise CommandError(
                ExitCode.USAGE,
                "{path} cannot be written: {reason}.",
                path=state,
                reason=error.strerror,
            ) from None
        raise CommandError(
            ExitCode.ATTENTION,
            "Nothing can listen on port {port} of {host} ({reason}). Try --port 0, or another "
            "--host.",
            port=port,
            host=host,
            reason=error.strerror,
        ) from None
    try:
        terminal.say("The simulator runs. Its page: {url}", url=simulator.page_root)
        _show_settings(simulator, form, write, terminal)
        terminal.say("Ctrl-C stops it.")
        terminal.line("")
        simulator.watch(lambda event: terminal.line(describe(event, terminal)))
        while True:
            # A wait for a lock or an event cannot be interrupted on Windows.
            time.sleep(_WAIT_SECONDS)
    except KeyboardInterrupt:
        terminal.line("")
        terminal.say("Stopped.")
    finally:
        simulator.stop()


def _show_settings(simulator: Simulator, form: str, write: Path | None, terminal: Terminal) -> None:
    from qpaykit.simulator.settings import (
        merchant_variables,
        quickqr_variables,
        setting_lines,
        write_dotenv,
    )

    merchant = merchant_variables(simulator)
    quickqr = quickqr_variables(simulator, os.environ)
    if write is not None:
        try:
            write_dotenv(write, {**merchant, **quickqr})
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(
                ExitCode.USAGE, "{path} cannot be written: {reason}.", path=write, reason=error
            ) from None
        terminal.say("The settings are in {path}.", path=write)
    terminal.line("")
    is_any_left_out = False
    for title, variables in (
        (
            "Settings of the merchant product; set QPAY_CALLBACK_URL to your shop's URL:",
            merchant,
        ),
        ("Settings of Quick QR:", quickqr),
    ):
        lines = setting_lines(variables, form, environment=os.environ)
        is_any_left_out |= len(lines) < len(variables)
        if lines:
            terminal.say(title)
            terminal.line("")
            for line in lines:
                terminal.line(f"  {line}")
            terminal.line("")
    if is_any_left_out:
        terminal.say("Variables that have the right value already are left out.")
        terminal.line("")


def describe(event: Event, terminal: Terminal) -> str:
    """Return one line about an answered request, a payment or a sent callback.

    Args:
        event: What `Simulator.watch` reports.
        terminal: Whose language it is in.
    """
    from qpaykit.simulator.callback_sender import SentCallback
    from qpaykit.simulator.request_log import RecordedRequest

    if isinstance(event, RecordedRequest):
        return terminal.t(
            "request   {method} {path} -> {status}, {milliseconds} ms",
            method=event.method,
            path=event.path,
            status=event.status_code,
            milliseconds=f"{(event.seconds or 0) * 1000:.0f}",
        )
    if isinstance(event, SentCallback):
        return terminal.t(
            "callback  payment {payment} -> {answer} (repeated)"
            if event.repeated
            else "callback  payment {payment} -> {answer}",
            payment=event.payment_id,
            answer=event.error or f"{event.status_code} {event.body[:MAX_SHOWN_BODY_CHARACTERS]}",
        )
    return terminal.t(
        "payment   {payment}, order {order}: {amount} MNT, {status}",
        payment=event.id,
        order=event.invoice.request["sender_invoice_no"],
        amount=money(event.amount),
        status=terminal.word(event.status),
    )


def demo(context: typer.Context) -> None:
    """Show a payment from the invoice to the refund, over real HTTP, without QPay."""
    from qpaykit.cli.demo import run_demo

    if not run_demo(terminal_of(context)):
        raise typer.Exit(ExitCode.ATTENTION)
