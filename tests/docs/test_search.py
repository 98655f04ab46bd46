"""The search of the built site finds the right page first, for what people type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from docs.built_site import served
from helpers.browser import chromium, clicks, waiting

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
    "reconciliation": "reconciliation.html",
}

MONGOLIAN = {
    "webhook": "mn/callbacks.html",
    "deep link": "mn/invoices.html",
    "deeplink": "mn/invoices.html",
    "тулгалт": "mn/reconciliation.html",
    "timeout": "mn/troubleshooting.html",
    "орчны хувьсагч": "mn/settings.html",
    "давхар төлбөр": "mn/troubleshooting.html",
    "callback ирээгүй": "mn/troubleshooting.html",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


def search_box(browser: Chrome, start: str) -> WebElement:
    """Open the search of a start page, unless it is open; return its empty field."""
    if browser.current_url != start:
        browser.get(start)
        clicks(browser, ".md-search__button")
    box = waiting(browser).until(lambda page: page.execute_script(INPUT))
    assert isinstance(box, WebElement)
    box.send_keys(Keys.BACKSPACE * 40)
    return box


def found_first(browser: Chrome, start: str, query: str) -> str:
    """Type a query into the search of the site; return the first page that it shows."""
    search_box(browser, start).send_keys(query)

    def answered(page: Chrome) -> list[str]:
        links: list[str] = page.execute_script(LINKS)
        # The results of the letters typed so far come and go.
        return [link for link in links if urlsplit(link).query == f"h={quote_plus(query)}"]

    parts = urlsplit(waiting(browser).until(answered)[0])
    return parts.path.lstrip("/") + (f"#{parts.fragment}" if parts.fragment else "")


@pytest.mark.parametrize(("query", "wanted"), ENGLISH.items())
def test_the_right_page_is_found_first(url: str, browser: Chrome, query: str, wanted: str) -> None:
    first = found_first(browser, f"{url}/index.html", query)
    assert first.partition("#")[0] == wanted.partition("#")[0]
    assert wanted in first


@pytest.mark.parametrize(("query", "wanted"), MONGOLIAN.items())
def test_the_right_mongolian_page_is_found_first(
    url: str, browser: Chrome, query: str, wanted: str
) -> None:
    first = found_first(browser, f"{url}/mn/index.html", query)
    assert first.partition("#")[0] == wanted


def test_a_query_that_nothing_answers_finds_nothing(url: str, browser: Chrome) -> None:
    search_box(browser, f"{url}/index.html").send_keys("qwertyuiop")
    told = f"{ROOTS} return roots.some(r => r.textContent.includes('No results'));"
    waiting(browser).until(lambda page: page.execute_script(told))
    assert browser.execute_script(LINKS) == []
