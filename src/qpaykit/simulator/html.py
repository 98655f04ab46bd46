"""The page's markup: functions from what is known to HTML."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

import segno

from qpaykit._redaction import Redactor
from qpaykit.simulator.faults import CALLBACK_FAULTS, KINDS
from qpaykit.simulator.money import text
from qpaykit.simulator.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qpaykit.simulator.callback_sender import SentCallback
    from qpaykit.simulator.faults import Fault
    from qpaykit.simulator.request_log import RecordedRequest
    from qpaykit.simulator.state import Invoice, Payment

_STYLE = """
:root{color-scheme:light dark;--ink:#16202c;--dim:#55606e;--ground:#fff;--card:#f3f5f8;
--line:#c9d0d9;--go:#0b6b3a;--stop:#a3231f;--link:#0a4fa3}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf3;--dim:#a5b0bd;--ground:#12171d;
--card:#1c232c;--line:#3a4552;--go:#5fd39a;--stop:#ff8f88;--link:#86b9ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:60rem;padding:1rem;
font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
a{color:var(--link)}nav{display:flex;gap:1rem;flex-wrap:wrap;margin-bottom:1rem}
nav .language{margin-left:auto}h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.5rem;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--dim);font-weight:600}.card{background:var(--card);border:1px solid var(--line);
border-radius:.6rem;padding:1rem;margin:1rem 0}
form{display:inline-flex;gap:.5rem;margin:.25rem .5rem .25rem 0;
flex-wrap:wrap}button,input,select{font:inherit;padding:.6rem .9rem;border-radius:.4rem;
border:1px solid var(--line);background:var(--ground);color:var(--ink)}
button{cursor:pointer;font-weight:600}button.go{background:var(--go);color:var(--ground)}
.PAID,.CLOSED,.good{color:var(--go);font-weight:600}.FAILED,.CANCELED,.REFUNDED,.bad{
color:var(--stop);font-weight:600}.codes{display:flex;gap:1rem;
flex-wrap:wrap;justify-content:space-evenly}
.codes figure{margin:0;text-align:center;color:var(--dim)}.codes img{width:12rem;max-width:44vw;
background:#fff;padding:.5rem;border-radius:.4rem}code,pre{overflow-wrap:anywhere;
white-space:pre-wrap;font-size:.9rem}dl{display:grid;grid-template-columns:max-content 1fr;
gap:.25rem 1rem;margin:0}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
"""
# Only what is shown is changed, and never while somebody types.
_SCRIPT = """
setInterval(async()=>{if(document.activeElement.matches("input,select"))return;
try{const t=await(await fetch(location.href)).text();
const m=new DOMParser().parseFromString(t,"text/html").querySelector("main");
const old=document.querySelector("main");if(m&&m.innerHTML!==old.innerHTML)old.replaceWith(m)}
catch{}},1000)
"""


def page(title: str, content: str, language: str, *, path: str) -> str:
    """Put a page's content into its frame."""
    other = "en" if language == "mn" else "mn"
    links = "".join(
        f'<a href="{place}?lang={language}">{escape(word(name, language))}</a>'
        for name, place in (("invoices", "/"), ("requests", "/requests"), ("faults", "/faults"))
    )
    name = "English" if other == "en" else "Монгол"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<nav>{links}<a class="language" href="{escape(path)}?lang={other}" lang="{other}">'
        f"{name}</a></nav><main><h1>{escape(title)}</h1>{content}</main>"
        f"<script>{_SCRIPT}</script></body></html>"
    )


def invoices(found: Iterable[Invoice], language: str) -> str:
    """The list of invoices, newest first."""
    rows = "".join(
        f'<tr><td><a href="/invoices/{one.id}?lang={language}">'
        f"{escape(str(one.request['sender_invoice_no']))}</a></td>"
        f"<td>{one.amount}</td><td>{one.paid}</td>{_state(one.status, language)}</tr>"
        for one in found
    )
    if not rows:
        return f'<p class="card">{escape(word("none_yet", language))}</p>'
    return _table(("order", "amount", "paid", "state"), rows, language)


