"""The site is built whole, and reads well on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mkdocstrings import Inventory
from project_address import current
from site_pages import pages

import qpaykit
import qpaykit.integrations.django
import qpaykit.quickqr
import qpaykit.simulator
from docs.blocks import ROOT
from docs.built_site import served
from helpers.browser import chromium, clicks, waiting
from qpaykit.models.invoices import InvoiceFields
from qpaykit.quickqr import invoices as quick_invoices
from qpaykit.quickqr import merchants, places
from qpaykit.quickqr import payments as quick_payments
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


@pytest.mark.parametrize("name", qpaykit.integrations.django.__all__)
def test_what_django_projects_import_has_a_place_in_the_api(
    name: str, documented: set[str]
) -> None:
    assert f"qpaykit.integrations.django.{name}" in documented


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
        assert "Pages[" not in page


def test_the_arguments_of_create_are_documented_where_create_is(site: Path) -> None:
    page = (site / "api" / "resources.html").read_text(encoding="utf-8")
    section = page[page.index('id="qpaykit.models.invoices.InvoiceFields"') :]
    section = section[: section.index('id="payments"')]
    assert not [name for name in InvoiceFields.__annotations__ if name not in section]
    assert "Your order number, 1 to 45" in section


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


def test_every_page_shows_the_version_and_where_it_is_edited(site: Path) -> None:
    source = f"{current().repository}/edit/main/"
    for page in sorted(site.rglob("*.html")):
        if page.name == "404.html":
            continue
        text = page.read_text(encoding="utf-8")
        assert f'<p class="foot">qpaykit {qpaykit.__version__} · ' in text, page
        [edited] = re.findall(rf'href="{source}([^"]+)" rel="edit"', text)
        assert (ROOT / edited).is_file()


def test_llms_txt_lists_every_english_page_and_llms_full_txt_holds_the_guides(site: Path) -> None:
    listed = re.findall(r"\]\((\S+)\)", (site / "llms.txt").read_text(encoding="utf-8"))
    names = {address.removeprefix(current().site) for address in listed}
    english = {name.replace(".md", ".html") for name in pages("en")}
    assert names == english | {"mn/index.html"}
    full = (site / "llms-full.txt").read_text(encoding="utf-8")
    for page in ("callbacks", "invoices", "troubleshooting"):
        heads = re.findall(r"^#+ .+$", (ROOT / f"docs/{page}.md").read_text(), re.MULTILINE)
        assert not [head for head in heads if head not in full]


@pytest.mark.parametrize("readme", ["README.md", "README.mn.md"])
def test_the_links_of_a_readme_to_the_site_lead_to_its_pages(site: Path, readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    named = re.findall(rf"{re.escape(current().site)}([^)\s]*)", text)
    assert len(named) > 10
    missing = {name for name in named if not (site / (name or "index.html")).exists()}
    assert not missing


def test_what_is_copied_of_a_console_is_the_command_without_its_prompt(site: Path) -> None:
    with served(site) as url, chromium() as browser:
        browser.get(f"{url}/index.html")
        # A headless browser has no clipboard; the text to copy is selected in a field of its own.
        browser.execute_script(
            "document.execCommand = () => { window.copied = String(document.activeElement.value); }"
        )
        clicks(browser, ".language-console .md-code__button")
        copied = waiting(browser).until(lambda page: page.execute_script("return window.copied"))
    assert copied == 'pip install "qpaykit[cli]"'
