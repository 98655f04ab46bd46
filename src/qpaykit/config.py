"""Settings: from arguments, else from the environment, checked before anything is sent."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from qpaykit._callback_url import check_callback_url
from qpaykit._numbers import is_number
from qpaykit.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import TypeAlias

Secrets: TypeAlias = str | SecretStr | Sequence[str | SecretStr]

Given = TypeVar("Given", bound="Secrets | None")

PRODUCTION_URL = "https://merchant.qpay.mn/v2"
SANDBOX_URL = "https://merchant-sandbox.qpay.mn/v2"

_HOST = re.compile(r"(?:[\w-]{1,63}\.)*[\w-]{1,63}\.?")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_MAX_INVOICE_CODE = 45
_MIN_SECRET_CHARACTERS = 16

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
    def is_production(self) -> bool:
        """Whether this QPay is the real one, which calls back from outside."""
        return self.base_url == PRODUCTION_URL

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
    password: SecretStr | None,
    invoice_code: str | None,
    callback_url: str | None,
    base_url: str | None,
    callback_secret: Secrets | None,
) -> Settings:
    """Make settings of arguments, and of `QPAY_*` variables where an argument is None.

    Raises:
        ConfigurationError: One is missing or cannot be right; the message names it.
    """
    secret = _password(password)
    username = _required("username", username)
    if ":" in username:
        raise ConfigurationError("username (QPAY_USERNAME) must hold no colon: HTTP ends it there")
    base_url = normalise_base_url(_setting("base_url", base_url) or PRODUCTION_URL)
    return Settings(
        username=username,
        password=secret,
        base_url=base_url,
        invoice_code=_invoice_code(invoice_code),
        callback_url=_callback_url(callback_url, public=base_url == PRODUCTION_URL),
        callback_secrets=_secrets(callback_secret),
    )


def wrap_secret(value: str | SecretStr | None) -> SecretStr | None:
    """Hide a secret from tracebacks; whoever takes one from outside calls this first.

    Error trackers send the local variables of every frame. What is no text is left as it is, for
    the check that follows.
    """
    return SecretStr(value) if isinstance(value, str) else value


def wrap_secrets(given: Given) -> Given | tuple[SecretStr, ...]:
    """Hide one or several secrets from tracebacks; see `wrap_secret`."""
    if isinstance(given, str):
        return (SecretStr(given),)
    if isinstance(given, (list, tuple)):
        return tuple(SecretStr(one) if isinstance(one, str) else one for one in given)
    return given


def _setting(name: str, value: str | None) -> str | None:
    if value is None:
        value = os.environ.get(f"QPAY_{name.upper()}", "")
    elif not isinstance(value, str):
        msg = f"{name} must be text"
        raise ConfigurationError(msg)
    return value.strip() or None


def _password(given: SecretStr | None) -> SecretStr:
    if given is not None and not isinstance(given, SecretStr):
        raise ConfigurationError("password must be text")
    found = SecretStr(os.environ.get("QPAY_PASSWORD", "")) if given is None else given
    found = SecretStr(found.get_secret_value().strip())
    if not found.get_secret_value():
        raise _missing("password")
    return found


def _invoice_code(value: str | None) -> str | None:
    found = _setting("invoice_code", value)
    if found is not None and len(found) > _MAX_INVOICE_CODE:
        raise ConfigurationError(
            f"invoice_code (QPAY_INVOICE_CODE) has {len(found)} characters; QPay takes "
            f"{_MAX_INVOICE_CODE}"
        )
    return found


def _callback_url(value: str | None, *, public: bool) -> str | None:
    found = _setting("callback_url", value)
    if found is None:
        return None
    try:
        return check_callback_url(found, public=public)
    except ValueError as problem:
        msg = f"callback_url (QPAY_CALLBACK_URL) {problem}"
        raise ConfigurationError(msg) from None


def _required(name: str, value: str | None) -> str:
    found = _setting(name, value)
    if found is None:
        raise _missing(name)
    return found


def _missing(name: str) -> ConfigurationError:
    return ConfigurationError(f"QPay's {name} is missing: pass {name}=… or set QPAY_{name.upper()}")


def _secrets(given: Secrets | None) -> tuple[SecretStr, ...]:
    if given is not None:
        return secrets_of(given)
    # A list in the variable lets an old secret be rotated out without a change of code.
    found = os.environ.get("QPAY_CALLBACK_SECRET", "").split(",")
    return secrets_of(tuple(SecretStr(one) for one in map(str.strip, found) if one))


def secrets_of(given: Secrets) -> tuple[SecretStr, ...]:
    """Bring callback secrets into their one form, without white space around them.

    Raises:
        ConfigurationError: One has fewer than 16 characters, or is no text.
    """
    several: object = wrap_secrets(given)
    if isinstance(several, SecretStr):
        several = (several,)
    if not isinstance(several, Sequence) or isinstance(several, (bytes, bytearray)):
        raise ConfigurationError("callback_secret must be text, or several texts")
    if not all(isinstance(one, SecretStr) for one in several):
        raise ConfigurationError("callback_secret must be text, or several texts")
    secrets = tuple(SecretStr(one.get_secret_value().strip()) for one in several)
    if any(len(one) < _MIN_SECRET_CHARACTERS for one in secrets):
        raise ConfigurationError(
            f"callback_secret must have at least {_MIN_SECRET_CHARACTERS} characters: make one "
            'with python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return secrets


def normalise_base_url(url: str) -> str:
    """Bring a base URL into its one form, which ends in `/v2`.

    Args:
        url: With or without a trailing `/` or `/v2`; `https`, or `http` on loopback only.

    Raises:
        ConfigurationError: It is no such URL.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
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
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{port}"
    return urlunsplit((parts.scheme, netloc, f"{path}/v2", "", ""))


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
