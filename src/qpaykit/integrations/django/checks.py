"""Django's system checks of the settings, which `manage.py check` and `runserver` run.

A missing setting is a warning, so that `migrate` and the build of an image need no variables. An
invalid setting is an error. `manage.py qpay_doctor` asks QPay as well.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from django.urls import Resolver404, get_script_prefix, resolve
from pydantic import SecretStr

from qpaykit._callback_url import is_public_host
from qpaykit.callbacks.dispatcher import CallbackDispatcher
from qpaykit.config import load_settings
from qpaykit.errors import ConfigurationError
from qpaykit.integrations.django.config import client_settings, database_alias, unknown_names
from qpaykit.integrations.django.signals import order_paid
from qpaykit.integrations.django.views import callback

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.apps import AppConfig

    from qpaykit.config import Settings
    from qpaykit.integrations.django.config import ClientSettings


def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **_: object
) -> list[CheckMessage]:
    """Check `settings.QPAY`, the callback's route and the receivers."""
    del app_configs
    # The receivers are checked last: resolving the route imports the views, which may connect one.
    return [*_settings(), *_receivers()]


def check_deployment(
    app_configs: Sequence[AppConfig] | None = None, **_: object
) -> list[CheckMessage]:
    """Check what a shop in production needs."""
    del app_configs
    try:
        settings = _loaded(client_settings())
    except ConfigurationError:
        return []  # reported by `check_settings`
    return list(_deployment(settings))


def _receivers() -> Iterator[CheckMessage]:
    if not order_paid.has_listeners(CallbackDispatcher):
        yield CheckWarning(
            "No receiver is connected to order_paid, so that no order is delivered.",
            hint="Connect one with @receiver(order_paid), in models.py, beside the views, or in a "
            "module that AppConfig.ready imports.",
            id="qpaykit.W001",
        )


def _settings() -> Iterator[CheckMessage]:
    unknown = unknown_names()
    for problem in unknown:
        yield Error(problem, id="qpaykit.E001")
    if unknown:
        return
    try:
        database_alias()
        given = client_settings()
        settings = _loaded(given)
    except ConfigurationError as problem:
        yield Error(f"{problem}.", id="qpaykit.E002")
        return
    yield from _missing(given, settings)
    if settings.callback_url:
        yield from _route(settings.callback_url)


def _loaded(given: ClientSettings) -> Settings:
    """Check the settings, with placeholders for a missing user name and password."""
    username, password = given["username"], given["password"]
    return load_settings(
        username="missing" if _is_missing("username", username) else username,
        password=SecretStr("missing") if _is_missing("password", password) else password,
        invoice_code=given["invoice_code"],
        callback_url=given["callback_url"],
        base_url=given["base_url"],
        callback_secret=given["callback_secret"],
    )


def _is_missing(name: str, value: object) -> bool:
    return value is None and not os.environ.get(f"QPAY_{name.upper()}", "").strip()


def _missing(given: ClientSettings, settings: Settings) -> Iterator[CheckMessage]:
    missing = [name for name in ("username", "password") if _is_missing(name, given[name])]
    missing += [name for name in ("invoice_code", "callback_url") if not getattr(settings, name)]
    if missing:
        names = ", ".join(f"QPAY_{name.upper()}" for name in missing)
        yield CheckWarning(
            f"QPay cannot be used. Not set: {names}.",
            hint="Set the variables, or their names without QPAY_ in settings.QPAY.",
            id="qpaykit.W002",
        )


def _route(callback_url: str) -> Iterator[CheckMessage]:
    parts = urlsplit(callback_url)
    # Routes begin after FORCE_SCRIPT_NAME.
    path = parts.path.removeprefix(get_script_prefix().removesuffix("/"))
    try:
        view = resolve(path or "/").func
    except (Resolver404, ImproperlyConfigured):
        view = None
    if view is not callback:
        yield CheckWarning(
            f"The path of the callback URL, {parts.path}, does not lead to qpaykit's view.",
            hint='Add path("qpay/", include("qpaykit.integrations.django.urls")) to the urls, and '
            "end QPAY_CALLBACK_URL in /qpay/callback.",
            id="qpaykit.W003",
        )
    hosts = django_settings.ALLOWED_HOSTS
    if not hosts and django_settings.DEBUG:
        hosts = [".localhost", "127.0.0.1", "[::1]"]
    host = parts.hostname or ""
    if not validate_host(f"[{host}]" if ":" in host else host, hosts):
        yield CheckWarning(
            f"Django answers QPay's callbacks with 400: ALLOWED_HOSTS lacks {host}.",
            hint=f"Add {host!r} to ALLOWED_HOSTS.",
            id="qpaykit.W004",
        )
    if django_settings.SECURE_SSL_REDIRECT and parts.scheme == "http":
        yield CheckWarning(
            "SECURE_SSL_REDIRECT redirects QPay's callbacks, and QPay may not follow.",
            hint="Begin QPAY_CALLBACK_URL with https://.",
            id="qpaykit.W005",
        )
    if django_settings.PREPEND_WWW and not host.startswith("www."):
        yield CheckWarning(
            "PREPEND_WWW redirects QPay's callbacks, and QPay may not follow.",
            hint="Put www. before the host in QPAY_CALLBACK_URL.",
            id="qpaykit.W005",
        )


def _deployment(settings: Settings) -> Iterator[CheckMessage]:
    if not settings.callback_secrets:
        yield CheckWarning(
            "Callback URLs are not signed, so that strangers can make the shop ask QPay.",
            hint="Set QPAY_CALLBACK_SECRET to a text of at least 16 characters.",
            id="qpaykit.W006",
        )
    parts = urlsplit(settings.callback_url or "")
    is_public = parts.scheme == "https" and is_public_host(parts.hostname or "")
    if settings.callback_url and not is_public and not settings.on_this_machine:
        yield CheckWarning(
            f"QPay calls public https:// URLs only, not {settings.callback_url}.",
            hint="Set QPAY_CALLBACK_URL to the shop's public address.",
            id="qpaykit.W007",
        )
    if not settings.is_production:
        yield CheckWarning(
            f"No real payments are taken: QPAY_BASE_URL is {settings.base_url}.",
            hint="Remove QPAY_BASE_URL to use QPay itself.",
            id="qpaykit.W008",
        )
