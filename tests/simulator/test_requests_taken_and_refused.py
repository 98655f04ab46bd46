"""What QPay takes and refuses, as foreign clients and recorded answers show it."""

from __future__ import annotations

import httpx
import pytest

from qpaykit.simulator import Simulator
from simulator.plain_http import MakeInvoice, invoice_body, log_in


@pytest.mark.parametrize(("amount", "total"), [("1500", "1500.00"), ("99.5", "99.50")])
def test_an_amount_may_be_text(
    qpay: httpx.Client, make_invoice: MakeInvoice, amount: str, total: str
) -> None:
    made = make_invoice(amount=amount)
    assert qpay.get(f"/invoice/{made['invoice_id']}").json()["total_amount"] == total


@pytest.mark.parametrize(("amount", "refused"), [(9.99, True), ("9", True), (10, False)])
def test_an_amount_under_ten_is_refused(
    make_invoice: MakeInvoice, amount: object, refused: bool
) -> None:
    assert make_invoice(amount=amount).get("error") == ("MIN_AMOUNT_ERR" if refused else None)


@pytest.mark.parametrize(
    "url",
    [
        "shop.mn/callback",
        "/callback",
        "ftp://shop.mn/callback",
        "https://",
        "https://shop.mn/call back",
        "https://shop.mn/callback\n",
        "http://[bad/callback",
        '"https://shop.mn/callback"',
    ],
)
def test_a_callback_url_that_is_none_is_refused_by_its_field(
    make_invoice: MakeInvoice, url: str
) -> None:
    assert make_invoice(callback_url=url)["error"]["callback_url"]["type"] == "INVALID"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (
            "/invoice",
            {
                "invoice_code",
                "sender_invoice_no",
                "invoice_receiver_code",
                "invoice_description",
                "callback_url",
            },
        ),
        ("/payment/check", {"object_type", "object_id"}),
        ("/payment/list", {"object_type", "object_id"}),
        ("/ebarimt_v3/create", {"payment_id", "ebarimt_receiver_type"}),
    ],
)
def test_every_missing_field_is_named(qpay: httpx.Client, path: str, fields: set[str]) -> None:
    answer = qpay.post(path, json={})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error.keys() == fields
    assert all(one.keys() == {"type", "message"} for one in error.values())


def test_payments_are_listed_without_dates(
    qpay_simulator: Simulator, qpay: httpx.Client, make_invoice: MakeInvoice
) -> None:
    payment_id = qpay_simulator.pay(make_invoice()["invoice_id"], callbacks=0)
    asked = {"object_type": "INVOICE", "object_id": "TEST_INVOICE"}
    found = qpay.post("/payment/list", json=asked).json()
    assert [row["payment_id"] for row in found["rows"]] == [payment_id]
    later = qpay.post("/payment/list", json={**asked, "start_date": "2999-01-01"}).json()
    assert later["rows"] == []


def test_a_slash_at_the_end_of_a_path_makes_no_difference(
    qpay: httpx.Client, make_invoice: MakeInvoice
) -> None:
    made = qpay.post("/invoice/", json=invoice_body()).json()
    assert qpay.get(f"/invoice/{made['invoice_id']}/").status_code == 200


def test_an_account_may_be_for_ebarimt_alone(qpay_simulator: Simulator) -> None:
    line = {
        "line_description": "x",
        "line_quantity": "1.00",
        "line_unit_price": "1100.00",
        "classification_code": "0111100",
        "taxes": [{"tax_code": "VAT", "description": "НӨАТ", "amount": "100"}],
    }
    credentials = qpay_simulator.ebarimt_credentials
    with log_in(credentials) as http:
        body = invoice_body(invoice_code=credentials["invoice_code"], amount=None, lines=[line])
        assert "invoice_id" in http.post("/invoice", json=body).json()
        plain = http.post("/invoice", json=invoice_body())
        assert plain.json()["error"] == "INVOICE_CODE_INVALID"


def test_an_account_needs_an_invoice_code(qpay_simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="invoice_code or ebarimt_code"):
        qpay_simulator.add_account("NONE", "password", invoice_code=None, ebarimt_code=None)
