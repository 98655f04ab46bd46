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

# Each page shows the session in its own language.
PAGES = {"docs/command-line.md": "en_US.UTF-8", "docs/mn/command-line.md": "mn_MN.UTF-8"}
ANYTHING = "..."


def recorded(page: str) -> Iterator[tuple[str, str]]:
    """Return each command of a page with what it writes; a line of dots is anything."""
    for block in to_run(page, "console"):
        for found in re.finditer(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
            yield found[1], found[2]


@pytest.mark.parametrize("page", PAGES)
def test_a_recorded_session_is_what_the_commands_write(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("QPAY_STORE", "shop.db")
    monkeypatch.setenv("LC_ALL", PAGES[page])
    logging.getLogger("qpaykit").setLevel(logging.CRITICAL)
    session = [
        (command, text) for command, text in recorded(page) if command.startswith("qpaykit ")
    ]
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


@pytest.mark.parametrize("page", PAGES)
def test_the_exit_codes_are_all_explained(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    explained = re.findall(r"^\| (\d) \|", text, re.MULTILINE)
    assert explained == [str(int(code)) for code in ExitCode]
