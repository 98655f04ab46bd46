"""The shops in a real browser: ordered by click, the QR code read, "paid" without a reload."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from examples.running import Shop
from helpers.browser import chromium, clicks, sees, shows_link, waiting
from helpers.qr import read_qr

pytestmark = pytest.mark.slow

PHONE, DESKTOP = 390, 1280


@pytest.fixture(params=[PHONE, DESKTOP])
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture
def browser(width: int) -> Iterator[Chrome]:
    with chromium(width=width, height=900) as browser:
        yield browser


def keep(browser: Chrome, shop: Shop, moment: str, width: int) -> None:
    """Leave a picture of the page in the folder that SCREENSHOTS names, if it does."""
    if folder := os.environ.get("SCREENSHOTS"):
        browser.save_screenshot(str(Path(folder) / f"{shop.name}-{moment}-{width}.png"))


def test_an_order_is_paid_before_the_buyers_eyes(shop: Shop, browser: Chrome, width: int) -> None:
    browser.get(shop.url)
    keep(browser, shop, "start", width)
    clicks(browser, "button")
    sees(browser, "open", "h1")
    (invoice,) = shop.simulator.invoices()
    waiting(browser).until(lambda page: read_qr(page.get_screenshot_as_png()) == invoice.qr_text)
    keep(browser, shop, "open", width)
    shows_link(browser, "qPay_QRcode")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    shop.simulator.pay(invoice.id)
    sees(browser, "paid", "h1")
    keep(browser, shop, "paid", width)
