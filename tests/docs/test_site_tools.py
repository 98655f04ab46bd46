"""What is wrong with a page keeps the site from being built."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import site_pages
from site_links import faults, switch_languages
from site_pages import pages

from docs.blocks import ROOT

NAVIGATION = re.compile(r"^nav = \[\n.*?^\]", re.DOTALL | re.MULTILINE)
ENGLISH = 'nav = [{ A = "index.md" }, { B = "contributing.md" }, { C = "changelog.md" }]'
MONGOLIAN = 'nav = [{ A = "index.md" }]'


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


REPOSITORY = "https://github.com/qpaykit/qpaykit"


@pytest.mark.parametrize(
    ("language", "page", "link", "target"),
    [
        ("en", "docs/errors.md", "stores.md", "stores.md"),
        ("en", "docs/errors.md", "mn/errors.md", "mn/errors.html"),
        ("en", "docs/errors.md", "images/modules.svg", "images/modules.svg"),
        ("en", "docs/errors.md", "../SECURITY.md", f"{REPOSITORY}/blob/main/SECURITY.md"),
        ("en", "docs/errors.md", "../examples", f"{REPOSITORY}/tree/main/examples"),
        ("en", "docs/errors.md", "../CHANGELOG.md", "changelog.md"),
        ("en", "docs/errors.md", "gone.md", "gone.md"),
        ("en", "docs/errors.md", "https://x.test/a", "https://x.test/a"),
        ("en", "docs/api/errors.md", "../errors.md", "../errors.md"),
        ("en", "CONTRIBUTING.md", "docs/stores.md", "stores.md"),
        ("en", "CONTRIBUTING.md", "SECURITY.md", f"{REPOSITORY}/blob/main/SECURITY.md"),
        ("mn", "docs/mn/errors.md", "../stores.md", "../stores.html"),
        ("mn", "docs/mn/errors.md", "errors.md", "errors.md"),
    ],
)
def test_a_link_of_a_file_leads_to_the_same_in_the_site(
    language: str, page: str, link: str, target: str
) -> None:
    [name] = [name for name, path in pages(language).items() if path == ROOT / page]
    assert site_pages.target(link, ROOT / page, name, language) == target


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["a.md", "gone.md"], "names pages that there are not: gone.md"),
        ([], "does not name these pages: a.md"),
    ],
)
def test_the_navigation_names_every_page_and_no_other(named: list[str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        site_pages.insist_on_navigation([{"S": [{name: name} for name in named]}], {"a.md"})


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A site of two pages in each language, with our tools and our settings."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    settings = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    settings = re.sub(
        r"^nav = \[.*?^\]", ENGLISH, settings, count=1, flags=re.DOTALL | re.MULTILINE
    )
    settings = re.sub(r"^nav = \[\n.*?^\]", MONGOLIAN, settings, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "zensical.toml").write_text(settings, encoding="utf-8")
    for name in ("docs/images", "docs/mn", "src"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("docs/index.md", "docs/mn/index.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        (tmp_path / name).write_text("# A page\n", encoding="utf-8")
    (tmp_path / "docs" / "site.css").touch()
    (tmp_path / "docs" / "images" / "favicon.svg").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("page", "link", "said"),
    [
        ("index.md", "[x](changelog.md#gone)", "anchor does not exist"),
        ("mn/index.md", "[x](../index.md#gone)", "no such place on it"),
    ],
)
def test_a_page_with_a_fault_is_not_published(page: str, link: str, said: str, small: Path) -> None:
    (small / "docs" / page).write_text(f"# A page\n\n{link}\n", encoding="utf-8")
    builder = [sys.executable, str(small / "tools" / "site.py")]
    built = subprocess.run(  # noqa: S603
        builder, capture_output=True, text=True, check=False
    )
    assert built.returncode == 1
    assert said in built.stderr


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
