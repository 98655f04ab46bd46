"""A shop for each test: started by its documented command, ended afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from examples.running import SHOPS, Shop, open_shop
from qpaykit.simulator import Simulator


@pytest.fixture(params=SHOPS)
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, qpay_simulator: Simulator
) -> Iterator[Shop]:
    with open_shop(request.param, tmp_path, qpay_simulator) as shop:
        yield shop


@pytest.fixture
def buyer(shop: Shop) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, follow_redirects=True, trust_env=False) as client:
        yield client
