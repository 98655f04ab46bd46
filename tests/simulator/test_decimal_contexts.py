"""The simulator's sums are exact whatever decimal context the process has."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from qpaykit.simulator import Simulator


@pytest.fixture(params=["low precision", "trap for inexact results", "no exponents"])
def hostile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make every thread that starts now, and this one, compute in a hostile context."""
    default = decimal.DefaultContext
    monkeypatch.setattr(default, "prec", 4)
    if request.param == "trap for inexact results":
        monkeypatch.setitem(default.traps, decimal.Inexact, True)
        monkeypatch.setitem(default.traps, decimal.FloatOperation, True)
    if request.param == "no exponents":
        monkeypatch.setattr(default, "Emax", 2)
        monkeypatch.setattr(default, "Emin", -2)
    with decimal.localcontext(default):
        yield


def make(http: httpx.Client, **fields: object) -> str:
    body = {
        "invoice_code": "TEST_INVOICE",
        "sender_invoice_no": "42",
        "invoice_receiver_code": "terminal",
        "invoice_description": "Tea",
        "callback_url": "http://127.0.0.1:9/callback",
        **fields,
    }
    return str(http.post("/invoice", json=body).json()["invoice_id"])


def test_sums_are_exact_in_a_hostile_context(hostile: None) -> None:
    with Simulator() as simulator, httpx.Client(base_url=simulator.base_url) as http:
        login = (simulator.credentials["username"], simulator.credentials["password"])
        token = http.post("/auth/token", auth=login).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        invoice_id = make(http, amount=15999.10)
        simulator.pay(invoice_id, amount="7999.55", callbacks=0)
        payment_id = simulator.pay(invoice_id, callbacks=0, method="CARD")
        check: dict[str, Any] = http.post(
            "/payment/check", json={"object_type": "INVOICE", "object_id": invoice_id}
        ).json()
        assert check["paid_amount"] == 15999.1
        assert [row["payment_amount"] for row in check["rows"]] == ["7999.55", "7999.55"]
        assert check["rows"][0]["p2p_transactions"][0]["amount"] == "7919.55"
        assert http.get(f"/invoice/{invoice_id}").json()["total_amount"] == "15999.10"
        receipt = http.post(
            "/ebarimt_v3/create",
            json={"payment_id": payment_id, "ebarimt_receiver_type": "CITIZEN"},
        ).json()
        assert receipt["vat_amount"] == "727.23"
        assert simulator.invoice(invoice_id).due == Decimal(0)
        line = {"line_description": "x", "line_quantity": "3", "line_unit_price": "12345.67"}
        assert simulator.invoice(make(http, lines=[line])).amount == Decimal("37037.01")
        page = f"{simulator.page_root}/invoices/{invoice_id}"
        assert "7999.55" in httpx.get(page).text
