"""A CSV file for Excel: Cyrillic stays intact, and no cell is run as a formula."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal
    from pathlib import Path

# Excel recognises UTF-8 only by its byte order mark.
_ENCODING = "utf-8-sig"
# A cell that starts so is a formula in some spreadsheet; a leading tab or line end may be stripped.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A spreadsheet makes 0042 into 42, and writes 493622150113497 as 4.93622E+14.
_CHANGED_NUMBER = re.compile(r"0[0-9]+|[0-9]{12,}|[0-9.]+[eE][0-9]+")


def write_csv(path: Path, titles: Sequence[str], rows: Iterable[Sequence[str | Decimal]]) -> None:
    """Write a file; one that was there is replaced.

    Args:
        path: The file.
        titles: The cells of its first line.
        rows: The cells of the others; amounts stay numbers.

    Raises:
        OSError: It cannot be written.
    """
    with path.open("w", encoding=_ENCODING, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(titles)
        for row in rows:
            writer.writerow([_text(cell) if isinstance(cell, str) else f"{cell:f}" for cell in row])


def _text(cell: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would change it."""
    is_formula = cell.lstrip(" ").startswith(_FORMULA_STARTS) or cell.startswith(_FORMULA_STARTS)
    return f"'{cell}" if is_formula or _CHANGED_NUMBER.fullmatch(cell) else cell
