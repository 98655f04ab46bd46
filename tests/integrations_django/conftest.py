"""A Django project with three databases, and a QPay that it talks to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from helpers.postgres import postgres_server
from integrations_django.project import CALLBACK_URL, SECRET, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qpaykit.simulator import Simulator

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"timeout": 20}}
ALIASES = ["file", *(pytest.param(one, marks=pytest.mark.slow) for one in ("default", "postgres"))]

if not settings.configured:
    settings.configure(
        SECRET_KEY="of the tests",
        ALLOWED_HOSTS=["shop.example", "testserver"],
        ROOT_URLCONF="integrations_django.shop.urls",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "qpaykit.integrations.django",
            "integrations_django.shop.apps.ShopConfig",
        ],
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DATABASES={
            "default": {**SQLITE, "NAME": "file:qpaykit?mode=memory&cache=shared"},
            "file": {**SQLITE, "NAME": "set by a fixture"},
            "postgres": {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres"},
        },
        USE_TZ=True,
    )
    django.setup()


@pytest.fixture(scope="session")
def memory() -> Iterator[str]:
    call_command("migrate", database="default", run_syncdb=True, verbosity=0)
    yield "default"
    connections["default"].close()


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("django") / "db.sqlite3"
    connections.settings["file"]["NAME"] = str(path)
    call_command("migrate", database="file", run_syncdb=True, verbosity=0)
    yield "file"
    connections["file"].close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server() as url:
        parts = urlsplit(url)
        connections.settings["postgres"] |= {
            "HOST": parts.hostname,
            "PORT": str(parts.port),
            "USER": parts.username,
        }
        call_command("migrate", database="postgres", run_syncdb=True, verbosity=0)
        yield "postgres"
        connections["postgres"].close()


@pytest.fixture(params=ALIASES)
def alias(request: pytest.FixtureRequest) -> str:
    """The database of the shop, with its tables and empty."""
    name = {"default": "memory"}.get(request.param, request.param)
    found: str = request.getfixturevalue(name)
    return found


@pytest.fixture
def shop(alias: str, qpay_simulator: Simulator) -> Iterator[Shop]:
    """A shop whose QPay is the simulator, on an empty database."""
    credentials = {name.upper(): value for name, value in qpay_simulator.credentials.items()}
    changes = {"CALLBACK_URL": CALLBACK_URL, "CALLBACK_SECRET": SECRET, "DATABASE": alias}
    with override_settings(QPAY={**credentials, **changes}):
        shop = Shop(alias, qpay_simulator)
        yield shop
        shop.disconnect()
    empty(alias)


def empty(alias: str) -> None:
    for model in apps.get_models():
        if model._meta.app_label in {"qpaykit", "shop"}:
            model._base_manager.using(alias).all().delete()
    if alias == "file":
        for path in Path(connections.settings["file"]["NAME"]).parent.glob("*.qpay.*"):
            path.unlink()
