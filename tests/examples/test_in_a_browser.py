"""The shops in a real browser: ordered by click, the QR code read, "paid" without a reload."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from examples.running import Shop
from helpers.browser import chromium, sees, waiting
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
    browser.find_element(By.TAG_NAME, "button").click()
    sees(browser, "open", "h1")
    (invoice,) = shop.simulator.invoices()
    waiting(browser).until(lambda page: read_qr(page.get_screenshot_as_png()) == invoice.qr_text)
    keep(browser, shop, "open", width)
    links = [link.get_attribute("href") for link in browser.find_elements(By.TAG_NAME, "a")]
    assert any(link and "qPay_QRcode" in link for link in links)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    shop.simulator.pay(invoice.id)
    sees(browser, "paid", "h1")
    keep(browser, shop, "paid", width)
