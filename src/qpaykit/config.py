"""Settings, from arguments or environment variables, validated before anything is sent."""

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
from typing_extensions import TypedDict

from qpaykit._callback_url import check_callback_url, is_encodable
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
_MAX_INVOICE_CODE_CHARACTERS = 45
_MIN_SECRET_CHARACTERS = 16

DEFAULT_TIMEOUT_SECONDS = 15.0
DEFAULT_MAX_RETRIES = 2


class Product:
    """One of QPay's products: how its settings are named.

    Args:
        title: What its login is called in errors.
        prefix: What its environment variables begin with.
        production_url: Its base URL.
    """

    def __init__(self, title: str, prefix: str, production_url: str) -> None:
        self.title: str = title
        self.prefix: str = prefix
        self.production_url: str = production_url

    def variable(self, name: str) -> str:
        """Return the environment variable of a setting."""
        return f"{self.prefix}{name.upper()}"

    def text(self, name: str, value: str | None) -> str | None:
        """Return a setting as it was given, else from its variable; None for neither.

        Raises:
            ConfigurationError: It is not text.
        """
        if value is None:
            value = os.environ.get(self.variable(name), "")
        elif not isinstance(value, str):
            msg = f"{name} must be text"
            raise ConfigurationError(msg)
        if not is_encodable(value):
            msg = f"{name} ({self.variable(name)}) holds what UTF-8 cannot write"
            raise ConfigurationError(msg)
        return value.strip() or None

    def required_text(self, name: str, value: str | None) -> str:
        """Return a setting as `text` does.

        Raises:
            ConfigurationError: It is missing, or not text.
        """
        found = self.text(name, value)
        if found is None:
            raise self.missing(name)
        return found

    def missing(self, name: str) -> ConfigurationError:
        """Make the error of a setting that must be given."""
        return ConfigurationError(
            f"{self.title}'s {name} is missing: pass {name}=… or set {self.variable(name)}"
        )

    def missing_in_call(self, name: str) -> ConfigurationError:
        """Make the error of a setting that a call needs, and that the client has none of."""
        return ConfigurationError(
            f"{name} is missing: pass {name}=… to the call or to the client, or set "
            f"{self.variable(name)}"
        )


MERCHANT = Product("QPay", "QPAY_", PRODUCTION_URL)


class AccountFields(TypedDict):
    """The fields of `AccountSettings`."""

    product: Product
    username: str
    password: SecretStr
    base_url: str
    callback_url: str | None
    callback_secrets: tuple[SecretStr, ...]


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The settings of a login, which every product has."""

    product: Product
    username: str
    password: SecretStr
    base_url: str
    callback_url: str | None
    callback_secrets: tuple[SecretStr, ...]

    @property
    def account(self) -> str:
        """A short name of this account at this QPay, for keys in a store."""
        return hashlib.sha256(f"{self.base_url}\n{self.username}".encode()).hexdigest()[:32]

    @property
    def login_body(self) -> bytes | None:
        """The JSON that a login sends beside user name and password."""
        return None

    @property
    def is_production(self) -> bool:
        """Whether this QPay is the real one, which calls back from outside."""
        return self.base_url == self.product.production_url

    @property
    def on_this_machine(self) -> bool:
        """Whether this QPay is one on loopback, such as the simulator."""
        return is_loopback(urlsplit(self.base_url).hostname or "")


@dataclass(frozen=True, slots=True)
class Settings(AccountSettings):
    """The settings of a `QPayClient`."""

    invoice_code: str | None


class Options:
    """The limits of a call.

    Args:
        timeout: Seconds that one attempt may take.
        max_retries: How many attempts may follow a failed one.

    Raises:
        ConfigurationError: One is out of its range.
    """

    def __init__(self, timeout: float, max_retries: int) -> None:
        if not (is_number(timeout) and 0 < timeout < math.inf):
            raise ConfigurationError("timeout must be a number of seconds above 0")
        if not (is_number(max_retries, int) and max_retries >= 0):
            raise ConfigurationError("max_retries must be a whole number, 0 or more")
        self.timeout: float = timeout
        self.max_retries: int = max_retries


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
        ConfigurationError: One is missing or invalid; the message names it.
    """
    account = load_account(
        MERCHANT,
        username=username,
        password=password,
        callback_url=callback_url,
        base_url=base_url,
        callback_secret=callback_secret,
    )
    return Settings(**account, invoice_code=_invoice_code(invoice_code))


