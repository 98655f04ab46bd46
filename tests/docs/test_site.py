"""The site is built whole, and reads well on a phone."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from mkdocstrings import Inventory
from site_links import faults, switch_languages

import qpaykit
import qpaykit.simulator
from browser import chromium
from docs.blocks import ROOT
from qpaykit.resources import ebarimt, invoices, payments, subscriptions, tokens

RESOURCES = (
    invoices.Invoices,
    payments.Payments,
    ebarimt.Ebarimt,
    subscriptions.Subscriptions,
    tokens.Tokens,
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; the first worker that needs it builds it for all."""
    folder = tmp_path_factory.getbasetemp().parent / "site"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            builder = [sys.executable, "tools/site.py", "--into", str(folder)]
            subprocess.run(builder, cwd=ROOT, check=True)  # noqa: S603
    return folder


@pytest.fixture(scope="session")
def documented(site: Path) -> set[str]:
    with (site / "objects.inv").open("rb") as file:
        return set(Inventory.parse_sphinx(file))


@pytest.mark.parametrize("name", qpaykit.__all__)
def test_what_integrators_import_has_a_place_in_the_api(name: str, documented: set[str]) -> None:
    assert f"qpaykit.{name}" in documented


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
    page = (site / "api" / "resources.html").read_text(encoding="utf-8")
    assert "Operation" not in page
    assert "Poll" not in page


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


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


def a_site(folder: Path, **pages: str) -> Path:
    for name, body in pages.items():
        page = folder / f"{name.replace('__', '/')}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"<html><body>{body}</body></html>")
    return folder


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="gone.html">x</a>', "index.html links to gone.html: no such page"),
        ('<a href="#gone">x</a>', "index.html links to #gone: no such place on it"),
        ('<a href="b.html#gone">x</a>', "index.html links to b.html#gone: no such place on it"),
        ('<a href="../b.html">x</a>', "index.html links to ../b.html: no such page"),
        ('<img src="gone.png">', "index.html links to gone.png: no such page"),
        ('<script src="https://x.test/a.js"></script>', "index.html fetches https://x.test/a.js"),
        ('<link href="//x.test/a.css">', "index.html fetches //x.test/a.css"),
        ('<img src="https://x.test/a.png">', "index.html fetches https://x.test/a.png"),
        ('<style>@import "https://x.test/a"</style>', "index.html fetches https://x.test/a"),
        ('<p style="background:url(https://x.test/a)">', "index.html fetches https://x.test/a"),
    ],
)
def test_what_is_wrong_with_a_site_is_found(body: str, fault: str, tmp_path: Path) -> None:
    assert faults(a_site(tmp_path, index=body, b="<h1 id='here'>B</h1>")) == [fault]


def test_a_font_from_elsewhere_is_found_in_a_style_sheet(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@font-face { src: url('https://x.test/font.woff') }")
    assert faults(tmp_path) == ["a.css fetches https://x.test/font.woff"]


def test_what_is_right_with_a_site_is_left_alone(tmp_path: Path) -> None:
    fine = '<a href="b.html#here">x</a><a href="https://x.test">x</a><img src="data:image/png,">'
    assert faults(a_site(tmp_path, index=fine, b="<h1 id='here'>B</h1>")) == []


SWITCH = '<a href="x" hreflang="en">English</a><a href="x" hreflang="mn">Монгол</a>'


@pytest.mark.parametrize(
    ("page", "english", "mongolian"),
    [
        ("a", "a.html", "mn/a.html"),
        ("only", "only.html", "mn/index.html"),
        ("api__b", "b.html", "../mn/index.html"),
        ("mn__a", "../a.html", "a.html"),
    ],
)
def test_the_switch_leads_to_the_twin_or_to_the_start(
    page: str, english: str, mongolian: str, tmp_path: Path
) -> None:
    pages = dict.fromkeys(["index", "a", "only", "api__b", "mn__index", "mn__a"], SWITCH)
    switch_languages(a_site(tmp_path, **pages))
    text = (tmp_path / f"{page.replace('__', '/')}.html").read_text()
    assert f'href="{english}" hreflang="en"' in text
    assert f'href="{mongolian}" hreflang="mn"' in text
