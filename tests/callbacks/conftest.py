"""Fixtures of the dispatcher's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from callbacks.shop import SECRET, QuickShop, Shop
from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient

if TYPE_CHECKING:
    import respx


@pytest.fixture
def events() -> list[PaymentEvent]:
    return []


@pytest.fixture
def dispatcher(client: QPayClient, events: list[PaymentEvent]) -> CallbackDispatcher:
    dispatcher = CallbackDispatcher(client, patience=0.3)
    dispatcher.on_paid(events.append)
    return dispatcher


@pytest.fixture
def signing_shop(qpay: respx.MockRouter, quick_retries: None) -> Iterator[Shop]:
    shop = Shop(qpay)
    yield shop
    shop.client.close()


@pytest.fixture
def unsigned_shop(qpay: respx.MockRouter, quick_retries: None) -> Iterator[Shop]:
    shop = Shop(qpay, secret=None)
    yield shop
    shop.client.close()


@pytest.fixture(params=[SECRET, None], ids=["signed", "unsigned"])
def shop(
    request: pytest.FixtureRequest, qpay: respx.MockRouter, quick_retries: None
) -> Iterator[Shop]:
    shop = Shop(qpay, secret=request.param)
    yield shop
    shop.client.close()


@pytest.fixture(params=["signed", "unsigned", "quick QR"])
def any_shop(
    request: pytest.FixtureRequest, qpay: respx.MockRouter, quick_retries: None
) -> Iterator[Shop]:
    """A shop of each product, for what is one specification for both."""
    if request.param == "quick QR":
        shop: Shop = QuickShop(qpay)
    else:
        shop = Shop(qpay, secret=SECRET if request.param == "signed" else None)
    yield shop
    shop.client.close()
