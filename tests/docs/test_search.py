"""The search of the built site finds the right page first, for what people type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import chromium, clicks, waiting
from docs.built_site import served

pytestmark = pytest.mark.slow

# The search is drawn inside of a shadow root, which selectors of the page do not reach.
ROOTS = "const roots = [...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(r => r);"
INPUT = f"{ROOTS} return roots.map(r => r.querySelector('input')).find(i => i);"
LINKS = f"{ROOTS} return roots.flatMap(r => [...r.querySelectorAll('ol a')]).map(a => a.href);"

ENGLISH = {
    "webhook": "callbacks.html",
    "deeplink": "invoices.html",
    "deep link": "invoices.html",
    "callback not received": "troubleshooting.html#callback-not-received",
    "timeout": "troubleshooting.html#timeout",
    "environment variables": "settings.html",
    "double payment": "troubleshooting.html#double-payment",
    "exactly once": "callbacks.html",
    "idempotency": "callbacks.html",
    "reconciliation": "going-live.html",
}

MONGOLIAN = {
    "webhook": "mn/callbacks.html",
    "deep link": "mn/invoices.html",
    "timeout": "mn/troubleshooting.html",
    "орчны хувьсагч": "mn/settings.html",
    "давхар төлбөр": "mn/troubleshooting.html",
    "callback ирээгүй": "mn/troubleshooting.html",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as driver:
        yield driver


def found_first(browser: Chrome, start: str, query: str) -> str:
    """Type a query into the search of the site; return the first page that it shows."""
    browser.get(start)
    clicks(browser, ".md-search__button")
    box = waiting(browser).until(lambda page: page.execute_script(INPUT))
    box.send_keys(query, Keys.SHIFT)

    def answered(page: Chrome) -> list[str]:
        links: list[str] = page.execute_script(LINKS)
        # The results of the letters typed so far come and go.
        asked = quote_plus(query)
        return [link for link in links if f"?h={asked}" in link]

    parts = urlsplit(waiting(browser).until(answered)[0])
    return parts.path.lstrip("/") + (f"#{parts.fragment}" if parts.fragment else "")


@pytest.mark.parametrize(("query", "wanted"), ENGLISH.items())
def test_the_right_page_is_found_first(
    site: Path, browser: Chrome, query: str, wanted: str
) -> None:
    with served(site) as url:
        first = found_first(browser, f"{url}/index.html", query)
    assert first.partition("#")[0] == wanted.partition("#")[0]
    assert wanted in first


@pytest.mark.parametrize(("query", "wanted"), MONGOLIAN.items())
def test_the_right_mongolian_page_is_found_first(
    site: Path, browser: Chrome, query: str, wanted: str
) -> None:
    with served(site) as url:
        first = found_first(browser, f"{url}/mn/index.html", query)
    assert first.partition("#")[0] == wanted


def test_a_query_that_nothing_answers_finds_nothing(site: Path, browser: Chrome) -> None:
    with served(site) as url:
        browser.get(f"{url}/index.html")
        clicks(browser, ".md-search__button")
        box = waiting(browser).until(lambda page: page.execute_script(INPUT))
        box.send_keys("qwertyuiop")
        shown = "return [...document.querySelectorAll('*')].some(e => e.shadowRoot"
        waiting(browser).until(
            lambda page: page.execute_script(f"{shown}?.textContent.includes('No results'))")
        )
        assert browser.execute_script(LINKS) == []
    assert browser.find_elements(By.CSS_SELECTOR, "main")
