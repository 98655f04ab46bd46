"""The code blocks of the texts, as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent.parent
MONGOLIAN = {
    "README.mn.md": "README.md",
    **{
        f"docs/mn/{path.name}": f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))
    },
}
# Fences are blocks: what stands inside of paragraphs need not be parsed.
_MARKDOWN = MarkdownIt()
_MARKDOWN.core.ruler.enableOnly(["normalize", "block"])
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+?) -->\s*$")
_FILE = re.compile(r"# (?P<name>(?:\w+/)*\w+\.py)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block of code.

    Attributes:
        page: The file, below the root of the repository.
        line: The line of the fence, from 1.
        language: The word after the fence.
        text: The code.
        not_run: Why it cannot be run; None for one that is.
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str | None

    @property
    def file(self) -> str | None:
        """The file that it is to be saved as, where its first line is a comment that names one."""
        named = _FILE.match(self.text) if self.language == "python" else None
        return named and named["name"]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Return every text whose blocks are promises; those of the API are made of docstrings."""
    found = {"README.md", "CONTRIBUTING.md", "examples/README.md"}
    found |= {path.name for path in ROOT.glob("README.*.md")}
    docs = (path.relative_to(ROOT) for path in ROOT.glob("docs/**/*.md"))
    found |= {path.as_posix() for path in docs if path.parts[1] != "api"}
    return sorted(found)


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """Return the fenced blocks of a page, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return tuple(_blocks(page, text))


def _blocks(page: str, text: str) -> Iterator[Block]:
    lines = text.splitlines()
    for token in _MARKDOWN.parse(text):
        if token.type == "fence" and token.map:
            first = token.map[0]
            reason = _NOT_RUN.search(lines[first - 1]) if first else None
            yield Block(
                page, first + 1, token.info.strip(), token.content, reason and reason["reason"]
            )


def to_run(page: str, language: str) -> list[Block]:
    """Return the blocks of a language that are run."""
    return [block for block in blocks(page) if block.language == language and not block.not_run]


def pages_to_run() -> list[str]:
    """Return the pages with Python to run, without those in Mongolian that repeat their twin's."""
    code = {page: [block.text for block in to_run(page, "python")] for page in pages()}
    return [page for page in code if code[page] and code[page] != code.get(MONGOLIAN.get(page, ""))]
