"""The commands speak English and Mongolian, as the locale or `--lang` says."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

import qpaykit.cli
from cli.shop import Run, Shop
from qpaykit.cli.app import app
from qpaykit.cli.language import take_language
from qpaykit.cli.translations import MONGOLIAN

PACKAGE = Path(qpaykit.cli.__file__).parent
SOURCES = [*sorted(PACKAGE.glob("*.py")), PACKAGE.parent / "_diagnostics.py"]
# Calls that translate an argument, and which one it is.
TRANSLATING = {
    "say": 0,
    "note": 0,
    "t": 0,
    "confirm": 0,
    "progress": 0,
    "Column": 0,
    "CommandError": 1,
    "_finding": 2,
}


def texts(node: ast.expr) -> Iterator[str]:
    """Return the texts that an argument may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for part in ast.iter_child_nodes(node) if isinstance(node, (ast.IfExp, ast.BoolOp)) else ():
        if isinstance(part, ast.expr):
            yield from texts(part)


def said() -> Iterator[str]:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                at = TRANSLATING.get(name)
                if at is not None and len(node.args) > at:
                    yield from texts(node.args[at])
            if isinstance(node, ast.FunctionDef) and node.name == "judge":
                for one in ast.walk(node):
                    if isinstance(one, ast.Return) and one.value:
                        yield from texts(one.value)


def helps(command: object) -> Iterator[str]:
    for name in ("help", "rich_help_panel"):
        text: object = getattr(command, name, None)
        if isinstance(text, str):
            yield text
    for one in [*getattr(command, "commands", {}).values(), *getattr(command, "params", [])]:
        yield from helps(one)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{\w+}", text))


@cache
def constants() -> set[object]:
    """Return every constant of the commands' code, but for the translations themselves."""
    return {
        node.value
        for source in SOURCES
        if source.name != "translations.py"
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Constant)
    }


def test_every_text_is_there_in_mongolian() -> None:
    found = {*said(), *helps(typer.main.get_command(app))}
    # A text of values alone needs no translation.
    texts = {one for one in found if re.sub(r"{\w+}|\W", "", one)}
    assert len(texts) > 80
    assert texts - set(MONGOLIAN) == set()


def test_translations_have_the_same_values_and_are_used() -> None:
    for text, mongolian in MONGOLIAN.items():
        assert placeholders(mongolian) == placeholders(text)
    assert set(MONGOLIAN) - constants() == set()


@pytest.mark.parametrize(
    ("arguments", "environment", "encoding", "language", "rest"),
    [
        (["payments"], {}, "utf-8", "en", ["payments"]),
        (["payments", "--lang", "mn"], {}, "utf-8", "mn", ["payments"]),
        (["--lang=mn", "payments"], {}, "ascii", "mn", ["payments"]),
        (["payments"], {"LANG": "mn_MN.UTF-8"}, "utf-8", "mn", ["payments"]),
        (["payments"], {"LANG": "mn_MN.UTF-8"}, "cp1251", "en", ["payments"]),
        (["payments"], {"LC_ALL": "C", "LANG": "mn_MN.UTF-8"}, "utf-8", "en", ["payments"]),
        (["--lang", "en"], {"LANG": "mn_MN.UTF-8"}, "utf-8", "en", []),
        (["order", "--", "--lang"], {}, "utf-8", "en", ["order", "--", "--lang"]),
    ],
)
def test_the_option_comes_before_the_locale(
    arguments: list[str],
    environment: dict[str, str],
    encoding: str,
    language: str,
    rest: list[str],
) -> None:
    assert take_language(arguments, environment, encoding=encoding) == (language, rest)


@pytest.mark.parametrize("arguments", [["--lang", "xx"], ["payments", "--lang"]])
def test_a_language_that_is_none_is_refused(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert "--lang must be en or mn" in done.err


def test_help_is_in_both_languages(run: Run) -> None:
    assert "Refund a card payment in full" in run("refund", "--help").out
    assert "Картын төлбөрийг бүтнээр буцаана" in run("refund", "--help", "--lang", "mn").out


def test_errors_of_qpay_are_in_both_languages(run: Run, shop: Shop) -> None:
    assert "Payment is not found" in run("payment", "000000000000000").err
    assert "Төлбөр олдсонгүй" in run("payment", "000000000000000", "--lang", "mn").err


def test_the_doctor_speaks_mongolian(run: Run, shop: Shop) -> None:
    done = run("doctor", "--lang", "mn")
    assert done.code == 0
    assert "QPay олголоо" in done.out


def test_a_terminal_without_cyrillic_gets_english_and_the_reason() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qpaykit", "payments", "--from", "soon", "--lang", "mn"],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )
    assert done.returncode == 2
    assert b"cp1252, has no Cyrillic letters" in done.stderr
    assert b"soon is not a day" in done.stderr
