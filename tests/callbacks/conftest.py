"""What the tests of the dispatcher share: one that writes down what it delivers."""

from __future__ import annotations

import pytest

from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient


@pytest.fixture
def events() -> list[PaymentEvent]:
    return []


@pytest.fixture
def dispatcher(client: QPayClient, events: list[PaymentEvent]) -> CallbackDispatcher:
    dispatcher = CallbackDispatcher(client, patience=0.3)
    dispatcher.on_paid(events.append)
    return dispatcher
