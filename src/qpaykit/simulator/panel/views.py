"""The panel's pages: functions that render the simulator's data with templates."""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import TYPE_CHECKING

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined

from qpaykit._redaction import Redactor
from qpaykit.simulator.faults import CALLBACK, CALLBACK_FAULTS, KINDS
from qpaykit.simulator.money import text
from qpaykit.simulator.panel.translations import explain_fault, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qpaykit.simulator.callback_sender import SentCallback
    from qpaykit.simulator.faults import Fault
    from qpaykit.simulator.quickqr import SubMerchant
    from qpaykit.simulator.request_log import RecordedRequest
    from qpaykit.simulator.state import Invoice


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("qpaykit.simulator.panel"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = text
    environment.filters["png"] = _png
    return environment


def invoices(found: Iterable[Invoice], language: str, *, expired: Callable[[Invoice], bool]) -> str:
    """The list of invoices, newest first."""
    rows = [(one, state_of(one, expired=expired(one))) for one in found]
    return _page("invoices.html", language, path="/", title="title", rows=rows)


def invoice(
    one: Invoice,
    callbacks: Iterable[SentCallback],
    language: str,
    *,
    expired: bool,
    page_url: str,
) -> str:
    """One invoice: its codes, what a buyer can do, its payments and callbacks."""
    state = state_of(one, expired=expired)
    return _page(
        "invoice.html",
        language,
        path=f"/invoices/{one.id}",
        title=f"{text(one.amount)} MNT",
        invoice=one,
        state=state,
        payable=one.due > 0 and state not in {"CANCELED", "EXPIRED"},
        callbacks=callbacks,
        page_url=page_url,
    )


def merchants(found: Iterable[SubMerchant], language: str) -> str:
    """The sub-merchants of Quick QR, newest first."""
    return _page("merchants.html", language, path="/merchants", title="merchants", rows=list(found))


def requests(found: Iterable[RecordedRequest], language: str) -> str:
    """The log of requests, newest first, with what is secret masked."""
    rows = [(one, Redactor().body(one.body)) for one in found]
    return _page("requests.html", language, path="/requests", title="requests", rows=rows)


def faults(found: Iterable[Fault], language: str) -> str:
    """The faults that wait for requests, and forms for more."""
    return _page(
        "faults.html",
        language,
        path="/faults",
        title="faults",
        waiting=list(found),
        callback_method=CALLBACK,
        kinds=KINDS,
        callback_kinds=CALLBACK_FAULTS,
        explain=lambda kind: explain_fault(kind, language),
    )


def problem(sentence: str, language: str, *, back: str) -> str:
    """The page for an action that failed."""
    return _page("problem.html", language, path=back, title="cannot", sentence=sentence)


def not_found(language: str) -> str:
    """The page for an address that does not exist."""
    sentence = translate("no_such_page", language)
    return _page("problem.html", language, path="/", title="404", sentence=sentence)


def state_of(one: Invoice, *, expired: bool) -> str:
    """Return an invoice's state for people.

    QPay's own `invoice_status` is OPEN, CLOSED or CANCELED, and does not show refunds.
    """
    if one.status == "CANCELED":
        return "CANCELED"
    if one.due == 0:
        return "CLOSED"
    if one.paid > 0:
        return "PARTIAL"
    if any(payment.status == "REFUNDED" for payment in one.payments):
        return "REFUNDED"
    return "EXPIRED" if expired else "OPEN"


def _page(template: str, language: str, *, path: str, title: str, **values: object) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            t=lambda name: translate(name, language),
            language=language,
            other_language="en" if language == "mn" else "mn",
            path=path,
            title=translate(title, language),
            **values,
        )
    )


def _png(content: str) -> str:
    """Draw a QR code and return it as the URL of a picture."""
    picture = io.BytesIO()
    segno.make(content, error="m").save(picture, kind="png", scale=4, border=4)
    return f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"
