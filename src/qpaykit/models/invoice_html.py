"""A piece of an HTML page that shows an invoice: its QR code and the banks' buttons."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qpaykit.models.invoices import BankLink, Invoice

Language = Literal["mn", "en"]

# What the apps of QPay's banks and wallets are opened with. A link of any other scheme, such as
# javascript:, makes no button.
_APP_SCHEMES = frozenset(
    {
        "altanzaya",
        "ard",
        "arig",
        "bogdbank",
        "candypay",
        "capitronbank",
        "ckbank",
        "hipay",
        "khanbank",
        "khanbankapp",
        "mbank",
        "monpay",
        "most",
        "nibank",
        "qpaywallet",
        "socialpay-payment",
        "statebank",
        "statebankmongolia",
        "tdbbank",
        "tinobank",
        "toki",
        "transbank",
        "xacbank",
    }
)
_TEXTS: dict[Language, dict[str, str]] = {
    "mn": {
        "scan": "QR кодыг банкны аппаараа уншуулна уу",
        "alt": "Төлбөрийн QR код",
        "open": "Эсвэл аппаа сонгоно уу",
    },
    "en": {
        "scan": "Scan the QR code with your bank's app",
        "alt": "QR code of the payment",
        "open": "Or choose your app",
    },
}
_STYLE = """
.qpay-invoice { max-width: 24rem; margin: 0 auto; font: 1rem/1.5 system-ui, sans-serif; }
.qpay-invoice p { margin: 0.75rem 0; text-align: center; }
.qpay-invoice .qpay-qr { display: block; width: 100%; max-width: 16rem; margin: 0 auto;
  padding: 0.75rem; box-sizing: border-box; background: #fff; border-radius: 0.5rem; }
.qpay-invoice ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
  gap: 0.5rem; margin: 0; padding: 0; list-style: none; }
.qpay-invoice li a { display: flex; align-items: center; gap: 0.5rem; min-height: 2.75rem;
  padding: 0.25rem 0.5rem; box-sizing: border-box; border: 1px solid #8888; border-radius: 0.5rem;
  color: inherit; text-decoration: none; overflow-wrap: anywhere; }
.qpay-invoice li img { width: 2rem; height: 2rem; border-radius: 0.25rem; }
"""


def invoice_html(invoice: Invoice, *, lang: Language, logos: bool) -> str:
    """Write the piece of page; see `Invoice.to_html`."""
    texts = _TEXTS[lang]
    picture = base64.b64encode(invoice.qr_png()).decode()
    parts = [
        f'<div class="qpay-invoice" lang="{lang}">',
        f"<style>{_STYLE}</style>",
        f"<p>{escape(texts['scan'])}</p>",
        f'<img class="qpay-qr" alt="{escape(texts["alt"])}" src="data:image/png;base64,{picture}">',
    ]
    buttons = list(_buttons(invoice, logos=logos))
    if buttons:
        parts += [f"<p>{escape(texts['open'])}</p>", "<ul>", *buttons, "</ul>"]
    parts.append("</div>")
    return "\n".join(parts)


def _buttons(invoice: Invoice, *, logos: bool) -> Iterator[str]:
    for url in invoice.urls:
        if _scheme(url.link) not in _APP_SCHEMES:
            continue
        logo = _logo(url) if logos else ""
        label = escape(url.description or url.name or url.link.partition(":")[0])
        yield f'<li><a href="{escape(url.link)}">{logo}<span>{label}</span></a></li>'


def _logo(url: BankLink) -> str:
    if _scheme(url.logo) != "https":
        return ""
    return f'<img alt="" loading="lazy" src="{escape(url.logo)}">'


def _scheme(link: str) -> str:
    try:
        return urlsplit(link.strip()).scheme.lower()
    except ValueError:
        return ""
