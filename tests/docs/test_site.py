"""The site is built whole, and reads well on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from mkdocstrings import Inventory

import qpaykit
import qpaykit.quickqr
import qpaykit.simulator
from browser import chromium
from docs.built_site import served
from qpaykit.resources import ebarimt, invoices, payments, subscriptions, tokens

pytestmark = pytest.mark.slow

RESOURCES = (
    invoices.Invoices,
    payments.Payments,
    ebarimt.Ebarimt,
    subscriptions.Subscriptions,
    tokens.Tokens,
    merchants.Merchants,
    places.Places,
    quick_invoices.QuickInvoices,
    quick_payments.QuickPayments,
)


@pytest.fixture(scope="session")
def documented(site: Path) -> set[str]:
    with (site / "objects.inv").open("rb") as file:
        return set(Inventory.parse_sphinx(file))


@pytest.mark.parametrize("name", qpaykit.__all__)
def test_what_integrators_import_has_a_place_in_the_api(name: str, documented: set[str]) -> None:
    assert f"qpaykit.{name}" in documented


@pytest.mark.parametrize("name", qpaykit.quickqr.__all__)
def test_what_platforms_import_has_a_place_in_the_api(name: str, documented: set[str]) -> None:
    assert f"qpaykit.quickqr.{name}" in documented


@pytest.mark.parametrize("name", qpaykit.simulator.__all__)
def test_what_tests_import_has_a_place_in_the_api(name: str, documented: set[str]) -> None:
    assert f"qpaykit.simulator.{name}" in documented


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_method_of_a_resource_has_a_place(
    resource: type[object], documented: set[str]
) -> None:
    methods = [name for name in dir(resource) if not name.startswith("_")]
    assert not [
        name
        for name in methods
        if f"{resource.__module__}.{resource.__name__}.{name}" not in documented
    ]


def test_signatures_are_the_ones_that_users_call(site: Path) -> None:
    for name in ("resources", "quickqr"):
        page = (site / "api" / f"{name}.html").read_text(encoding="utf-8")
        assert "Operation" not in page
        assert "Poll" not in page


def test_no_page_scrolls_sideways_on_a_phone_and_none_asks_another_host(site: Path) -> None:
    too_wide, asked = [], set()
    with served(site) as url, chromium(width=390, height=800) as browser:
        for page in sorted(site.rglob("*.html")):
            browser.get(f"{url}/{page.relative_to(site)}")
            wide, names = browser.execute_script(
                "return [document.scrollingElement.scrollWidth > innerWidth,"
                " performance.getEntriesByType('resource').map(entry => entry.name)]"
            )
            too_wide += [page.name] if wide else []
            asked |= {name for name in names if not name.startswith((url, "data:", "blob:"))}
    assert not too_wide
    assert not asked