def invoice(
    one: Invoice, callbacks: Iterable[SentCallback], language: str, *, page_url: str
) -> str:
    """One invoice: its codes, what a buyer can do, its payments and callbacks."""
    at = f"/invoices/{one.id}"
    facts = "".join(
        f"<dt>{escape(word(name, language))}</dt><dd>{value}</dd>"
        for name, value in (
            ("order", escape(str(one.request["sender_invoice_no"]))),
            ("description", escape(str(one.request["invoice_description"]))),
            ("amount", f"{one.amount} MNT"),
            ("due", f"{one.due} MNT"),
            ("state", f'<span class="{one.status}">{escape(word(one.status, language))}</span>'),
            ("callback_url", f"<code>{escape(one.callback_url)}</code>"),
        )
    )
    actions = (
        _form(f"{at}/pay", "pay", language, css="go")
        + _form(f"{at}/pay", "pay_card", language, method="CARD")
        + _form(f"{at}/fail", "decline", language)
        + f'<form method="post" action="{at}/pay?lang={language}">'
        f'<input name="amount" inputmode="decimal" size="8" required placeholder="500.00" '
        f'aria-label="{escape(word("amount", language))}">'
        f"<button>{escape(word('pay_part', language))}</button></form>"
    )
    codes = _code(one.qr_text, word("bank_qr", language)) + _code(
        page_url, word("phone_qr", language)
    )
    payments = "".join(_payment(payment, language) for payment in one.payments)
    sent = "".join(_callback(callback, language) for callback in callbacks)
    return (
        f'<div class="card"><dl>{facts}</dl></div><div class="card">{actions}</div>'
        f'<div class="card codes">{codes}</div>'
        + _section("payments", ("amount", "method", "state", ""), payments, language)
        + _section("callbacks", ("state", "body", ""), sent, language)
    )


def requests(found: Iterable[RecordedRequest], language: str) -> str:
    """The log of requests, newest first, with what is secret masked."""
    rows = "".join(
        f"<tr><td>{escape(one.method)}</td><td><code>{escape(one.path)}</code></td>"
        f"<td><pre>{escape(Redactor().body(one.body))}</pre></td></tr>"
        for one in found
    )
    return _table(("method", "path", "body"), rows, language)


def faults(found: Iterable[Fault], language: str) -> str:
    """The faults that wait, and a form for more."""
    rows = "".join(
        f"<tr><td>{escape(one.method)}</td><td><code>{escape(one.path)}</code></td>"
        f"<td>{one.kind}</td><td>{'∞' if one.times is None else one.times}</td></tr>"
        for one in found
    )
    kinds = "".join(
        f'<option value="{kind}" title="{escape(what)}">{kind}</option>'
        for kind, what in (KINDS | CALLBACK_FAULTS).items()
    )
    fields = "".join(
        f'<input name="{name}" value="{value}" size="12" '
        f'aria-label="{escape(word(name, language))}">'
        for name, value in (("method", "POST"), ("path", "/invoice"), ("times", "1"))
    )
    return (
        _table(("method", "path", "kind", "times"), rows, language)
        + f'<div class="card"><form method="post" action="/faults?lang={language}">{fields}'
        f'<select name="kind" aria-label="{escape(word("kind", language))}">{kinds}</select>'
        f'<button class="go">{escape(word("add_fault", language))}</button></form>'
        + _form("/faults/clear", "clear_faults", language)
        + "</div>"
    )


def trouble(sentence: str, language: str, *, back: str) -> str:
    """What is shown when a button could not do its work."""
    return (
        f'<p class="card bad">{escape(sentence)}</p>'
        f'<p><a href="{escape(back)}?lang={language}">{escape(word("back", language))}</a></p>'
    )


def _payment(one: Payment, language: str) -> str:
    buttons = _form(f"/payments/{one.id}/callback", "send_again", language)
    if one.status == "PAID":
        buttons += _form(f"/payments/{one.id}/refund", "refund", language)
    return (
        f"<tr><td>{text(one.amount)}<br><code>{one.id}</code></td><td>{one.method}</td>"
        f"{_state(one.status, language)}<td>{buttons}</td></tr>"
    )


def _callback(one: SentCallback, language: str) -> str:
    said = one.error or one.body or ""
    status = str(one.status_code) if one.status_code else word("no_answer", language)
    css = "good" if one.status_code == 200 else "bad"
    return (
        f'<tr><td class="{css}">{escape(status)}</td><td><code>{escape(said[:500])}</code></td>'
        f"<td>{one.seconds:.2f} s</td></tr>"
    )


def _section(name: str, columns: tuple[str, ...], rows: str, language: str) -> str:
    if not rows:
        return ""
    return f"<h2>{escape(word(name, language))}</h2>{_table(columns, rows, language)}"


def _table(columns: tuple[str, ...], rows: str, language: str) -> str:
    head = "".join(f"<th>{escape(word(name, language)) if name else ''}</th>" for name in columns)
    return f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>'


def _state(status: str, language: str) -> str:
    return f'<td class="{status}">{escape(word(status, language))}</td>'


def _form(action: str, name: str, language: str, *, css: str = "", **fields: str) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{key}" value="{escape(value)}">'
        for key, value in fields.items()
    )
    return (
        f'<form method="post" action="{action}?lang={language}">{hidden}'
        f'<button class="{css}" data-action="{name}">{escape(word(name, language))}</button></form>'
    )


def _code(text: str, caption: str) -> str:
    picture = io.BytesIO()
    segno.make(text, error="m").save(picture, kind="png", scale=4, border=4)
    source = base64.b64encode(picture.getvalue()).decode()
    return (
        f'<figure><img alt="" src="data:image/png;base64,{source}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
