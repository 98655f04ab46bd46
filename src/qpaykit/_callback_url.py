"""What a callback URL may be: the one rule for settings, requests, signatures and the doctor."""

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
MAX_CHARACTERS: Final = 255

_MAX_LABEL_CHARACTERS = 63
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def check_callback_url(url: str, *, public: bool = False) -> str:
    """Return a callback URL, without the white space around it.

    Args:
        url: An absolute http or https URL, of at most 255 characters.
        public: Whether QPay must reach it from outside, so that loopback and private addresses
            are refused.

    Raises:
        ValueError: It is no such URL; the sentence says what to do.
    """
    url, host = _read(url)
    if public and not is_public_host(host):
        raise ValueError(
            "must be an address that QPay reaches from outside, not one of this machine or of a "
            "private network"
        )
    return url


def add_number(url: str, count: int) -> str:
    """Say in a callback URL which invoice of its order it is of: the second, the third.

    QPay repeats the URL with the invoice, so "42-2" is known to be order 42 even if the store
    has lost it.
    """
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(query=f"{query}{NUMBER_PARAM}={count}"))


def order_of(number: str, params: Mapping[str, str]) -> str:
    """Return the order of an invoice, by its number and its callback URL's parameters."""
    count = params.get(NUMBER_PARAM)
    return number if count is None else number.removesuffix(f"-{count}")


@lru_cache(maxsize=32)
def is_public_host(host: str) -> bool:
    """Say whether a host may be reached from outside: no loopback and no private address."""
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


# The URL of one invoice is checked when it is given, when it is completed and when it is signed.
@lru_cache(maxsize=32)
def _read(url: str) -> tuple[str, str]:
    """Return a callback URL, without the white space around it, and its host."""
    url = url.strip()
    if url[:1] in {'"', "'"} or url[-1:] in {'"', "'"}:
        raise ValueError("must not stand in quotes: remove them from the variable's value")
    if _UNPRINTABLE.search(url):
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
    if len(url) > MAX_CHARACTERS:
        msg = f"has {len(url)} characters; QPay takes {MAX_CHARACTERS}"
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
