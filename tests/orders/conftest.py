"""Fixtures of the tests of orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from helpers.store_processes import open_store
from orders.shop import SECRET, Clock, Opener, QuickShop, Shop
from qpaykit import MemoryStore, Store
from qpaykit.orders import flow

if TYPE_CHECKING:
    from qpaykit.simulator import Simulator


@pytest.fixture
def new_shop(qpay_simulator: Simulator, quick_retries: None) -> Iterator[Opener]:
    """Make shops, by their store and secret; they are closed after the test."""
    with ExitStack() as stack:

        def make(
            store: Store | None = None, secret: str | None = None, kind: type[Shop] = Shop
        ) -> Shop:
            shop = kind(qpay_simulator, store=store, secret=secret)
            stack.callback(shop.client.close)
            return shop

        yield make


@pytest.fixture
def shop(new_shop: Opener) -> Shop:
    return new_shop()


@pytest.fixture(params=["signed", "unsigned", "quick QR"])
def any_shop(request: pytest.FixtureRequest, new_shop: Opener) -> Shop:
    if request.param == "unsigned":
        return new_shop()
    return new_shop(secret=SECRET, kind=QuickShop if request.param == "quick QR" else Shop)


# SQLite stands for what blocks and what processes share; the others are slower or simpler.
STORES = ["sqlite", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("memory", "redis"))]


@pytest.fixture(params=STORES)
def stored_shop(
    request: pytest.FixtureRequest, new_shop: Opener, store_url: Callable[[str], str]
) -> Shop:
    kind = request.param
    return new_shop(MemoryStore() if kind == "memory" else open_store(kind, store_url(kind)))


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "LEASE_SECONDS", 0.3)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)
