"""`qpaykit demo` runs whatever the encoding of the terminal is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from qpaykit.cli.demo import run_demo
from qpaykit.cli.terminal import Terminal


def told(language: str, encoding: str) -> str:
    """Return what the demo writes to a stream of an encoding."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding, errors="backslashreplace")
    assert run_demo(Terminal(language, out=Console(file=stream, width=80)))
    stream.flush()
    return written.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp1252", "ascii"])
def test_the_demo_runs_in_any_encoding(encoding: str) -> None:
    text = told("en", encoding)
    assert "Delivered, receipted and refunded." in text
    assert ("\N{FULL BLOCK}" in text) is (encoding == "utf-8")
    assert "\\u" not in text


def test_the_demo_speaks_mongolian() -> None:
    text = told("mn", "utf-8")
    assert "42 захиалга төлөгдлөө (1,500.00 MNT): хүргэлээ" in text
    assert "Захиалгыг хүргэж, баримт олгож, төлбөрийг буцаалаа." in text
