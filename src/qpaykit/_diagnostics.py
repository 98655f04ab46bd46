"""The checks of `qpaykit doctor`: settings, callback URL, login and clock."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qpaykit._callback_url import check_callback_url, is_public_host
from qpaykit._escaping import escaped
from qpaykit._http.httpx_backend import default_backend, plain_client
from qpaykit.client import QPayClient
from qpaykit.config import MERCHANT, PRODUCTION_URL, SANDBOX_URL, normalise_base_url
from qpaykit.errors import ConfigurationError, QPayError
from qpaykit.quickqr import QuickQRClient
from qpaykit.quickqr._settings import QUICKQR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qpaykit.config import AccountSettings, Product, Settings

_MAX_SKEW_SECONDS = 30.0
_PLACEHOLDER_URL = "https://shop.example/callback"
_NEEDED = ("username", "password")
_SERVERS = {PRODUCTION_URL: "{url} (production)", SANDBOX_URL: "{url} (the sandbox)"}


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: What was checked.
        is_ok: Whether it is right; None for a note, which needs no action.
        text: What was found and what to do about it: English, with the names of `values` in
            braces.
        values: The values that `text` names.
    """

    name: str
    is_ok: bool | None
    text: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The text in English, with its values filled in."""
        return self.text.format(**self.values)


def diagnose_merchant() -> Iterator[Finding]:
    """Check the merchant product's variables, its login and the clock; no finding has a secret."""
    missing = _missing(MERCHANT, _NEEDED)
    for name in missing:
        yield _unset(MERCHANT, name)
    unusable_url = _problem_of_callback_url()
    if unusable_url:
        yield _finding("callback_url", False, "{problem}", problem=unusable_url)
    try:
        # With placeholders for these, the other settings can be checked too.
        client = QPayClient(
            username="missing" if "username" in missing else None,
            password="missing" if "password" in missing else None,
            callback_url=_PLACEHOLDER_URL if unusable_url else None,
            max_retries=0,
            timeout=10,
        )
    except ConfigurationError as error:
        yield _finding("settings", False, "{problem}", problem=str(error))
        return
    with client:
        settings = client.settings
        if "username" not in missing:
            yield _finding("username", True, "{username}", username=escaped(settings.username))
        if "password" not in missing:
            yield _finding("password", True, "set")
        yield _server(settings)
        yield from _invoices(settings, skip_url=bool(unusable_url))
        if missing:
            return
        yield from _login(client)
    yield from _clock(settings.base_url)


def diagnose() -> Iterator[Finding]:
    """Check each product whose variables are set; the merchant product where none are."""
    for_quickqr = any(name.startswith(QUICKQR.prefix) for name in os.environ)
    names = {name for name in os.environ if name.startswith(MERCHANT.prefix)}
    if not for_quickqr or any(not name.startswith(QUICKQR.prefix) for name in names):
        yield from diagnose_merchant()
    if for_quickqr:
        yield from diagnose_quickqr()


def diagnose_quickqr() -> Iterator[Finding]:
    """Check the variables of Quick QR, its login and the clock; no finding has a secret."""
    missing = _missing(QUICKQR, (*_NEEDED, "terminal_id"))
    for name in missing:
        yield _unset(QUICKQR, name, "quickqr ")
    if missing:
        return
    try:
        client = QuickQRClient(max_retries=0, timeout=10)
    except ConfigurationError as error:
        yield _finding("quickqr settings", False, "{problem}", problem=str(error))
        return
    with client:
        settings = client.settings
        yield _finding(
            "quickqr login",
            True,
            "{username}, terminal {terminal}, at {url}",
            username=escaped(settings.username),
            terminal=escaped(settings.terminal_id),
            url=settings.base_url,
        )
        yield _callback_url(settings, "quickqr ")
        signed = bool(settings.callback_secrets)
        yield _finding(
            "quickqr callback_secret",
            signed or None,
            "set" if signed else "not set: callbacks need it; set {variable}",
            variable=QUICKQR.variable("callback_secret"),
        )
        yield from _login(client, "quickqr token")
    yield from _clock(settings.base_url, "quickqr clock")


