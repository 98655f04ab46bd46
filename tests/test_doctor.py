"""The doctor: what it finds in the settings and at QPay, and what it says to do."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from helpers.settings import SETTINGS
from qpaykit._diagnostics import Finding, diagnose_merchant

if TYPE_CHECKING:
    import respx

    from qpaykit.simulator import Simulator

PUBLIC = "https://shop.example/callback"


def export(monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
    """Put settings where the doctor looks for them, as a shell does."""
    for name, value in settings.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))


def found(name: str) -> Finding:
    [finding] = [one for one in diagnose_merchant() if one.name == name]
    return finding


@pytest.fixture
def shop(qpay: respx.MockRouter, monkeypatch: pytest.MonkeyPatch) -> respx.MockRouter:
    """A shop with good settings, and a mocked QPay whose clock is right."""
    export(
        monkeypatch,
        **{**SETTINGS, "callback_url": PUBLIC, "callback_secret": "a-secret-of-the-shop"},
    )
    qpay.get("").respond(404, headers={"date": formatdate(time.time(), usegmt=True)})
    return qpay


@pytest.mark.usefixtures("shop")
def test_complete_settings_have_no_wrong_finding() -> None:
    findings = list(diagnose_merchant())
    assert not [one for one in findings if one.is_ok is False]
    assert [one.name for one in findings if one.is_ok is None] == ["base_url"]


@pytest.mark.parametrize(("ahead", "told"), [(60, "-"), (-60, "+"), (3600, "-"), (-3600, "+")])
def test_a_clock_that_is_slow_or_fast_is_wrong(
    shop: respx.MockRouter, ahead: float, told: str
) -> None:
    theirs = formatdate(time.time() + ahead, usegmt=True)
    shop.get("").respond(404, headers={"date": theirs})
    clock = found("clock")
    assert clock.is_ok is False
    assert clock.message.startswith(told)
    assert "NTP" in clock.message


@pytest.mark.parametrize("ahead", [-20, 0, 20])
def test_a_clock_within_half_a_minute_is_ok(shop: respx.MockRouter, ahead: float) -> None:
    theirs = formatdate(time.time() + ahead, usegmt=True)
    shop.get("").respond(404, headers={"date": theirs})
    assert found("clock").is_ok is True


@pytest.mark.parametrize("headers", [{}, {"date": "soon"}], ids=["no date", "no time"])
def test_a_qpay_that_does_not_tell_the_time_is_a_note(
    shop: respx.MockRouter, headers: dict[str, str]
) -> None:
    shop.get("").respond(404, headers=headers)
    assert found("clock").is_ok is None


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("url", "good"),
    [
        (PUBLIC, True),
        ("http://shop.example/callback", False),
        ("https://localhost/callback", False),
        ("https://127.0.0.1/callback", False),
        ("ftp://shop.example/callback", False),
        ("https:///callback", False),
        ("shop.example/callback", False),
    ],
)
def test_outside_of_a_simulator_a_callback_url_must_be_public_https(
    monkeypatch: pytest.MonkeyPatch, url: str, good: bool
) -> None:
    export(monkeypatch, callback_url=url)
    assert found("callback_url").is_ok is good


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/callback", "http://shop.example/callback"])
def test_with_a_simulator_a_callback_url_may_be_http(
    qpay_simulator: Simulator, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    export(monkeypatch, **{**qpay_simulator.credentials, "callback_url": url})
    assert found("callback_url").is_ok is True


@pytest.mark.usefixtures("shop")
def test_a_missing_callback_secret_is_a_note(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert found("callback_secret").is_ok is True
    monkeypatch.delenv("QPAY_CALLBACK_SECRET")
    missing = found("callback_secret")
    assert missing.is_ok is None
    assert "set QPAY_CALLBACK_SECRET" in missing.message


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("name", ["invoice_code", "callback_url"])
def test_a_missing_default_of_invoices_is_a_note(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(f"QPAY_{name.upper()}")
    assert found(name).is_ok is None


def test_an_invalid_setting_is_the_only_finding(
    monkeypatch: pytest.MonkeyPatch, respx_mock: respx.MockRouter
) -> None:
    export(monkeypatch, **{**SETTINGS, "base_url": "ftp://qpay.test"})
    [finding] = diagnose_merchant()
    assert (finding.name, finding.is_ok) == ("settings", False)
    assert "QPAY_BASE_URL" in finding.message
    assert not respx_mock.calls


# An older typer says at its import that it uses an older click.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("good", "status"), [(True, 0), (None, 0), (False, 1)], ids=["ok", "note", "wrong"]
)
def test_the_command_fails_for_what_is_wrong_and_not_for_a_note(
    monkeypatch: pytest.MonkeyPatch, good: bool | None, status: int
) -> None:
    from typer.testing import CliRunner

    from qpaykit.cli.app import app

    findings = [Finding("one", True, "fine"), Finding("two", good, "so"), Finding("x", True, "y")]
    monkeypatch.setattr("qpaykit._diagnostics.diagnose_merchant", lambda: iter(findings))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == status
