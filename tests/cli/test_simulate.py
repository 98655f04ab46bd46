"""`qpaykit simulate`: what it prints about itself, in both languages."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from cli.shop import Run
from qpaykit import QPayClient
from qpaykit.cli.simulate import describe
from qpaykit.cli.terminal import Terminal
from qpaykit.simulator import Simulator
from qpaykit.simulator.control import Event


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                r"request   POST /v2/auth/token -> 200, \d+ ms",
                r"request   POST /v2/invoice -> 200, \d+ ms",
                r"payment   \d{15}, order 42: 1,500.00 MNT, paid",
                r"callback  payment \d{15} -> ConnectError: .*",
            ],
        ),
        (
            "mn",
            [
                r"хүсэлт    POST /v2/auth/token -> 200, \d+ ms",
                r"хүсэлт    POST /v2/invoice -> 200, \d+ ms",
                r"төлбөр    \d{15}, захиалга 42: 1,500.00 MNT, төлсөн",
                r"callback  төлбөр \d{15} -> ConnectError: .*",
            ],
        ),
    ],
)
def test_each_request_payment_and_callback_has_a_line(language: str, lines: list[str]) -> None:
    terminal = Terminal(language, out=Console(file=io.StringIO()))
    events: list[Event] = []
    with Simulator() as simulator, QPayClient(**simulator.credentials) as client:
        simulator.watch(events.append)
        invoice = client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Tea"
        )
        simulator.pay(invoice.invoice_id)
    shown = [describe(event, terminal) for event in events]
    assert len(shown) == len(lines)
    for line, pattern in zip(shown, lines, strict=True):
        assert re.fullmatch(pattern, line), line


def test_a_shops_answer_cannot_control_the_terminal() -> None:
    terminal = Terminal("en", out=Console(file=io.StringIO()))
    events: list[Event] = []
    with Simulator() as simulator, QPayClient(**simulator.credentials) as client:
        invoice = client.invoices.create(
            amount=1500, sender_invoice_no="\x1b[31mЦай", invoice_description="Tea"
        )
        simulator.watch(events.append)
        simulator.pay(invoice.invoice_id, callbacks=0)
    [line] = [describe(event, terminal) for event in events]
    assert "order \\x1b[31mЦай:" in line


@pytest.mark.parametrize("language", ["en", "mn"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--state", "nowhere/state.json"], {"en": "cannot be written", "mn": "бичиж чадсангүй"}),
        (["--write", "nowhere/.env"], {"en": "cannot be written", "mn": "бичиж чадсангүй"}),
        (["--method", "CASH"], {"en": "must be P2P or CARD", "mn": "P2P эсвэл CARD"}),
        (["--format", "toml"], {"en": "no format toml", "mn": "toml гэсэн хэлбэр алга"}),
        (["--fault", "POST"], {"en": "is written as", "mn": "гэж бичнэ"}),
    ],
)
def test_a_wrong_option_is_refused_in_both_languages(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    options: list[str],
    said: dict[str, str],
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("simulate", "--port", "0", *options, "--lang", language)
    assert done.code == 2
    assert said[language] in " ".join(done.err.split())
