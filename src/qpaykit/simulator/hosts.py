"""Which `Host` headers are answered: protection against DNS rebinding.

A web page can make its own host name resolve to 127.0.0.1 and then call the simulator as the same
origin. The `Host` header keeps that name, so only this machine's names are accepted.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qpaykit.config import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

_HOST = re.compile(
    r"(\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[^\s:@/?#\[\]]+))(:[0-9]*)?", re.IGNORECASE
)


def host_check(listens_on: str, *, exposed: bool, public_url: str | None) -> Callable[[str], bool]:
    """Return a function that says whether a `Host` header is accepted.

    Args:
        listens_on: The address that the simulator listens on.
        exposed: Whether other machines may reach it: its own address and the host of
            `public_url` are accepted too.
        public_url: Where other machines find it.
    """
    names: set[str] = set()
    any_address = False
    if exposed:
        names = {listens_on.lower(), urlsplit(public_url or "").hostname or ""} - {""}
        # Rebinding needs a name: an IP address in `Host` was typed in by a person.
        any_address = _is_unspecified(listens_on)

    def accepts(header: str) -> bool:
        match = _HOST.fullmatch(header.strip())
        host = (match["ipv6"] or match["name"]).lower() if match else ""
        return is_loopback(host) or host in names or (any_address and _is_address(host))

    return accepts


def refusal(header: str) -> str:
    """Return the sentence for a `Host` header that is not accepted."""
    return (
        f"The simulator answers only to the names of this machine (localhost, 127.0.0.1, [::1]), "
        f"not to {header[:200]!r}. If you mean it to be reached under that name, start it with "
        f"expose=True and public_url= (--expose --public-url) set to its URL.\n"
    )


def _is_unspecified(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_unspecified


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
