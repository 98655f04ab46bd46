"""Fixtures of Quick QR's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from helpers.quickqr import QUICKQR_SETTINGS
from qpaykit.quickqr import QuickQRClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    import respx


@pytest.fixture
def quickqr(qpay: respx.MockRouter, quick_retries: None) -> Iterator[QuickQRClient]:
    """A client whose Quick QR is mocked."""
    with QuickQRClient(**QUICKQR_SETTINGS) as client:
        yield client
