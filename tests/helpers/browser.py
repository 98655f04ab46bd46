"""A headless Chromium for tests, and the screenshots of the docs.

python tests/helpers/browser.py docs/images
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@contextmanager
def chromium(*, width: int = 1000, height: int = 1100, dark: bool = False) -> Iterator[Chrome]:
    """Start a browser of our own; end it afterwards."""
    driver = shutil.which("chromedriver")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if driver is None or binary is None:
        reason = "chromium is not installed (Debian: apt-get install chromium chromium-driver)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = binary
    for argument in QUIET:
        options.add_argument(argument)
    browser = Chrome(options=options, service=Service(driver))
    try:
        scheme = "dark" if dark else "light"
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        yield browser
    finally:
        browser.quit()


def waiting(browser: Chrome) -> WebDriverWait[Chrome]:
    """Wait for what a page shows that renews itself while it is read.

    Chromium reports an element that is gone in several ways, not only as a stale one.
    """
    return WebDriverWait(browser, 10, ignored_exceptions=[WebDriverException])


def sees(browser: Chrome, text: str, selector: str = "main") -> None:
    """Wait until a text is there."""
    waiting(browser).until(lambda page: text in page.find_element(By.CSS_SELECTOR, selector).text)


def clicks(browser: Chrome, selector: str) -> None:
    """Click on what a selector finds."""

    def clicked(page: Chrome) -> bool:
        page.find_element(By.CSS_SELECTOR, selector).click()
        return True

    waiting(browser).until(clicked)


def shows_link(browser: Chrome, part: str) -> None:
    """Wait until a link is there whose address has a part."""
    waiting(browser).until(lambda page: page.find_elements(By.CSS_SELECTOR, f'a[href*="{part}"]'))


def main(folder: Path) -> None:
    """Take the screenshots of the simulator's pages."""
    from qpaykit import QPayClient
    from qpaykit.simulator import Simulator

    with Simulator(seed=1) as simulator, QPayClient(**simulator.credentials) as client:
        made = [
            client.invoices.create(
                amount=amount, sender_invoice_no=f"ORDER-{amount}", invoice_description=what
            ).invoice_id
            for amount, what in ((1500, "Цай"), (25_000, "Ном"), (990, "Талх"))
        ]
        simulator.pay(made[0], method="CARD", callbacks=0)
        simulator.pay(made[1], amount=5000)
        simulator.fail(made[1], callbacks=0)
        page = f"{simulator.page_root}/invoices/{made[1]}"
        for name, url, width, dark in (
            ("invoices", simulator.page_root, 1000, False),
            ("invoice", page, 1000, False),
            ("invoice-dark", page, 1000, True),
            ("invoice-phone", f"{page}?lang=mn", 390, False),
        ):
            with chromium(width=width, dark=dark) as browser:
                browser.get(url)
                browser.save_screenshot(str(folder / f"{name}.png"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
