"""`settings.QPAY`, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, TypedDict

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from pydantic import SecretStr

from qpaykit.config import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_SECONDS
from qpaykit.errors import ConfigurationError

NAMES: Final = (
    "USERNAME",
    "PASSWORD",
    "INVOICE_CODE",
    "CALLBACK_URL",
    "BASE_URL",
    "CALLBACK_SECRET",
    "TIMEOUT",
    "MAX_RETRIES",
    "DATABASE",
)


class ClientSettings(TypedDict):
    """The arguments of a client; None means the `QPAY_*` variable."""

    username: str | None
    password: SecretStr | None
    invoice_code: str | None
    callback_url: str | None
    base_url: str | None
    callback_secret: tuple[SecretStr, ...] | None
    timeout: float
    max_retries: int


def client_settings() -> ClientSettings:
    """Read what a client needs.

    Raises:
        ConfigurationError: `settings.QPAY` is not a dict, or has an unknown name, or a value of
            another type.
    """
    for problem in unknown_names():
        raise ConfigurationError(problem)
    timeout, max_retries = _given("TIMEOUT"), _given("MAX_RETRIES")
    if not isinstance(timeout, (int, float, type(None))):
        raise ConfigurationError("QPAY['TIMEOUT'] must be a number of seconds above 0")
    if not isinstance(max_retries, (int, type(None))):
        raise ConfigurationError("QPAY['MAX_RETRIES'] must be a whole number, 0 or more")
    return ClientSettings(
        username=_text("USERNAME"),
        password=_secret("PASSWORD"),
        invoice_code=_text("INVOICE_CODE"),
        callback_url=_text("CALLBACK_URL"),
        base_url=_text("BASE_URL"),
        callback_secret=_secrets("CALLBACK_SECRET"),
        timeout=DEFAULT_TIMEOUT_SECONDS if timeout is None else timeout,
        max_retries=DEFAULT_MAX_RETRIES if max_retries is None else max_retries,
    )


def database_alias() -> str:
    """Return the alias of the database that has the tables.

    Raises:
        ConfigurationError: `DATABASES` has no such alias.
    """
    alias = _text("DATABASE") or DEFAULT_DB_ALIAS
    if alias not in settings.DATABASES:
        msg = f"QPAY['DATABASE'] is {alias!r}, and DATABASES has no such alias"
        raise ConfigurationError(msg)
    return alias


def unknown_names() -> list[str]:
    """Return a sentence for each unknown name in `settings.QPAY`."""
    if not isinstance(getattr(settings, "QPAY", {}), Mapping):
        return ["settings.QPAY must be a dict, such as {'USERNAME': …}"]
    return [_unknown(name) for name in getattr(settings, "QPAY", {}) if name not in NAMES]


def _unknown(name: object) -> str:
    close = get_close_matches(str(name).upper(), NAMES, 1)
    hint = f"write {close[0]!r}" if close else f"known are {', '.join(NAMES)}"
    return f"QPAY[{name!r}] is not a setting: {hint}"


def _text(name: str) -> str | None:
    value = _given(name)
    if not isinstance(value, (str, type(None))):
        msg = f"QPAY[{name!r}] must be text"
        raise ConfigurationError(msg)
    return value


def _secret(name: str) -> SecretStr | None:
    value = _given(name)
    if not isinstance(value, (SecretStr, type(None))):
        msg = f"QPAY[{name!r}] must be text"
        raise ConfigurationError(msg)
    return value


def _secrets(name: str) -> tuple[SecretStr, ...] | None:
    value = _given(name)
    if value is None:
        return None
    several = value if isinstance(value, tuple) else (value,)
    secrets = tuple(one for one in several if isinstance(one, SecretStr))
    if len(secrets) < len(several):
        msg = f"QPAY[{name!r}] must be text, or several texts"
        raise ConfigurationError(msg)
    return secrets


def _given(name: str) -> object:
    """Return a value of `settings.QPAY`, or None; a secret is wrapped in `SecretStr`.

    No local variable holds a plain secret, because error trackers send local variables.
    """
    if name not in {"PASSWORD", "CALLBACK_SECRET"}:
        return getattr(settings, "QPAY", {}).get(name)
    return _wrapped(getattr(settings, "QPAY", {}).get(name))


def _wrapped(value: object) -> object:
    if isinstance(value, str):
        return SecretStr(value)
    if isinstance(value, (list, tuple)):
        return tuple(map(_wrapped, value))
    return value
