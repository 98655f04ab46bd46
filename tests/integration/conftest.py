"""Every story is told over each HTTP library, by the sync client and by the async one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal

from integration.ways import WAYS, Opener, opener
from support import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anyio.from_thread import BlockingPortal

    from qpaykit import QPayClient
    from qpaykit.simulator import Simulator


@pytest.fixture(scope="session")
def portals() -> Iterator[dict[str, BlockingPortal]]:
    """An event loop of each kind, in a thread of its own."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(start_blocking_portal(name)) for name in BACKENDS}


@pytest.fixture(params=WAYS)
def new_client(
    request: pytest.FixtureRequest, portals: dict[str, BlockingPortal], quick_retries: None
) -> Iterator[Opener]:
    """Make clients with the settings of a `QPayClient`; they are closed after the test."""
    with ExitStack() as stack:
        yield opener(request.param, portals, stack)


@pytest.fixture
def qpay_client(qpay_simulator: Simulator, new_client: Opener) -> QPayClient:
    """The package's own fixture, over each way."""
    return new_client(**qpay_simulator.credentials)
