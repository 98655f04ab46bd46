"""The methods of both clients: the same names, signatures and docstrings, and ordinary methods."""

from __future__ import annotations

import inspect
import typing
from typing import Any

import pytest

from helpers.settings import SETTINGS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncOrders,
    AsyncQPayClient,
    AsyncRedisStore,
    AsyncSQLAlchemyStore,
    AsyncSQLiteStore,
    CallbackDispatcher,
    Orders,
    QPayClient,
    RedisStore,
    SQLAlchemyStore,
    SQLiteStore,
    Store,
)
from qpaykit.simulator import Simulator

RESOURCES = ("invoices", "payments", "ebarimt", "subscriptions", "tokens")


def test_both_clients_have_the_same_methods_and_docstrings() -> None:
    with QPayClient(**SETTINGS) as client:
        other = AsyncQPayClient(**SETTINGS)
        for group in ("invoices", "payments", "ebarimt", "subscriptions", "tokens"):
            sync, awaited = getattr(client, group), getattr(other, group)
            names = {name for name in dir(sync) if not name.startswith("_")}
            assert names == {name for name in dir(awaited) if not name.startswith("_")}
            for name in names:
                one, two = getattr(sync, name), getattr(awaited, name)
                assert inspect.getdoc(one) == inspect.getdoc(two)
                assert inspect.getdoc(one)
                assert (
                    inspect.signature(one).parameters.keys()
                    == inspect.signature(two).parameters.keys()
                )


@pytest.mark.parametrize(
    ("store", "twin"),
    [
        (SQLiteStore, AsyncSQLiteStore),
        (RedisStore, AsyncRedisStore),
        (SQLAlchemyStore, AsyncSQLAlchemyStore),
    ],
)
def test_a_store_and_its_async_store_have_the_same_methods(store: Any, twin: Any) -> None:
    names, twins = (
        {name for name, _ in inspect.getmembers(kind, inspect.isroutine) if name[0] != "_"}
        for kind in (store, twin)
    )
    assert twins == {"aclose" if name == "close" else name for name in names}
    for name in names - {"close"}:
        one, two = getattr(store, name), getattr(twin, name)
        assert inspect.signature(one).parameters.keys() == inspect.signature(two).parameters.keys()
        assert inspect.getdoc(two)


@pytest.mark.parametrize(
    ("kind", "twin"), [(Orders, AsyncOrders), (CallbackDispatcher, AsyncCallbackDispatcher)]
)
def test_dispatchers_and_orders_have_the_same_methods_and_docstrings(kind: Any, twin: Any) -> None:
    names, twins = (
        {name for name, _ in inspect.getmembers(one, inspect.isroutine) if name[0] != "_"}
        for one in (kind, twin)
    )
    assert names == twins
    for name in names:
        one, two = getattr(kind, name), getattr(twin, name)
        assert inspect.signature(one).parameters.keys() == inspect.signature(two).parameters.keys()
        assert inspect.getdoc(one) == inspect.getdoc(two)


def test_a_methods_signature_is_what_users_see() -> None:
    with QPayClient(**SETTINGS) as client:
        assert str(inspect.signature(client.payments.get)) == "(payment_id: 'str') -> 'Payment'"
        assert client.payments.get.__qualname__ == "Payments.get"


@pytest.mark.parametrize("kind", [QPayClient, AsyncQPayClient])
@pytest.mark.parametrize("name", RESOURCES)
def test_a_methods_types_can_be_asked_for(kind: Any, name: str) -> None:
    resource = getattr(kind(**SETTINGS), name)
    methods = [
        method for one, method in inspect.getmembers(resource, inspect.ismethod) if one[0] != "_"
    ]
    assert methods
    for method in methods:
        hints = typing.get_type_hints(method)
        assert "return" in hints, method


@pytest.mark.parametrize("kind", [QPayClient, AsyncQPayClient])
def test_a_client_with_other_limits_is_of_its_own_kind(kind: Any) -> None:
    class Mine(kind):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(**SETTINGS)
            self.shop = "Tea"

    assert Mine().with_options(timeout=1).shop == "Tea"


DESCRIBED = [
    *(getattr(QPayClient(**SETTINGS), name) for name in RESOURCES),
    *(QPayClient, AsyncQPayClient, CallbackDispatcher, AsyncCallbackDispatcher, Store, Simulator),
    *(Orders, AsyncOrders),
]


@pytest.mark.parametrize(
    ("name", "method"),
    [
        (f"{getattr(owner, '__name__', type(owner).__name__)}.{name}", method)
        for owner in DESCRIBED
        for name, method in inspect.getmembers(owner, inspect.isroutine)
        if not name.startswith("_")
    ],
)
def test_what_a_method_takes_is_described(name: str, method: Any) -> None:
    description = inspect.getdoc(method) or ""
    assert description, name
    for parameter in inspect.signature(method).parameters:
        if parameter != "self":
            assert f"{parameter}:" in description, f"{name} does not describe {parameter}"
