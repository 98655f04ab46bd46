"""The output of the commands: lines, tables and JSON, in the user's language."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from qpaykit._escaping import escaped
from qpaykit._local_time import ULAANBAATAR
from qpaykit.cli.language import fit, is_encodable, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from decimal import Decimal

    import typer
    from pydantic import JsonValue

_STYLES = {
    "PAID": "green",
    "delivered": "green",
    "REFUNDED": "yellow",
    "PARTIAL": "yellow",
    "UNDERPAID": "yellow",
    "FAILED": "red",
    "OVERPAID": "red",
}
# A table of payments or deliveries shows their ids from this width on.
WIDE_COLUMNS = 118
MAX_SHOWN_BODY_CHARACTERS = 60

_GAP_COLUMNS = 2
_MIN_WIDTH_COLUMNS = 8


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: Its English title, which is translated.
        right: Whether it holds numbers, which are aligned right.
        shrinks: Whether its cells may be cut where the terminal is narrow.
    """

    title: str
    right: bool = False
    shrinks: bool = False


class Terminal:
    """The terminal of one command: results go to stdout, all else to stderr.

    Args:
        language: One of `LANGUAGES`.
        out: Where results go; stdout when left out.
        err: Where all else goes; stderr when left out.
    """

    def __init__(
        self, language: str, *, out: Console | None = None, err: Console | None = None
    ) -> None:
        self.language: str = language
        self.out: Console = out or Console()
        self.err: Console = err or Console(stderr=True)

    def t(self, text: str, /, **values: object) -> str:
        """Return a text in the user's language, its values filled in, without control characters.

        Args:
            text: In English, with the names of its values in braces.
            values: The values.
        """
        shown = {name: escaped(str(value)) for name, value in values.items()}
        return fit(translate(text, self.language), self.out.encoding).format(**shown)

    def say(self, text: str, /, *, style: str = "", **values: object) -> None:
        """Write a line of the result.

        Args:
            text: In English, with the names of its values in braces.
            style: A style of rich, such as "red".
            values: The values.
        """
        self._line(self.out, self.t(text, **values), style)

    def line(self, line: str) -> None:
        """Write a line without translating it.

        Args:
            line: Without control characters.
        """
        self.out.print(Text(line), soft_wrap=True)

    def note(self, text: str, /, **values: object) -> None:
        """Write a line to stderr that is not part of the result.

        Args:
            text: In English, with the names of its values in braces.
            values: The values.
        """
        self._line(self.err, self.t(text, **values), "")

    def problem(self, sentence: str) -> None:
        """Write what went wrong.

        Args:
            sentence: In the user's language already.
        """
        self._line(self.err, fit(escaped(sentence), self.err.encoding), "red")

    def json(self, content: JsonValue) -> None:
        """Write a result as JSON, for programs.

        Args:
            content: The result.
        """
        text = json.dumps(content, ensure_ascii=False, indent=2)
        if not is_encodable(text, self.out.encoding):
            text = json.dumps(content, indent=2)
        self.out.out(text, highlight=False)

    def fields(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write what is known of one thing: a name and a value in a line; empty ones are left out.

        Args:
            rows: English names, which are translated, and values.
        """
        shown = [(self.t(name), escaped(value)) for name, value in rows if value]
        width = max(cell_len(name) for name, _ in shown)
        for name, value in shown:
            line = Text(name, style="bold")
            line.append(" " * (width - cell_len(name) + 2) + value, style="not bold")
            self.out.print(line, soft_wrap=True)

    def table(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[str]],
        sums: Sequence[Sequence[str]] = (),
    ) -> None:
        """Write a table.

        Args:
            columns: Its columns; one without anything in it is left out.
            rows: Its cells, row by row; words of QPay's, such as "PAID", are translated.
            sums: The cells below the line at its end.
        """
        header = [Text(self.t(column.title), style="bold") for column in columns]
        body = [[self._cell(value) for value in row] for row in rows]
        end = [[Text(escaped(value), style="bold") for value in row] for row in sums]
        rule = [
            Text("-" * max(map(cell_len, cells)), style="dim") for cells in zip(*sums, strict=True)
        ]
        lines = [header, *body, *([rule] if sums else []), *end]
        is_shown = [any(cell.plain for cell in cells) for cells in zip(*body, *end, strict=True)]
        widths = [max(cell.cell_len for cell in cells) for cells in zip(*lines, strict=True)]
        if self.out.is_terminal:
            used = (
                sum(w + _GAP_COLUMNS for w, shown in zip(widths, is_shown, strict=True) if shown)
                - _GAP_COLUMNS
            )
            excess = max(used - self.out.width, 0)
            widths = [
                max(width - excess, _MIN_WIDTH_COLUMNS) if column.shrinks else width
                for column, width in zip(columns, widths, strict=True)
            ]
        for line in lines:
            found = Text()
            for cell, column, width, shown in zip(line, columns, widths, is_shown, strict=True):
                if shown:
                    cell.truncate(width, overflow="ellipsis")
                    cell.align("right" if column.right else "left", width)
                    found.append_text(cell)
                    found.append(" " * _GAP_COLUMNS)
            found.rstrip()
            self.out.print(found, soft_wrap=True)

    def _cell(self, value: str) -> Text:
        return Text(self.word(value), style=_STYLES.get(value, ""))

    def word(self, word: str) -> str:
        """Return a word of QPay's or of ours, such as "PAID", as a person says it.

        Args:
            word: Any text; one without a translation stays as it is.
        """
        return fit(escaped(word_in(word, self.language)), self.out.encoding)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show a progress bar, if stderr is a terminal.

        Args:
            what: What is done, in English.

        Yields:
            A function that takes how many are done, and of how many.
        """
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=self.err,
            transient=True,
            disable=not self.err.is_terminal,
        )
        task = bar.add_task(self.t(what), total=None)
        with ExitStack() as shown:

            def report(done: int, total: int) -> None:
                # A bar is only shown once one step was not enough.
                if done < total and not bar.live.is_started:
                    shown.enter_context(bar)
                bar.update(task, completed=done, total=max(done, total))

            yield report

    def confirm(self, question: str, /, **values: object) -> bool:
        """Ask a question; only yes is yes.

        Args:
            question: In English.
            values: Its values.
        """
        self.err.print(Text(f"{self.t(question, **values)} [y/N] "), end="", soft_wrap=True)
        answer = ""
        try:
            answer = sys.stdin.readline()
        finally:
            if not answer.endswith("\n"):
                self.err.print()
        return answer.strip().lower() in {"y", "yes", "т", "тийм"}

    def _line(self, console: Console, line: str, style: str) -> None:
        # What a program reads keeps its lines; a person's terminal breaks them between words.
        console.print(Text(line, style=style), soft_wrap=not console.is_terminal)