def _missing(product: Product, needed: Sequence[str]) -> list[str]:
    return [name for name in needed if not os.environ.get(product.variable(name), "").strip()]


def _unset(product: Product, name: str, prefix: str = "") -> Finding:
    return _finding(
        f"{prefix}{name}",
        False,
        "not set: QPay gives it to you; set {variable}",
        variable=product.variable(name),
    )


def _server(settings: Settings) -> Finding:
    base_url = settings.base_url
    text = _SERVERS.get(base_url) or ("{url} (a simulator)" if settings.on_this_machine else None)
    return _finding("base_url", bool(text) or None, text or "{url} (not QPay itself)", url=base_url)


def _problem_of_callback_url() -> str:
    url = os.environ.get("QPAY_CALLBACK_URL", "").strip()
    if not url:
        return ""
    # A client of the production server also refuses addresses that QPay cannot reach.
    base_url = os.environ.get("QPAY_BASE_URL", "").strip() or PRODUCTION_URL
    try:
        is_production = normalise_base_url(base_url) == PRODUCTION_URL
    except ConfigurationError:
        is_production = False  # reported as a setting of its own
    try:
        check_callback_url(url, public=is_production)
    except ValueError as problem:
        return f"{escaped(url)}: it {problem}"
    return ""


def _invoices(settings: Settings, *, skip_url: bool) -> Iterator[Finding]:
    code = settings.invoice_code
    yield _finding(
        "invoice_code",
        bool(code) or None,
        "{code}; QPay checks it with the first invoice"
        if code
        else "not set: pass it to every invoice, or set {variable}",
        code=code or "",
        variable="QPAY_INVOICE_CODE",
    )
    if not skip_url:
        yield _callback_url(settings)
    signed = bool(settings.callback_secrets)
    yield _finding(
        "callback_secret",
        signed or None,
        "set" if signed else "not set: callbacks can be forged; set {variable}",
        variable="QPAY_CALLBACK_SECRET",
    )


def _callback_url(settings: AccountSettings, prefix: str = "") -> Finding:
    url = settings.callback_url
    if url is None:
        return _finding(
            f"{prefix}callback_url",
            None,
            "not set: pass it to every invoice, or set {variable}",
            variable=settings.product.variable("callback_url"),
        )
    is_ok = _is_callable(url, local=settings.on_this_machine)
    text = "{url}" if is_ok else "{url}: QPay calls public https:// URLs only"
    return _finding(f"{prefix}callback_url", is_ok, text, url=url)


def _is_callable(callback_url: str, *, local: bool) -> bool:
    parts = urlsplit(callback_url)
    return local or (parts.scheme == "https" and is_public_host(parts.hostname or ""))


def _login(client: QPayClient | QuickQRClient, name: str = "token") -> Iterator[Finding]:
    try:
        client.tokens.get()
    except QPayError as error:
        yield _finding(name, False, "{problem}", problem=escaped(str(error)))
    else:
        yield _finding(name, True, "QPay gives one")


def _clock(base_url: str, name: str = "clock") -> Iterator[Finding]:
    backend = default_backend()
    unreadable: tuple[type[Exception], ...] = (
        *backend.errors,
        ConfigurationError,
        TypeError,
        ValueError,
    )
    try:
        with plain_client(backend, timeout=10) as http:
            asked = time.time()
            date = http.get(base_url).headers.get("date")
            # QPay read its clock between these two times, and truncated it to seconds.
            halfway = (asked + time.time()) / 2
        skew = halfway - 0.5 - parsedate_to_datetime(date).timestamp()
    except unreadable:
        yield _finding(name, None, "QPay's time could not be read")
        return
    is_ok = abs(skew) <= _MAX_SKEW_SECONDS
    yield _finding(
        name,
        is_ok,
        "{skew} s from QPay's"
        if is_ok
        else "{skew} s from QPay's: set this machine's clock (NTP), which decides when tokens "
        "expire",
        skew=f"{skew:+.0f}",
    )


def _finding(name: str, is_ok: bool | None, text: str, **values: str) -> Finding:
    return Finding(name, is_ok, text, values)
