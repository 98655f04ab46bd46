"""Clients of either product, for what is one specification for both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from helpers.quickqr import QUICKQR_SETTINGS
from helpers.settings import SETTINGS
from qpaykit import QPayClient
from qpaykit.quickqr import QuickQRClient

AnyClient: TypeAlias = QPayClient | QuickQRClient
ProductOpener: TypeAlias = Callable[..., AnyClient]

MERCHANT, QUICKQR = PRODUCTS = ("merchant", "quickqr")


def client_of(product: str, **settings: Any) -> AnyClient:
    """Make a client of a product.

    Args:
        product: One of `PRODUCTS`.
        settings: What it has beside, or in the place of, the settings of the tests.
    """
    if product == QUICKQR:
        return QuickQRClient(**{**QUICKQR_SETTINGS, **settings})
    return QPayClient(**{**SETTINGS, **settings})