def terminal_of(context: typer.Context) -> Terminal:
    """Return the terminal that `main` made for this command.

    Args:
        context: What typer hands to a command.
    """
    terminal = context.find_root().obj
    return terminal if isinstance(terminal, Terminal) else Terminal("en")


def word_in(word: str, language: str) -> str:
    """Return a word of QPay's or of ours, such as "PAID", as a person says it in a language.

    Args:
        word: Any text; one without a translation stays as it is.
        language: One of `LANGUAGES`.
    """
    return translate(_WORDS.get(word, word), language)


def money(amount: Decimal) -> str:
    """Write an amount as people read it, such as "1,500.00".

    Args:
        amount: The amount.
    """
    return f"{amount:,.2f}"


def moment(at: datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Write a time in Ulaanbaatar's zone; "" for None.

    Args:
        at: The time.
        form: As `strftime` takes it.
    """
    return "" if at is None else at.astimezone(ULAANBAATAR).strftime(form)


_WORDS = {
    "P2P": "transfer",
    "CARD": "card",
    "PAID": "paid",
    "NEW": "begun",
    "FAILED": "failed",
    "PARTIAL": "partly paid",
    "REFUNDED": "refunded",
    "UNDERPAID": "underpaid",
    "OVERPAID": "overpaid",
    "OPEN": "open",
    "CLOSED": "closed",
    "CANCELED": "cancelled",
}