def load_account(
    product: Product,
    *,
    username: str | None,
    password: SecretStr | None,
    callback_url: str | None,
    base_url: str | None,
    callback_secret: Secrets | None,
) -> AccountFields:
    """Make what the settings of every product have, of arguments and of the product's variables.

    Raises:
        ConfigurationError: One is missing or invalid; the message names it.
    """
    secret = _password(product, password)
    username = product.required_text("username", username)
    if ":" in username:
        raise ConfigurationError(
            f"username ({product.variable('username')}) must hold no colon: HTTP ends it there"
        )
    base_url = normalise_base_url(
        product.text("base_url", base_url) or product.production_url,
        variable=product.variable("base_url"),
    )
    return {
        "product": product,
        "username": username,
        "password": secret,
        "base_url": base_url,
        "callback_url": _callback_url(
            product, callback_url, public=base_url == product.production_url
        ),
        "callback_secrets": _secrets(product, callback_secret),
    }


def wrap_secret(value: str | SecretStr | None) -> SecretStr | None:
    """Hide a secret from tracebacks. Every public function that takes a secret calls this first.

    Error trackers send the local variables of every frame. A value that is not text is returned as
    it is, for the check that follows.
    """
    return SecretStr(value) if isinstance(value, str) else value


def wrap_secrets(given: Given) -> Given | tuple[SecretStr, ...]:
    """Hide one or several secrets from tracebacks; see `wrap_secret`."""
    if isinstance(given, str):
        return (SecretStr(given),)
    if isinstance(given, (list, tuple)):
        return tuple(SecretStr(one) if isinstance(one, str) else one for one in given)
    return given


def _password(product: Product, given: SecretStr | None) -> SecretStr:
    if given is not None and not isinstance(given, SecretStr):
        raise ConfigurationError("password must be text")
    variable = product.variable("password")
    found = SecretStr(os.environ.get(variable, "")) if given is None else given
    found = SecretStr(found.get_secret_value().strip())
    if not found.get_secret_value():
        raise product.missing("password")
    if not is_encodable(found.get_secret_value()):
        raise ConfigurationError(f"password ({variable}) holds what UTF-8 cannot write")
    return found


def _invoice_code(value: str | None) -> str | None:
    found = MERCHANT.text("invoice_code", value)
    if found is not None and len(found) > _MAX_INVOICE_CODE_CHARACTERS:
        raise ConfigurationError(
            f"invoice_code (QPAY_INVOICE_CODE) has {len(found)} characters; QPay takes "
            f"{_MAX_INVOICE_CODE_CHARACTERS}"
        )
    return found


def _callback_url(product: Product, value: str | None, *, public: bool) -> str | None:
    found = product.text("callback_url", value)
    if found is None:
        return None
    try:
        return check_callback_url(found, public=public)
    except ValueError as problem:
        msg = f"callback_url ({product.variable('callback_url')}) {problem}"
        raise ConfigurationError(msg) from None


def _secrets(product: Product, given: Secrets | None) -> tuple[SecretStr, ...]:
    if given is not None:
        return secrets_of(given)
    # The variable takes a list, so that a secret can be rotated without a change of code.
    found = os.environ.get(product.variable("callback_secret"), "").split(",")
    return secrets_of(tuple(SecretStr(one) for one in map(str.strip, found) if one))


def secrets_of(given: Secrets) -> tuple[SecretStr, ...]:
    """Return callback secrets as a tuple, without white space around them.

    Raises:
        ConfigurationError: One has fewer than 16 characters, or is not text.
    """
    several: object = wrap_secrets(given)
    if isinstance(several, SecretStr):
        several = (several,)
    if not isinstance(several, Sequence) or isinstance(several, (bytes, bytearray)):
        raise ConfigurationError("callback_secret must be text, or several texts")
    if not all(isinstance(one, SecretStr) for one in several):
        raise ConfigurationError("callback_secret must be text, or several texts")
    secrets = tuple(SecretStr(one.get_secret_value().strip()) for one in several)
    if not all(is_encodable(one.get_secret_value()) for one in secrets):
        raise ConfigurationError("callback_secret holds what UTF-8 cannot write")
    if any(len(one) < _MIN_SECRET_CHARACTERS for one in secrets):
        raise ConfigurationError(
            f"callback_secret must have at least {_MIN_SECRET_CHARACTERS} characters: make one "
            'with python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return secrets


def normalise_base_url(url: str, *, variable: str = "QPAY_BASE_URL") -> str:
    """Normalise a base URL, so that it ends in `/v2`.

    Args:
        url: With or without a trailing `/` or `/v2`; `https`, or `http` on loopback only.
        variable: The setting's environment variable, for the error.

    Raises:
        ConfigurationError: It is not such a URL.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not _is_host(host, parts.netloc):
        raise ConfigurationError(f"base_url ({variable}) must be an https:// URL")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f"base_url ({variable}) must hold no user name, password, query or fragment"
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"base_url ({variable}) must use https://: over http:// the password would "
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
    """Return whether `host` names this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
