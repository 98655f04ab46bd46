"""What `qpaykit simulate` prints and writes."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from pathlib import Path

import pytest

from qpaykit import QPayClient
from qpaykit.simulator import Simulator
from qpaykit.simulator.control import Event
from qpaykit.simulator.terminal import describe, printable, setting_lines, write_dotenv

PASSWORD = 'it\'s a "pass" $word'


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        (
            "shell",
            ["export QPAY_USERNAME=SHOP", f"export QPAY_PASSWORD={shlex.quote(PASSWORD)}"],
        ),
        (
            "dotenv",
            ["QPAY_USERNAME=SHOP", 'QPAY_PASSWORD="it\'s a \\"pass\\" $word"'],
        ),
        (
            "powershell",
            ["$env:QPAY_USERNAME = 'SHOP'", "$env:QPAY_PASSWORD = 'it''s a \"pass\" $word'"],
        ),
    ],
)
def test_settings_are_printed_as_the_shell_takes_them(form: str, lines: list[str]) -> None:
    simulator = Simulator(port=8899, username="SHOP", password=PASSWORD)
    assert setting_lines(simulator.credentials, form, environment={})[:2] == lines


def test_what_is_set_already_is_not_printed() -> None:
    simulator = Simulator(port=8899, username="SHOP", password=PASSWORD)
    printed = setting_lines(simulator.credentials, "shell", environment={"QPAY_PASSWORD": PASSWORD})
    assert not any("QPAY_PASSWORD" in line for line in printed)
    assert any("QPAY_BASE_URL=http://127.0.0.1:8899/v2" in line for line in printed)


def test_a_dotenv_file_keeps_its_other_lines(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nDEBUG=1\nexport QPAY_USERNAME=old\nQPAY_PASSWORD=old\n")
    credentials = Simulator(port=8899, username="SHOP", password="a-password").credentials
    write_dotenv(path, credentials)
    write_dotenv(path, credentials)
    assert path.read_text().splitlines() == [
        "# mine",
        "DEBUG=1",
        "QPAY_USERNAME=SHOP",
        "QPAY_PASSWORD=a-password",
        "QPAY_INVOICE_CODE=TEST_INVOICE",
        "QPAY_CALLBACK_URL=http://127.0.0.1:9/callback",
        "QPAY_BASE_URL=http://127.0.0.1:8899/v2",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_dotenv_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_dotenv(tmp_path / ".env", Simulator(port=8899).credentials)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_requests_payments_and_callbacks_are_told_in_a_line_each() -> None:
    events: list[Event] = []
    with Simulator() as simulator, QPayClient(**simulator.credentials) as client:
        simulator.watch(events.append)
        invoice = client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Tea"
        )
        payment_id = simulator.pay(invoice.invoice_id)
    lines = [describe(event) for event in events]
    assert lines[0].startswith("request   POST /v2/auth/token -> 200, ")
    assert lines[1].startswith("request   POST /v2/invoice -> 200, ")
    assert lines[2] == f"payment   {payment_id}, order 42: 1500.00 MNT PAID"
    assert lines[3].startswith(f"callback  payment {payment_id} -> ConnectError")


def test_pay_after_pays_as_it_is_told() -> None:
    with pytest.raises(ValueError, match="P2P"):
        Simulator(pay_method="CASH")
    events: list[Event] = []
    with Simulator(pay_after=0, pay_method="CARD") as simulator:
        simulator.watch(events.append)
        with QPayClient(**simulator.credentials) as client:
            invoice_id = client.invoices.create(
                amount=1500, sender_invoice_no="42", invoice_description="Tea"
            ).invoice_id
            simulator.wait_for_callback(invoice_id)
            assert simulator.invoice(invoice_id).payments[0].method == "CARD"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "Цай\\x1b[31m"), ("ascii", "\\u0426\\u0430\\u0439\\x1b[31m")],
)
def test_a_line_is_printed_on_any_terminal(encoding: str, shown: str) -> None:
    assert printable("Цай\x1b[31m", encoding) == shown
