"""The client, the dispatcher and the orders of the project, created on first use."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from qpaykit._fork import reset_after_fork
from qpaykit.callbacks.dispatcher import CallbackDispatcher
from qpaykit.client import AsyncQPayClient, QPayClient
from qpaykit.integrations.django import signals
from qpaykit.integrations.django.config import client_settings, database_alias
from qpaykit.orders import Orders

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _Singleton(Generic[T]):
    """An object that is created on first use, once for all threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None
        self._lock = threading.Lock()
        reset_after_fork(self, _Singleton.new_lock)

    def new_lock(self) -> None:
        self._lock = threading.Lock()

    def get(self) -> T:
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = self._make()
        return self._made

    def forget(self) -> T | None:
        made, self._made = self._made, None
        return made


def _make_client() -> QPayClient:
    from qpaykit.integrations.django.store import DjangoStore

    return QPayClient(**client_settings(), store=DjangoStore(database_alias()))


def _make_async_client() -> AsyncQPayClient:
    from qpaykit.integrations.django.store import AsyncDjangoStore

    return AsyncQPayClient(**client_settings(), store=AsyncDjangoStore(database_alias()))


def _make_dispatcher() -> CallbackDispatcher:
    made = CallbackDispatcher(client())
    signals.connect(made)
    return made


def _make_orders() -> Orders:
    return Orders(dispatcher())


_client = _Singleton(_make_client)
_async_client = _Singleton(_make_async_client)
_dispatcher = _Singleton(_make_dispatcher)
_orders = _Singleton(_make_orders)


def client() -> QPayClient:
    """Return the project's client, which is created on first use.

    Raises:
        ConfigurationError: `settings.QPAY` or a `QPAY_*` variable is missing or invalid.
    """
    return _client.get()


def aclient() -> AsyncQPayClient:
    """Return the project's client for async views.

    It shares the token and the invoices with `client()`. Deliveries are made by `dispatcher()`
    alone: `await sync_to_async(dispatcher().check)(invoice_id)`.

    Raises:
        ConfigurationError: `settings.QPAY` or a `QPAY_*` variable is missing or invalid.
    """
    return _async_client.get()


def dispatcher() -> CallbackDispatcher:
    """Return the project's dispatcher, which sends the signals.

    Raises:
        ConfigurationError: `settings.QPAY` or a `QPAY_*` variable is missing or invalid.
    """
    return _dispatcher.get()


def orders() -> Orders:
    """Return the project's orders: one open invoice for each, over all callers.

    Raises:
        ConfigurationError: `settings.QPAY` or a `QPAY_*` variable is missing or invalid.
    """
    return _orders.get()


def reset_after_setting(*, setting: str, **_: object) -> None:
    """Drop every object after a change of the settings, as in tests, so that new ones are made."""
    if setting not in {"QPAY", "DATABASES"}:
        return
    _orders.forget()
    _dispatcher.forget()
    _async_client.forget()
    made = _client.forget()
    if made is not None:
        made.close()
