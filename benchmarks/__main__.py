"""`python -m benchmarks`: measure, print the table, write JSON, and find regressions."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import page, regression
from benchmarks.measurements import MEASUREMENTS, SHORT_FORM
from benchmarks.plan import FULL, SHORT
from benchmarks.report import as_json, machine, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.figures import Figure
    from benchmarks.plan import Plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say; return what the process exits with."""
    options = _parser().parse_args(arguments)
    names = [name for name in MEASUREMENTS if _chosen(name, options.only, short=options.short)]
    if not names:
        _say("no measurement has such a name")
        return 2
    plan = SHORT if options.short else FULL
    # Only the whole short form is held against the record: it knows nothing of the rest.
    guarded = options.short and not options.only and not options.record
    guard = regression.Guard(regression.recorded() if guarded else {})
    figures: list[Figure] = []
    for name in names:
        sys.stderr.write(f"{name} …\n")
        figures += regression.measured(guard, partial(_measure, name, plan))
    _say(table(figures))
    _say(json.dumps(machine()))
    if options.json:
        options.json.write_text(json.dumps(as_json(figures), indent=2) + "\n", "utf-8")
    for path in options.page:
        page.write(figures, path)
    if options.record:
        regression.record(figures)
    for sentence in guard.regressions:
        _say(sentence)
    return 1 if guard.regressions else 0


def _measure(name: str, plan: Plan) -> list[Figure]:
    return list(MEASUREMENTS[name](plan))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the form for CI")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there")
    parser.add_argument(
        "--page",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="put the table into a page; may be given for each language",
    )
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="what begins so; may be repeated"
    )
    parser.add_argument("--record", action="store_true", help="write benchmarks/recorded.json")
    return parser


def _chosen(name: str, only: Sequence[str] | None, *, short: bool) -> bool:
    if only:
        return name.startswith(tuple(only))
    return name in SHORT_FORM if short else True


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
