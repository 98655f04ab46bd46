"""The rules of callback URLs, for settings, requests and signatures, and their parameters."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNATURE_PARAM: Final = "qpaykit"
PAYMENT_ID_PARAM: Final = "qpay_payment_id"
NUMBER_PARAM: Final = "qpaykit_no"
MAX_URL_CHARACTERS: Final = 255

_MAX_LABEL_CHARACTERS = 63
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


def check_callback_url(url: str, *, public: bool = False) -> str:
    """Return a callback URL, without the white space around it.

    Args:
        url: An absolute http or https URL, of at most 255 characters.
        public: Whether QPay must reach it from outside, so that loopback and private addresses
            are refused.

    Raises:
        ValueError: It is not such a URL; the sentence says what to do.
    """
    url, host = _normalise(url)
    if public and not is_public_host(host):
        raise ValueError(
            "must be an address that QPay reaches from outside, not one of this machine or of a "
            "private network"
        )
    return url


def is_encodable(text: str) -> bool:
    """Return whether a text can be encoded in UTF-8.

    An environment variable with bytes that are not UTF-8 cannot. Check a secret before it is
    encoded: the `UnicodeEncodeError` contains the whole text.
    """
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def add_param(url: str, name: str, value: str) -> str:
    """Return a URL with a further query parameter.

    Args:
        url: The URL.
        name: The parameter's name.
        value: Its value, percent-encoded.
    """
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(query=f"{query}{name}={value}"))


def add_number(url: str, count: int) -> str:
    """Add to a callback URL which invoice of its order it is for: 2 for the second, and so on.

    QPay returns the URL with the invoice, so that "42-2" is known to be of order 42 even if the
    store has lost its record.
    """
    return add_param(url, NUMBER_PARAM, str(count))


def order_of(number: str, params: Mapping[str, str]) -> str:
    """Return the order number of an invoice.

    Args:
        number: The invoice's `sender_invoice_no`.
        params: The parameters of its callback URL.
    """
    count = params.get(NUMBER_PARAM)
    return number if count is None else number.removesuffix(f"-{count}")


def comparable_number(number: str) -> str:
    """Return an order's or an invoice's number for comparison: QPay may drop blanks around it."""
    return number.strip()


@lru_cache(maxsize=32)
def is_public_host(host: str) -> bool:
    """Return whether a host is neither loopback nor a private address."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return False
    try:
        return ipaddress.ip_address(name).is_global
    except ValueError:
        pass  # a name, or an address in another form
    try:
        # Resolvers also accept "127.1" and "2130706433" as addresses.
        return ipaddress.ip_address(socket.inet_aton(name)).is_global
    except OSError:
        return True


# One URL is checked up to three times for an invoice: as a field, with the defaults, and before it
# is signed.
@lru_cache(maxsize=32)
def _normalise(url: str) -> tuple[str, str]:
    """Return a callback URL, without the white space around it, and its host."""
    url = url.strip()
    if url[:1] in {'"', "'"} or url[-1:] in {'"', "'"}:
        raise ValueError("must not stand in quotes: remove them from the variable's value")
    if _UNPRINTABLE.search(url) or not is_encodable(url):
        raise ValueError("must hold no blanks and no control characters: percent-encode them")
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a whole URL, such as https://shop.example/callback")
    if not all(
        0 < len(label) <= _MAX_LABEL_CHARACTERS for label in parts.hostname.rstrip(".").split(".")
    ):
        raise ValueError("must have a host whose parts have 1 to 63 characters each")
    if "@" in parts.netloc:
        raise ValueError("must hold no user name and no password: QPay does not send them")
    if len(url) > MAX_URL_CHARACTERS:
        msg = f"has {len(url)} characters; QPay takes {MAX_URL_CHARACTERS}"
        raise ValueError(msg)
    names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    for name in (SIGNATURE_PARAM, PAYMENT_ID_PARAM):
        if name in names:
            msg = f"must have no parameter {name} of its own: it is added to the URL"
            raise ValueError(msg)
    return url, parts.hostname


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (reading it checks it)
    except ValueError:
        return None
    return parts
