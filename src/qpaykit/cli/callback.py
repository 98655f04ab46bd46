"""`qpaykit callback`: what a shop answers to a probe, a forged callback and a real one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urldefrag, urlsplit, urlunsplit

import typer

from qpaykit._callback_url import PAYMENT_ID_PARAM, add_param, check_callback_url
from qpaykit._http.httpx_backend import default_backend, plain_client
from qpaykit.callbacks.records import invoice_of
from qpaykit.cli.account import AsJson, StoreOption, opened_account
from qpaykit.cli.exits import CommandError, ExitCode
from qpaykit.cli.terminal import MAX_SHOWN_BODY_CHARACTERS, Column, terminal_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

    from qpaykit.cli.terminal import Terminal

SUCCESS = "SUCCESS"
# No payment has this id: QPay's have 15 digits, or are a uuid.
_FORGED_ID = "000000000000000"
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class ShopResponse:
    """What a shop answered to one request.

    Attributes:
        name: "probe", "forged" or "real".
        status_code: HTTP status; None where no answer came.
        body: The body, or why no answer came.
        problem: What is wrong with it, in English; "" where it is right.
    """

    name: str
    status_code: int | None
    body: str
    seconds: float
    problem: str

    def content(self) -> dict[str, JsonValue]:
        """The answer for programs."""
        return {
            "request": self.name,
            "status_code": self.status_code,
            "body": self.body,
            "seconds": round(self.seconds, 3),
            "ok": not self.problem,
            "problem": self.problem,
        }


def judge(name: str, status_code: int | None, body: str) -> str:
    """Return what is wrong with an answer; "" where it is right.

    Args:
        name: "probe", "forged" or "real".
        status_code: HTTP status; None where no answer came.
        body: The body, or why no answer came.
    """
    if status_code is None and body.startswith("ReadTimeout"):
        return "The shop is too slow: answer first, and do what takes long afterwards."
    if status_code is None:
        return "No answer: QPay cannot reach the shop either."
    if 300 <= status_code < 400:
        return "A redirection: answer at this URL itself, for example with its slash at the end."
    is_success = status_code == 200 and body == SUCCESS
    if name == "forged":
        if status_code == 200:
            return "The shop accepts a payment that does not exist: confirm each one at QPay."
        return "" if status_code < 500 or status_code == 503 else "The shop has an error."
    if is_success:
        return ""
    if status_code == 200:
        return "The body must be SUCCESS, and nothing else."
    return "QPay needs status 200 and the body SUCCESS."


def ask_shop(url: str, real: str | None) -> Iterator[ShopResponse]:
    """Send a probe, a forged callback and, if there is one, a real one.

    Args:
        url: The shop's callback URL.
        real: The URL of the real callback; None for none.
    """
    requests = [("probe", url), ("forged", with_param(url, _FORGED_ID))]
    if real is not None:
        requests.append(("real", real))
    backend = default_backend()
    with plain_client(backend, timeout=_TIMEOUT_SECONDS) as http:
        for name, target in requests:
            started = time.monotonic()
            status_code: int | None = None
            try:
                response = http.get(target, follow_redirects=False)
                status_code, body = response.status_code, response.text
            except backend.errors as problem:
                body = f"{type(problem).__name__}: {problem}"
            took = time.monotonic() - started
            yield ShopResponse(name, status_code, body, took, judge(name, status_code, body))


def with_param(url: str, payment_id: str) -> str:
    """Return a callback URL as QPay calls it: the shop's own query, then the payment's id.

    Args:
        url: The shop's callback URL.
        payment_id: QPay's id of the payment.
    """
    return add_param(urldefrag(url).url, PAYMENT_ID_PARAM, payment_id)


def callback(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The shop's callback URL.")],
    payment_id: Annotated[
        str | None,
        typer.Option(
            "--payment",
            metavar="ID",
            help="Also call back about this payment, as QPay does: the shop delivers it if it "
            "has not done so.",
        ),
    ] = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Show what the shop answers to a probe, to a forged callback and to a real one."""
    terminal = terminal_of(context)
    try:
        check_callback_url(url, public=False)
    except ValueError as problem:
        raise CommandError(ExitCode.USAGE, f"URL {problem}.") from None
    real = None if payment_id is None else real_callback(url, payment_id, store)
    answers = list(ask_shop(url, real))
    if as_json:
        terminal.json([one.content() for one in answers])
    else:
        show(terminal, answers)
        if real is None:
            terminal.note("A real callback is sent with --payment ID.")
    if any(one.problem for one in answers):
        raise typer.Exit(ExitCode.ATTENTION)


def real_callback(url: str, payment_id: str, store: str | None) -> str:
    """Return the callback about a payment: its invoice's own query, at the given address.

    Args:
        url: Where it is sent.
        payment_id: QPay's id of the payment.
        store: Where the shop's store is; None for none.

    Raises:
        QPayError: The payment does not exist, or QPay could not be asked.
    """
    with opened_account(store) as account:
        record = account.record_or_ask(invoice_of(account.client.payments.get(payment_id)))
    query = urlsplit(record.callback_url).query if record else urlsplit(url).query
    return with_param(urlunsplit(urlsplit(url)._replace(query=query)), payment_id)


def show(terminal: Terminal, answers: list[ShopResponse]) -> None:
    """Write what the shop answered, and what is wrong with it.

    Args:
        terminal: Where to.
        answers: Its answers.
    """
    terminal.table(
        [
            Column("Request"),
            Column("Status"),
            Column("Took", right=True),
            Column("Answer", shrinks=True),
        ],
        [
            [
                terminal.t(one.name),
                str(one.status_code or "-"),
                f"{one.seconds * 1000:.0f} ms",
                one.body[:MAX_SHOWN_BODY_CHARACTERS],
            ]
            for one in answers
        ],
    )
    terminal.out.print()
    for one in answers:
        if one.problem:
            terminal.say(
                f"{{name}}: {terminal.t(one.problem)}", style="red", name=terminal.t(one.name)
            )
        else:
            terminal.say("{name}: right", style="green", name=terminal.t(one.name))
