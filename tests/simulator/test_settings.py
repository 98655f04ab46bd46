"""The settings that `qpaykit simulate` prints and writes."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from pathlib import Path

import pytest

from qpaykit import QPayClient
from qpaykit.quickqr import QuickQRClient
from qpaykit.simulator import Simulator
from qpaykit.simulator.settings import (
    default_format,
    merchant_variables,
    quickqr_variables,
    setting_lines,
    write_dotenv,
)

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
    assert setting_lines(merchant_variables(simulator), form, environment={})[:2] == lines


@pytest.mark.parametrize(
    ("platform", "form"), [("win32", "powershell"), ("darwin", "shell"), ("linux", "shell")]
)
def test_settings_are_printed_for_the_shell_of_the_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, form: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert default_format() == form


def test_what_is_set_already_is_not_printed() -> None:
    simulator = Simulator(port=8899, username="SHOP", password=PASSWORD)
    printed = setting_lines(
        merchant_variables(simulator), "shell", environment={"QPAY_PASSWORD": PASSWORD}
    )
    assert not any("QPAY_PASSWORD" in line for line in printed)
    assert any("QPAY_BASE_URL=http://127.0.0.1:8899/v2" in line for line in printed)


def test_a_dotenv_file_keeps_its_other_lines(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nDEBUG=1\nexport QPAY_USERNAME=old\nQPAY_PASSWORD=old\n")
    variables = merchant_variables(Simulator(port=8899, username="SHOP", password="a-password"))
    write_dotenv(path, variables)
    write_dotenv(path, variables)
    assert path.read_text().splitlines() == [
        "# mine",
        "DEBUG=1",
        "QPAY_USERNAME=SHOP",
        "QPAY_PASSWORD=a-password",
        "QPAY_INVOICE_CODE=TEST_INVOICE",
        "QPAY_CALLBACK_URL=http://127.0.0.1:9/callback",
        "QPAY_BASE_URL=http://127.0.0.1:8899/v2",
    ]


def test_a_dotenv_file_keeps_the_callback_url_and_the_secret_of_the_shop(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    chosen = [
        "QPAY_CALLBACK_URL=http://127.0.0.1:8000/qpay/callback",
        "QPAY_QUICKQR_CALLBACK_SECRET=chosen-by-the-shop",
    ]
    path.write_text("\n".join(chosen))
    simulator = Simulator(port=8899)
    write_dotenv(path, {**merchant_variables(simulator), **quickqr_variables(simulator, {})})
    lines = path.read_text().splitlines()
    assert [one for one in lines if "CALLBACK_URL" in one or "CALLBACK_SECRET" in one] == [
        chosen[0],
        "QPAY_QUICKQR_CALLBACK_URL=http://127.0.0.1:9/callback",
        chosen[1],
    ]


def test_the_settings_of_quick_qr_make_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator() as simulator:
        variables = quickqr_variables(simulator, {})
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with QuickQRClient() as partner:
            assert partner.tokens.get()
            assert partner.settings.callback_secrets
    assert len(variables) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_dotenv_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_dotenv(tmp_path / ".env", merchant_variables(Simulator(port=8899)))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_pay_after_pays_as_it_is_told() -> None:
    with pytest.raises(ValueError, match="P2P"):
        Simulator(pay_method="CASH")
    with (
        Simulator(pay_after=0, pay_method="CARD") as simulator,
        QPayClient(**simulator.credentials) as client,
    ):
        invoice_id = client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Tea"
        ).invoice_id
        simulator.wait_for_callback(invoice_id)
        assert simulator.invoice(invoice_id).payments[0].method == "CARD"
