"""Adds to the built site a footer on each page, llms.txt and llms-full.txt.

https://llmstxt.org describes the two files. They are made from the pages themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from project_address import ROOT, current
from site_pages import entries, pages, relinked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_WORDS = {"en": ("Edit this page", "API reference"), "mn": ("Энэ хуудсыг засах", "API лавлах")}


def version() -> str:
    """Return the version whose pages these are."""
    found = _VERSION.search((ROOT / "src/qpaykit/_version.py").read_text(encoding="utf-8"))
    if found is None:
        raise SystemExit("src/qpaykit/_version.py has no version")
    return found[1]


def add_feet(site: Path) -> None:
    """Write the version, a link to edit and a link to the API under every page."""
    for language, (edit, api) in _WORDS.items():
        folder = site if language == "en" else site / language
        for name, source in pages(language).items():
            page = folder / name.replace(".md", ".html")
            text = page.read_text(encoding="utf-8")
            up = "../" * (len(page.relative_to(site).parts) - 1)
            address = f"{current().repository}/edit/main/{source.relative_to(ROOT).as_posix()}"
            foot = (
                f'<p class="foot">qpaykit {version()} · '
                f'<a href="{address}" rel="edit">{edit}</a> · '
                f'<a href="{up}api/clients.html">{api}</a></p>'
            )
            before, end, after = text.rpartition("</article>")
            if not end:
                raise SystemExit(f"{page} has no article")
            page.write_text(f"{before}{foot}\n{end}{after}", encoding="utf-8")


def write_llms(site: Path, navigation: list[Any], description: str) -> None:
    """Write llms.txt, the list of the pages, and llms-full.txt, the guides in full."""
    listed = [f"# qpaykit {version()}", f"> {description}"]
    full = [*listed]
    for section, found in _sections(navigation):
        lines = []
        for title, name in found:
            source = pages("en")[name]
            text = relinked(source, name, "en")
            about = _first_sentence(text)
            address = current().site + name.replace(".md", ".html")
            lines.append(f"- [{title}]({address})" + (f": {about}" if about else ""))
            # The pages of the API are made of docstrings, which stand in the package itself.
            if not name.startswith("api/"):
                full.append(f"<!-- {address} -->\n\n{text.strip()}")
        listed.append(f"## {section}\n\n" + "\n".join(lines))
    mongolian = f"{current().site}mn/index.html"
    listed.append(f"## Optional\n\n- [In Mongolian]({mongolian}): the guides in Mongolian.")
    (site / "llms.txt").write_text("\n\n".join(listed) + "\n", encoding="utf-8")
    (site / "llms-full.txt").write_text("\n\n".join(full) + "\n", encoding="utf-8")


def _sections(navigation: list[Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for entry in navigation:
        for title, value in entry.items():
            if isinstance(value, list):
                yield title, list(entries(value))
            else:
                yield title, [(title, value)]


def _first_sentence(text: str) -> str:
    """Return the first sentence of a page, without its links."""
    for part in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).split("\n\n")[1:]:
        if part[:1].isalpha():
            plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", " ".join(part.split()))
            return re.split(r"(?<=[.:])\s", plain)[0].rstrip(":")
    return ""
