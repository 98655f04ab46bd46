"""Writes the table of QPay's error codes into the pages of errors, from the one in the code.

python tools/error_tables.py

What stands between the two marks in docs/errors.md and docs/mn/errors.md is replaced.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from qpaykit import ERROR_CODES
from qpaykit.errors import api_error_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qpaykit.error_codes import ErrorCode

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {"en": DOCS / "errors.md", "mn": DOCS / "mn" / "errors.md"}
BEGIN = "<!-- codes: python tools/error_tables.py -->"
END = "<!-- end of codes -->"

_HEADS = {
    "en": ("code", "in English", "in Mongolian", "what to do"),
    "mn": ("код", "монголоор", "англиар", "юу хийх"),
}
_BY_STATUS = {
    "en": "By the HTTP status (400: `InvalidRequestError`)",
    "mn": "HTTP төлвөөр (400: `InvalidRequestError`)",
}
_SEEN = {
    "en": "Not in QPay's own table, but seen in its answers; the texts are ours: {codes}.",
    "mn": "QPay-ийн жагсаалтад байхгүй ч хариунд нь ирдэг код; текст нь биднийх: {codes}.",
}


def table(language: str) -> str:
    """Return the codes in a language, under the class that each of them raises."""
    by_class: defaultdict[str, list[ErrorCode]] = defaultdict(list)
    for entry in sorted(ERROR_CODES.values(), key=lambda entry: entry.code):
        name = "" if entry.kind is None else f"`{api_error_class(400, entry.code).__name__}`"
        by_class[name].append(entry)
    parts = []
    for name, entries in sorted(by_class.items(), key=lambda item: (not item[0], item[0])):
        parts += [f"### {name or _BY_STATUS[language]}", "\n".join(_rows(language, entries))]
    seen = ", ".join(f"`{entry.code}`" for entry in ERROR_CODES.values() if not entry.listed)
    return "\n\n".join([*parts, _SEEN[language].format(codes=seen)])


def _rows(language: str, entries: list[ErrorCode]) -> Iterator[str]:
    yield f"| {' | '.join(_HEADS[language])} |"
    yield "|---|---|---|---|"
    for entry in entries:
        texts = {
            "en": (entry.english, entry.mongolian, entry.advice),
            "mn": (entry.mongolian, entry.english, entry.advice_mn),
        }[language]
        yield f"| `{entry.code}` | {' | '.join(texts)} |"


def rewritten(page: str, language: str) -> str:
    """Return a page with the table of today between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{table(language)}\n\n{END}{after}"


def main() -> None:
    """Rewrite both pages."""
    for language, path in PAGES.items():
        page = path.read_text(encoding="utf-8")
        path.write_text(rewritten(page, language), encoding="utf-8")


if __name__ == "__main__":
    main()
