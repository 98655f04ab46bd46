"""Every story is told over each HTTP library, by the sync client and by the async one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from helpers.clients import Opener
    from qpaykit import QPayClient
    from qpaykit.simulator import Simulator


@pytest.fixture
def qpay_client(qpay_simulator: Simulator, new_client: Opener) -> QPayClient:
    """The package's own fixture, over each way."""
    return new_client(**qpay_simulator.credentials)
