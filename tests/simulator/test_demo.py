"""`qpaykit demo` runs whatever the encoding of the terminal is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from qpaykit.cli.demo import run_demo


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp1252", "ascii"])
def test_the_demo_runs_in_any_encoding(encoding: str) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding)
    assert run_demo(Console(file=stream, width=80))
    stream.flush()
    text = written.getvalue().decode(encoding)
    assert "Delivered, receipted and refunded." in text
    assert ("\N{FULL BLOCK}" in text) is (encoding == "utf-8")
