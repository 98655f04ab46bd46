"""What the tests of concurrency share: a QPay that holds its answers back when it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from concurrency.peers import Peer, peer
from support import Settings, settings_at


@pytest.fixture
def qpay_peer() -> Iterator[Peer]:
    with peer() as server:
        yield server


@pytest.fixture
def there(qpay_peer: Peer) -> Settings:
    return settings_at(qpay_peer.base_url)
