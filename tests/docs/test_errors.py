"""The pages of errors list what the code's own table holds."""

from __future__ import annotations

import re
from pathlib import Path

import error_tables
import pytest

from qpaykit import ERROR_CODES, errors

PAGES = error_tables.PAGES.items()


@pytest.mark.parametrize(("language", "path"), PAGES)
def test_the_table_is_the_one_of_the_code(language: str, path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert error_tables.rewritten(page, language) == page, "run: python tools/error_tables.py"


@pytest.mark.parametrize("language", ["en", "mn"])
def test_every_code_has_one_row_with_both_texts_and_the_advice_of_the_language(
    language: str,
) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", error_tables.table(language), re.MULTILINE)
    assert sorted(code for code, _ in rows) == sorted(ERROR_CODES)
    for code, row in rows:
        entry = ERROR_CODES[code]
        advice = {"en": entry.advice, "mn": entry.advice_mn}[language]
        assert {entry.english, entry.mongolian, advice} == set(row.split(" | "))


def test_a_page_that_lost_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no <!-- codes"):
        error_tables.rewritten("# Errors\n", "en")


@pytest.mark.parametrize(("language", "path"), PAGES)
def test_every_class_of_errors_stands_on_the_page(language: str, path: Path) -> None:
    kinds = [
        kind.__name__
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.QPayError)
    ]
    page = path.read_text(encoding="utf-8")
    assert len(kinds) > 15
    assert not [name for name in kinds if not re.search(rf"\b{name}\b", page)]
