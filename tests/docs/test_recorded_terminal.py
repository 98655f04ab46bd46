"""What the page of the command line shows is what the commands write."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.blocks import ROOT, to_run
from docs.terminal import SHOP, opened, same
from qpaykit.cli.exits import ExitCode

pytestmark = pytest.mark.slow

PAGE = "docs/command-line.md"
ANYTHING = "..."


def recorded() -> Iterator[tuple[str, str]]:
    """Return each command of the page with what it writes; a line of dots is anything."""
    for block in to_run(PAGE, "console"):
        for found in re.finditer(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
            yield found[1], found[2]


def test_a_recorded_session_is_what_the_commands_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("QPAY_STORE", "shop.db")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    logging.getLogger("qpaykit").setLevel(logging.CRITICAL)
    session = [(command, text) for command, text in recorded() if command.startswith("qpaykit ")]
    assert len(session) > 10
    with opened() as terminal:
        for name, value in terminal.settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("QPAY_CALLBACK_URL", SHOP)
        for command, text in session:
            assert matches(terminal.give(command), text), command


def matches(shown: str, text: str) -> bool:
    before, dots, after = same(text).partition(same(f"\n{ANYTHING}\n"))
    if not dots:
        assert same(shown) == same(text)
        return True
    return same(shown).startswith(before) and same(shown).endswith(after)


def test_the_exit_codes_are_all_explained() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    explained = re.findall(r"^\| (\d) \|", page, re.MULTILINE)
    assert explained == [str(int(code)) for code in ExitCode]
