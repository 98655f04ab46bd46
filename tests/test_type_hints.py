"""Types can be asked for at run time, as containers for dependency injection do."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import get_type_hints
from unittest.mock import create_autospec

import pytest

import qpaykit
from qpaykit import AsyncQPayClient, QPayClient, quickqr, simulator
from qpaykit.quickqr import AsyncQuickQRClient, QuickQRClient

# Resources are reached by a client and never imported.
RESOURCES = ("invoices", "payments", "ebarimt", "subscriptions", "tokens")
# Those of Django need an installed app: see tests/integrations_django.
INTEGRATIONS = ("asgi", "fastapi", "flask", "starlette", "wsgi")
QUICKQR_RESOURCES = ("merchants", "places", "invoices", "payments", "tokens")


def public_callables() -> Iterator[tuple[str, object]]:
    for module in (qpaykit, quickqr, simulator):
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isclass(found) or inspect.isfunction(found):
                yield from with_methods(name, found)
    for name in INTEGRATIONS:
        yield from defined_in(f"qpaykit.integrations.{name}")
    for client in (QPayClient, AsyncQPayClient):
        opened = client(username="SHOP", password="hunter2-the-password")
        for name in RESOURCES:
            yield from with_methods(f"{client.__name__}.{name}", type(getattr(opened, name)))
    for partner in (QuickQRClient, AsyncQuickQRClient):
        joined = partner(
            username="PARTNER", password="hunter2-the-password", terminal_id="95000059"
        )
        for name in QUICKQR_RESOURCES:
            yield from with_methods(f"{partner.__name__}.{name}", type(getattr(joined, name)))


def defined_in(module: str) -> Iterator[tuple[str, object]]:
    for name, found in vars(import_module(module)).items():
        if getattr(found, "__module__", None) == module and not name.startswith("_"):
            yield from with_methods(name, found)


def with_methods(name: str, found: object) -> Iterator[tuple[str, object]]:
    yield name, found
    if not inspect.isclass(found):
        return
    for member_name, member in inspect.getmembers(found):
        if member_name.startswith("_") and member_name != "__init__":
            continue
        function = member.fget if isinstance(member, property) else member
        if inspect.isfunction(function) and function.__module__.startswith("qpaykit"):
            yield f"{name}.{member_name}", function


@pytest.mark.parametrize(
    "found", [pytest.param(found, id=name) for name, found in public_callables()]
)
def test_the_types_of_what_is_public_can_be_asked_for(found: object) -> None:
    get_type_hints(found)


@pytest.mark.parametrize("client", [QPayClient, AsyncQPayClient])
def test_a_stand_in_for_a_client_has_the_methods_of_its_resources(client: type) -> None:
    stand_in = create_autospec(client, instance=True)
    assert inspect.signature(stand_in.payments.get).parameters.keys() == {"payment_id"}
    assert hasattr(stand_in.invoices, "create")
    assert not hasattr(stand_in.invoices, "make")
