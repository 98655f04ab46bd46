"""What the tests of concurrency share: a QPay that holds its answers back when it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.blocking_server import BlockingServer, blocking_server
from helpers.settings import Settings, settings_at


@pytest.fixture
def blocking_qpay() -> Iterator[BlockingServer]:
    with blocking_server() as server:
        yield server


@pytest.fixture
def server_settings(blocking_qpay: BlockingServer) -> Settings:
    return settings_at(blocking_qpay.base_url)
