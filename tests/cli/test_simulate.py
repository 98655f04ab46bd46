"""`qpaykit simulate`: what it prints about itself, in both languages."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

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
                r"хүсэлт    POST /v2/auth/token -> 200, \d+ мс",
                r"хүсэлт    POST /v2/invoice -> 200, \d+ мс",
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
