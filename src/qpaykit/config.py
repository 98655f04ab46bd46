"""Settings: from arguments, else from the environment, checked before anything is sent."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from qpaykit.errors import ConfigurationError
from qpaykit.models.values import is_number

if TYPE_CHECKING:
    from typing import TypeAlias

Secrets: TypeAlias = str | SecretStr | Sequence[str | SecretStr]

PRODUCTION_URL = "https://merchant.qpay.mn/v2"
SANDBOX_URL = "https://merchant-sandbox.qpay.mn/v2"

_HOST = re.compile(r"[\w.-]+")

DEFAULT_TIMEOUT = 15.0
DEFAULT_MAX_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client knows of its merchant."""

    username: str
    password: SecretStr
    base_url: str
    invoice_code: str | None
    callback_url: str | None
    callback_secrets: tuple[SecretStr, ...]

    @property
    def account(self) -> str:
        """A short name of this account at this QPay, for keys in a store."""
        return hashlib.sha256(f"{self.base_url}\n{self.username}".encode()).hexdigest()[:32]

    @property
    def on_this_machine(self) -> bool:
        """Whether this QPay is one on loopback, such as the simulator."""
        return is_loopback(urlsplit(self.base_url).hostname or "")


@dataclass(frozen=True, slots=True)
class Options:
    """How long one attempt may take, in seconds, and how many more may follow it."""

    timeout: float
    max_retries: int

    def __post_init__(self) -> None:
        if not (is_number(self.timeout) and 0 < self.timeout < math.inf):
            raise ConfigurationError("timeout must be a number of seconds above 0")
        if not (is_number(self.max_retries, int) and self.max_retries >= 0):
            raise ConfigurationError("max_retries must be a whole number, 0 or more")


def load_settings(
    *,
    username: str | None,
    password: str | SecretStr | None,
    invoice_code: str | None,
    callback_url: str | None,
    base_url: str | None,
    callback_secret: Secrets | None,
) -> Settings:
    """Make settings of arguments, and of `QPAY_*` variables where an argument is None.

    Raises:
        ConfigurationError: One is missing or cannot be right; the message names it.
    """
    if isinstance(password, SecretStr):
        password = password.get_secret_value()
    username = _required("username", username)
    if ":" in username:
        raise ConfigurationError("username (QPAY_USERNAME) must hold no colon: HTTP ends it there")
    return Settings(
        username=username,
        password=SecretStr(_required("password", password)),
        base_url=normalise_base_url(_setting("base_url", base_url) or PRODUCTION_URL),
        invoice_code=_limited("invoice_code", invoice_code, 45),
        callback_url=_limited("callback_url", callback_url, 255),
        callback_secrets=_secrets(callback_secret),
    )


def _setting(name: str, value: str | None) -> str | None:
    if value is None:
        value = os.environ.get(f"QPAY_{name.upper()}", "").strip()
    elif not isinstance(value, str):
        msg = f"{name} must be text"
        raise ConfigurationError(msg)
    return value or None


def _limited(name: str, value: str | None, most: int) -> str | None:
    found = _setting(name, value)
    if found is not None and len(found) > most:
        raise ConfigurationError(
            f"{name} (QPAY_{name.upper()}) has {len(found)} characters; QPay takes {most}"
        )
    return found


def _required(name: str, value: str | None) -> str:
    found = _setting(name, value)
    if found is None:
        msg = f"QPay's {name} is missing: pass {name}=… or set QPAY_{name.upper()}"
        raise ConfigurationError(msg)
    return found


def _secrets(given: Secrets | None) -> tuple[SecretStr, ...]:
    if given is None:
        # A list in the variable lets an old secret be rotated out without a change of code.
        given = [
            secret
            for one in os.environ.get("QPAY_CALLBACK_SECRET", "").split(",")
            if (secret := one.strip())
        ]
    return secrets_of(given)


def secrets_of(given: Secrets) -> tuple[SecretStr, ...]:
    """Bring callback secrets into their one form.

    Raises:
        ConfigurationError: One is empty, or no text.
    """
    several: object = [given] if isinstance(given, (str, SecretStr)) else given
    if not isinstance(several, Sequence) or isinstance(several, (bytes, bytearray)):
        raise ConfigurationError("callback_secret must be text, or several texts")
    secrets = tuple(one if isinstance(one, SecretStr) else _secret(one) for one in several)
    if not all(secret.get_secret_value() for secret in secrets):
        raise ConfigurationError("callback_secret must not be empty")
    return secrets


def _secret(value: object) -> SecretStr:
    if not isinstance(value, str):
        raise ConfigurationError("callback_secret must be text, or several texts")
    return SecretStr(value)


def normalise_base_url(url: str) -> str:
    """Bring a base URL into its one form, which ends in `/v2`.

    Args:
        url: With or without a trailing `/` or `/v2`; `https`, or `http` on loopback only.

    Raises:
        ConfigurationError: It is no such URL.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not _is_host(host, parts.netloc):
        raise ConfigurationError("base_url (QPAY_BASE_URL) must be an https:// URL")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            "base_url (QPAY_BASE_URL) must hold no user name, password, query or fragment"
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            "base_url (QPAY_BASE_URL) must use https://: over http:// the password would "
            "travel in the open (http:// is accepted for loopback hosts only)"
        )
    path = parts.path.rstrip("/").removesuffix("/v2").rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc.lower(), f"{path}/v2", "", ""))


def _is_host(host: str, netloc: str) -> bool:
    if "[" not in netloc:
        return _HOST.fullmatch(host) is not None
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Say whether `host` names this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
