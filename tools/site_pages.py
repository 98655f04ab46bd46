"""Lays the pages of the site out for the builder: one folder and one configuration a language.

docs/ holds the English pages, docs/mn the Mongolian ones under the same names. CONTRIBUTING.md and
CHANGELOG.md stand in the root of the repository, where people look for them, and become pages
here. Links that lead out of the pages lead to the repository.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import tomli
from project_address import ROOT, current

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = ROOT / "docs"
LANGUAGES = ("en", "mn")
FROM_THE_ROOT = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}

_FENCE = re.compile(r"^( *(?:```|~~~).*?^ *(?:```|~~~) *$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?P<before>\]\(|^\[[^]]+\]: )(?P<target>[^)\s#]+)", re.MULTILINE)


def pages(language: str) -> dict[str, Path]:
    """Return every page of a language: its name in the site, and where its text stands."""
    if language == "mn":
        return {path.name: path for path in sorted((DOCS / "mn").glob("*.md"))}
    found = {str(path.relative_to(DOCS)): path for path in sorted(DOCS.rglob("*.md"))}
    ours = {name: path for name, path in found.items() if not name.startswith("mn/")}
    return ours | {page: ROOT / source for source, page in FROM_THE_ROOT.items()}


def lay_out(language: str, folder: Path) -> Path:
    """Write the pages and the configuration of a language; return the configuration."""
    for name, source in pages(language).items():
        page = folder / "docs" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(relinked(source, name, language), encoding="utf-8")
    shutil.copytree(DOCS / "images", folder / "docs" / "images")
    shutil.copy(DOCS / "site.css", folder / "docs")
    settings = configuration(language)
    insist_on_navigation(settings["nav"], set(pages(language)))
    config = folder / "zensical.yml"
    # JSON is YAML, which the builder reads beside TOML, and which the standard library writes.
    config.write_text(json.dumps(settings, indent=1), encoding="utf-8")
    return config


def configuration(language: str) -> dict[str, Any]:
    """Return the builder's configuration of a language, for its folder in the stage."""
    with (ROOT / "zensical.toml").open("rb") as file:
        written = tomli.load(file)
    settings: dict[str, Any] = written["project"]
    api = settings["plugins"]["mkdocstrings"]
    api["custom_templates"] = str(ROOT / api["custom_templates"])
    python = api["handlers"]["python"]
    python["paths"] = [str(ROOT / path) for path in python["paths"]]
    python["options"]["extensions"] = [str(ROOT / path) for path in python["options"]["extensions"]]
    if language == "mn":
        english = _without_twins(settings["nav"])
        _merge(settings, written["mongolian"])
        settings["nav"] = [*settings["nav"], {settings.pop("only_english"): english}]
        del settings["plugins"]["mkdocstrings"]
    settings["site_url"] = current().site + ("mn/" if language == "mn" else "")
    return settings | {"docs_dir": "docs", "site_dir": "out"}


def _without_twins(navigation: list[Any]) -> list[Any]:
    """Return what of the English navigation has no Mongolian page, as links out of mn/."""
    left: list[Any] = []
    for entry in navigation:
        for title, value in entry.items():
            if isinstance(value, list):
                if inside := _without_twins(value):
                    left.append({title: inside})
            elif value not in pages("mn"):
                left.append({title: f"../{value.removesuffix('.md')}.html"})
    return left


def _merge(settings: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict):
            _merge(settings.setdefault(key, {}), value)
        else:
            settings[key] = value


def entries(navigation: list[Any]) -> Iterator[tuple[str, str]]:
    """Return the title and the name of every page of a navigation."""
    for entry in navigation:
        for title, value in entry.items():
            if isinstance(value, list):
                yield from entries(value)
            else:
                yield title, value


def insist_on_navigation(navigation: list[Any], there: set[str]) -> None:
    """End where the navigation names a page that is not there, or leaves one out."""
    named = {page for _, page in entries(navigation) if not page.startswith("../")}
    if missing := sorted(named - there):
        raise SystemExit(f"zensical.toml names pages that there are not: {', '.join(missing)}")
    if forgotten := sorted(there - named):
        raise SystemExit(f"zensical.toml does not name these pages: {', '.join(forgotten)}")


def relinked(source: Path, name: str, language: str) -> str:
    """Return a page's text with links that hold in the site; code is left alone."""

    def relink(match: re.Match[str]) -> str:
        return match["before"] + target(match["target"], source, name, language)

    parts = _FENCE.split(source.read_text(encoding="utf-8"))
    parts[::2] = [_LINK.sub(relink, part) for part in parts[::2]]
    return "".join(parts)


def target(link: str, source: Path, name: str, language: str) -> str:
    """Return what a link of a page is in the site.

    Args:
        link: The link as it is written, without its anchor.
        source: The file in which it stands.
        name: The page that the file becomes.
        language: The page's language.
    """
    if re.match(r"[a-z]+:", link):
        return link
    aim = Path(os.path.normpath(source.parent / link))
    folder = PurePosixPath(name).parent
    for other in LANGUAGES:
        for page, text in pages(other).items():
            if text != aim:
                continue
            if other == language:
                return os.path.relpath(page, folder)
            built = page.removesuffix(".md") + ".html"
            up = "../" if language == "mn" else "mn/"
            return os.path.relpath(up + built, folder)
    if aim.is_relative_to(DOCS) or not aim.exists():
        return link
    kind = "tree" if aim.is_dir() else "blob"
    return f"{current().repository}/{kind}/main/{aim.relative_to(ROOT).as_posix()}"
