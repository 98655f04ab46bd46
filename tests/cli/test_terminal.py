"""How the commands write to a person's terminal, and to a program."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from qpaykit.cli.terminal import Column, Terminal

COLUMNS = [Column("Order", shrinks=True), Column("Paid", right=True), Column("Status")]


def written(rows: list[list[str]], *, width: int, is_terminal: bool) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=is_terminal, color_system=None)
    Terminal("en", out=console).table(COLUMNS, rows, [["2 paid", "3.00", ""]])
    return stream.getvalue().splitlines()


def test_an_amount_is_never_cut_and_a_long_order_is() -> None:
    row = ["order-" + "9" * 40, "1,234,567,890.00", "PAID"]
    lines = written([row], width=40, is_terminal=True)
    assert max(map(len, lines)) <= 40
    assert "…" in lines[1]
    assert lines[1].endswith("1,234,567,890.00  paid")


def test_a_program_gets_whole_cells() -> None:
    row = ["order-" + "9" * 40, "1,234,567,890.00", "PAID"]
    assert row[0] in written([row], width=40, is_terminal=False)[1]


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    lines = written([["42", "1.00", ""]], width=80, is_terminal=True)
    assert lines[0].split() == ["Order", "Paid"]


@pytest.mark.parametrize(("done", "total", "is_shown"), [(100, 250, True), (3, 3, False)])
def test_a_bar_shows_only_what_takes_more_than_one_step(
    done: int, total: int, is_shown: bool
) -> None:
    stream = io.StringIO()
    err = Console(file=stream, width=80, force_terminal=True)
    with Terminal("en", err=err).progress("Payments") as progress:
        progress(done, total)
    assert ("Payments" in stream.getvalue()) is is_shown


def test_no_bar_is_written_to_a_program() -> None:
    stream = io.StringIO()
    err = Console(file=stream, width=80, force_terminal=False)
    with Terminal("en", err=err).progress("Payments") as progress:
        progress(100, 250)
    assert not stream.getvalue().strip()


def test_no_color_leaves_colours_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO()
    Terminal("en", out=Console(file=stream, force_terminal=True)).say("Stopped.", style="red")
    assert "\x1b[31m" not in stream.getvalue()
    assert "Stopped." in stream.getvalue()


def stream_of(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp1252", "ascii"])
@pytest.mark.parametrize("text", ["Цай, сүү", "café 😀", "\ud800"])
def test_json_is_json_in_every_encoding(encoding: str, text: str) -> None:
    stream = stream_of(encoding)
    Terminal("en", out=Console(file=stream)).json({"description": text})
    stream.seek(0)
    assert json.loads(stream.read()) == {"description": text}


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "Төлбөр алга."), ("cp1251", "Толбор алга.")],
)
def test_letters_that_a_code_page_lacks_are_replaced_by_similar_ones(
    encoding: str, shown: str
) -> None:
    stream = stream_of(encoding)
    Terminal("mn", out=Console(file=stream)).say("No payments.")
    stream.seek(0)
    assert stream.read().strip() == shown


def test_an_order_number_is_never_changed() -> None:
    stream = stream_of("cp1251")
    Terminal("mn", out=Console(file=stream)).say("{count} paid", count="Ө-1")
    stream.seek(0)
    assert stream.read().strip() == "\\u04e8-1 толсон"
