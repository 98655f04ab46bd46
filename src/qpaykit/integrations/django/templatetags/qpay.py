"""`{% load qpay %}{% qpay_invoice invoice %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

if TYPE_CHECKING:
    from typing import Literal

    from qpaykit.models import Invoice

register: template.Library = template.Library()


@register.simple_tag
def qpay_invoice(
    invoice: Invoice, lang: Literal["mn", "en"] | None = None, *, logos: bool = True
) -> SafeString:
    """Show the QR code and the banks' buttons of an invoice; see `Invoice.to_html`.

    Args:
        invoice: What `client().invoices.create` returned.
        lang: "mn" or "en"; when left out it is Django's current language, English for any but
            Mongolian.
        logos: Whether the buttons show the banks' logos.
    """
    if lang is None:
        lang = "mn" if (get_language() or "").startswith("mn") else "en"
    # `to_html` escapes whatever QPay sent.
    return mark_safe(invoice.to_html(lang, logos=logos))  # noqa: S308
