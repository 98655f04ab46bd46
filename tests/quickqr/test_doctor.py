"""The doctor looks over the variables of Quick QR."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from helpers.quickqr import QUICKQR_SETTINGS
from qpaykit._diagnostics import Finding, diagnose

if TYPE_CHECKING:
    import respx

    from qpaykit.simulator import Simulator


@pytest.fixture
def qpay(qpay: respx.MockRouter) -> respx.MockRouter:
    """A mocked QPay that does not tell the time."""
    qpay.get("").respond(404)
    return qpay


def export(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"QPAY_QUICKQR_{name.upper()}", value)


def findings() -> dict[str, Finding]:
    return {one.name: one for one in diagnose()}


def test_complete_variables_have_no_wrong_finding_and_show_no_secret(
    qpay_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "a secret of the shop that is long enough"
    credentials = qpay_simulator.quickqr_credentials
    export(monkeypatch, **credentials, callback_secret=secret)
    found = findings()
    assert [one.is_ok for one in found.values()] == [True] * 5
    assert "terminal 95000059" in found["quickqr login"].message
    assert found["quickqr token"].message == "QPay gives one"
    shown = " ".join(one.message for one in found.values())
    assert secret not in shown
    assert credentials["password"] not in shown


def test_what_is_missing_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    export(monkeypatch, username="PARTNER")
    found = findings()
    assert set(found) == {"quickqr password", "quickqr terminal_id"}
    assert "QPAY_QUICKQR_TERMINAL_ID" in found["quickqr terminal_id"].message


def test_what_callbacks_need_is_a_note(
    qpay: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(monkeypatch, **{**QUICKQR_SETTINGS, "callback_url": ""})  # type: ignore[arg-type]
    found = findings()
    for name in ("callback_url", "callback_secret"):
        assert found[f"quickqr {name}"].is_ok is None
        assert f"QPAY_QUICKQR_{name.upper()}" in found[f"quickqr {name}"].message


def test_a_callback_url_that_quick_qr_cannot_call_is_wrong(
    qpay: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(monkeypatch, **{**QUICKQR_SETTINGS, "callback_url": "http://shop.test/callback"})  # type: ignore[arg-type]
    found = findings()["quickqr callback_url"]
    assert (found.is_ok, found.message) == (
        False,
        "http://shop.test/callback: QPay calls public https:// URLs only",
    )


def test_a_clock_that_is_wrong_is_found(
    qpay: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    qpay.get("").respond(404, headers={"date": formatdate(time.time() + 3600, usegmt=True)})
    export(monkeypatch, **QUICKQR_SETTINGS)
    assert findings()["quickqr clock"].is_ok is False


def test_what_cannot_be_right_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    export(monkeypatch, **{**QUICKQR_SETTINGS, "base_url": "http://quickqr.qpay.mn"})  # type: ignore[arg-type]
    assert findings()["quickqr settings"].is_ok is False


def test_a_refused_login_is_wrong(qpay: respx.MockRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    qpay["token"].respond(401, json={"error": "AUTHENTICATION_FAILED"})
    export(monkeypatch, **QUICKQR_SETTINGS)
    assert findings()["quickqr token"].is_ok is False


def test_both_products_are_looked_at_where_both_have_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export(monkeypatch, username="PARTNER")
    monkeypatch.setenv("QPAY_USERNAME", "SHOP")
    assert {"password", "quickqr password"} <= set(findings())


def test_without_variables_the_merchants_are_missing() -> None:
    assert {"username", "password"} <= set(findings())
