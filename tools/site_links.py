"""Checks the built site: links and anchors exist, and no page loads from another host."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from project_address import current

if TYPE_CHECKING:
    from collections.abc import Iterator

_FETCHED = {
    ("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"),
    ("video", "src"), ("audio", "src"), ("embed", "src"), ("object", "data"), ("image", "href"),
    ("use", "href"), ("use", "xlink:href"), ("image", "xlink:href"), ("input", "src"),
}  # fmt: skip
_STYLE = re.compile(r"@import\s+[\"']?(?!url)([^\"';\s]+)|url\(\s*[\"']?([^\"')]+)")
_SWITCH = re.compile(r'href="[^"]*"( hreflang="(en|mn)")')


@dataclass
class Page:
    """What a page offers, and what it asks for."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if value is None or (tag == "link" and ("rel", "canonical") in attrs):
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.page.anchors.add(value)
            elif (tag, name) in _FETCHED:
                self.page.fetched.append(value)
            elif tag == "a" and name == "href":
                self.page.links.append(value)
            elif name == "srcset":
                self.page.fetched += [part.split()[0] for part in value.split(",")]
            elif name == "style":
                self.page.fetched += _styled(value)

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.page.fetched += _styled(data)


def faults(site: Path) -> list[str]:
    """Say what is wrong with a built site, a line each."""
    read = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in read.items():
        name = path.relative_to(site)
        found += [f"{name} fetches {url}" for url in page.fetched if _elsewhere(url)]
        for link in [*page.links, *page.fetched]:
            if not _elsewhere(link) and (fault := _broken(link, path, site, read)):
                found.append(f"{name} links to {link}: {fault}")
    for sheet in sorted(site.rglob("*.css")):
        styled = _styled(sheet.read_text(encoding="utf-8"))
        found += [f"{sheet.relative_to(site)} fetches {url}" for url in styled if _elsewhere(url)]
    return found


def switch_languages(site: Path) -> None:
    """Let the switch of every page lead to its twin, or to the start where there is none."""
    for path in site.rglob("*.html"):
        name = path.relative_to(site)
        plain = name.relative_to("mn") if name.parts[0] == "mn" else name
        twins = {
            language: twin if (site / twin).exists() else twin.parent / "index.html"
            for language, twin in (("en", plain), ("mn", "mn" / plain))
        }
        # What has no twin is English; the start page of a language is in its root.
        if not (site / twins["mn"]).exists():
            twins["mn"] = Path("mn/index.html")

        def switched(
            match: re.Match[str], name: Path = name, twins: dict[str, Path] = twins
        ) -> str:
            return f'href="{os.path.relpath(twins[match[2]], name.parent)}"{match[1]}'

        text = path.read_text(encoding="utf-8")
        path.write_text(_SWITCH.sub(switched, text), encoding="utf-8")


def _read(path: Path) -> Page:
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def _styled(text: str) -> Iterator[str]:
    for imported, url in _STYLE.findall(text):
        yield imported or url


def _elsewhere(url: str) -> bool:
    """Whether it is for another host; data that stands in the page itself is not."""
    parts = urlsplit(url)
    return parts.scheme not in {"", "data"} or bool(parts.netloc)


def _broken(link: str, path: Path, site: Path, read: dict[Path, Page]) -> str | None:
    parts = urlsplit(link)
    if parts.scheme == "data":
        return None
    base = site if parts.path.startswith("/") else path.parent
    # The page for what is not found is shown at any depth, so its links begin at the host's root.
    inside = unquote(parts.path).removeprefix(urlsplit(current().site).path).lstrip("/")
    aim = Path(os.path.normpath(base / inside)) if parts.path else path
    if aim.is_dir():
        aim /= "index.html"
    if not aim.is_relative_to(site) or not aim.is_file():
        return "no such page"
    if parts.fragment and aim in read and unquote(parts.fragment) not in read[aim].anchors:
        return "no such place on it"
    return None
