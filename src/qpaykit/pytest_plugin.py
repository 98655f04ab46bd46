"""Fixtures for the tests of shops: a simulated QPay on loopback, and clients of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qpaykit.client import AsyncQPayClient, QPayClient
    from qpaykit.simulator import Simulator


@pytest.fixture(scope="session")
def _qpay_server() -> Iterator[Simulator]:
    from qpaykit.simulator import Simulator
    from qpaykit.simulator.simulator import DEFAULT_PASSWORD, DEFAULT_USERNAME

    # Given by name, so that no account of the environment gets into the tests.
    with Simulator(username=DEFAULT_USERNAME, password=DEFAULT_PASSWORD) as simulator:
        yield simulator


@pytest.fixture
def qpay_simulator(_qpay_server: Simulator) -> Simulator:
    """A running `Simulator`, reset before each test."""
    _qpay_server.reset()
    return _qpay_server


@pytest.fixture
def qpay_client(qpay_simulator: Simulator) -> Iterator[QPayClient]:
    """A `QPayClient` of the simulator's merchant."""
    from qpaykit.client import QPayClient

    with QPayClient(**qpay_simulator.credentials) as client:
        yield client


@pytest.fixture
def qpay_async_client(qpay_simulator: Simulator) -> AsyncQPayClient:
    """An `AsyncQPayClient` of the simulator's merchant; close it in the test's own loop."""
    from qpaykit.client import AsyncQPayClient

    return AsyncQPayClient(**qpay_simulator.credentials)
