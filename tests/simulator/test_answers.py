"""The form of QPay's answers: headers, tokens, invoices, receipts, subscriptions."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from qpaykit.simulator import Simulator
from simulator.plain_http import MakeInvoice, invoice_body, log_in

LINE = {
    "tax_product_code": "6401",
    "line_description": "Tea",
    "line_quantity": 1,
    "line_unit_price": "200",
    "note": "hot",
    "discounts": [{"discount_code": "NONE", "description": "discount", "amount": 10, "note": "d"}],
    "surcharges": [{"surcharge_code": "NONE", "description": "delivery", "amount": "10"}],
    "taxes": [{"tax_code": "VAT", "description": "VAT", "amount": 20}],
}


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_an_answer_has_the_headers_of_express_behind_nginx(qpay: httpx.Client) -> None:
    answer = qpay.post("/payment/list", json={"object_type": "MERCHANT", "object_id": "x"})
    assert answer.headers["server"] == "nginx/1.28.0"
    assert answer.headers["x-powered-by"] == "Express"
    digest = base64.b64encode(hashlib.sha1(answer.content).digest()).decode()[:27]  # noqa: S324
    assert answer.headers["etag"] == f'W/"{len(answer.content):x}-{digest}"'


def test_a_session_cookie_is_set_once(qpay_simulator: Simulator) -> None:
    with log_in(qpay_simulator.credentials) as http:
        assert http.cookies["qpay_merchant_openapi.sid"]
        assert "set-cookie" not in http.get("/invoice/none").headers


def test_a_path_that_there_is_not_is_answered_by_express(qpay: httpx.Client) -> None:
    answer = qpay.get("/no<thing>")
    assert answer.status_code == 404
    assert "<pre>Cannot GET /v2/no%3Cthing%3E</pre>" in answer.text


def test_tokens_are_jwts_with_qpays_claims(qpay_simulator: Simulator) -> None:
    login = (qpay_simulator.credentials["username"], qpay_simulator.credentials["password"])
    token = httpx.post(f"{qpay_simulator.base_url}/auth/token", auth=login).json()
    access, refresh = claims(token["access_token"]), claims(token["refresh_token"])
    assert access.keys() == {
        "client_id",
        "merchant_id",
        "v1_merchant_flag",
        "session_id",
        "iat",
        "exp",
    }
    assert len(access["session_id"]) == 32
    assert access["exp"] == access["iat"] + token["expires_in"]
    assert refresh.keys() == {"id", "session_secret", "extra", "iat", "exp"}
    assert refresh["exp"] == 2 * refresh["iat"] + 100_800


def test_the_merchant_id_of_the_token_lists_the_merchants_payments(
    qpay_simulator: Simulator, qpay: httpx.Client, make_invoice: MakeInvoice
) -> None:
    qpay_simulator.pay(make_invoice()["invoice_id"], callbacks=0)
    merchant_id = claims(qpay.headers["authorization"])["merchant_id"]
    asked = {"object_type": "MERCHANT", "object_id": merchant_id}
    assert qpay.post("/payment/list", json=asked).json()["count"] == 1


def test_a_token_of_an_earlier_run_is_refused_with_the_reason(
    qpay_simulator: Simulator, qpay: httpx.Client
) -> None:
    qpay_simulator.advance(-86_400)  # the simulator of these tests may have run for a while
    with log_in(qpay_simulator.credentials) as earlier:
        qpay_simulator.reset()
        answer = earlier.get("/invoice/none")
    assert (answer.status_code, answer.json()["error"]) == (401, "NO_CREDENTIALS")
    assert "restarted" in answer.json()["message"]


def test_an_invoice_of_lines_is_answered_in_one_form(
    qpay: httpx.Client, make_invoice: MakeInvoice
) -> None:
    made = make_invoice(lines=[LINE], amount=200)
    detail = qpay.get(f"/invoice/{made['invoice_id']}").json()
    sums = ("total_amount", "gross_amount", "tax_amount", "surcharge_amount", "discount_amount")
    assert [detail[name] for name in sums] == ["220.00", 200, 20, 10, 10]
    assert detail["lines"] == [
        {
            "tax_product_code": "6401",
            "line_description": "Tea",
            "line_quantity": "1.00",
            "line_unit_price": "200.00",
            "note": "hot",
            "discounts": [
                {
                    "discount_code": "NONE",
                    "description": "discount",
                    "amount": "10.00",
                    "note": "d",
                }
            ],
            "surcharges": [
                {
                    "surcharge_code": "NONE",
                    "description": "delivery",
                    "amount": "10.00",
                    "note": None,
                }
            ],
            "taxes": [{"tax_code": "VAT", "description": "VAT", "amount": "20.0000", "note": None}],
        }
    ]


def test_the_sums_of_an_invoice_without_lines_are_text(
    qpay: httpx.Client, make_invoice: MakeInvoice
) -> None:
    detail = qpay.get(f"/invoice/{make_invoice()['invoice_id']}").json()
    sums = ("total_amount", "gross_amount", "tax_amount", "surcharge_amount", "discount_amount")
    assert [detail[name] for name in sums] == ["1500.00", "1500.00", "0.00", "0.00", "0.00"]


def test_the_taxes_of_an_ebarimt_invoice_are_inside_its_price(
    qpay: httpx.Client, make_invoice: MakeInvoice
) -> None:
    line = {
        "line_description": "Tea",
        "line_quantity": "1.00",
        "line_unit_price": "1100.00",
        "classification_code": "0111100",
        "taxes": [{"tax_code": "VAT", "description": "VAT", "amount": "100.0000"}],
    }
    made = make_invoice(invoice_code="TEST_EB_INVOICE", amount=None, lines=[line])
    detail = qpay.get(f"/invoice/{made['invoice_id']}").json()
    assert (detail["total_amount"], detail["gross_amount"], detail["tax_amount"]) == (
        "1100.00",
        1100,
        100,
    )


COMMON_RECEIPT = {
    "id",
    "ebarimt_by",
    "g_wallet_id",
    "g_wallet_customer_id",
    "ebarimt_receiver",
    "ebarimt_district_code",
    "ebarimt_bill_type",
    "g_merchant_id",
    "merchant_branch_code",
    "merchant_terminal_code",
    "merchant_staff_code",
    "g_payment_id",
    "paid_by",
    "object_type",
    "object_id",
    "amount",
    "vat_amount",
    "city_tax_amount",
    "ebarimt_qr_data",
    "ebarimt_lottery",
    "note",
    "tax_type",
    "created_by",
    "created_date",
    "updated_by",
    "updated_date",
    "status",
}


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (
            "/ebarimt_v3",
            {
                "ebarimt_receiver_type",
                "merchant_register_no",
                "barimt_status",
                "barimt_status_date",
                "ebarimt_sent_email",
                "ebarimt_receiver_phone",
                "merchant_tin",
                "ebarimt_receipt_id",
                "barimt_items",
                "barimt_transactions",
                "barimt_histories",
            },
        ),
        (
            "/ebarimt",
            {
                "ebarim_receiver_type",
                "merchant_register",
                "ebarimt_status",
                "ebarimt_status_date",
            },
        ),
    ],
)
def test_a_receipt_has_all_documented_fields(
    qpay_simulator: Simulator,
    qpay: httpx.Client,
    make_invoice: MakeInvoice,
    path: str,
    own: set[str],
) -> None:
    payment_id = qpay_simulator.pay(make_invoice()["invoice_id"], callbacks=0)
    body = {"payment_id": payment_id, "ebarimt_receiver_type": "CITIZEN"}
    made = qpay.post(f"{path}/create", json=body).json()
    assert made.keys() == COMMON_RECEIPT | own


def test_a_receipt_of_3_0_is_cancelled_by_its_payments_id(
    qpay_simulator: Simulator, qpay: httpx.Client, make_invoice: MakeInvoice
) -> None:
    payment_id = qpay_simulator.pay(make_invoice()["invoice_id"], callbacks=0)
    body = {"payment_id": payment_id, "ebarimt_receiver_type": "CITIZEN"}
    made = qpay.post("/ebarimt_v3/create", json=body).json()
    wrong = qpay.request("DELETE", f"/ebarimt_v3/{made['id']}", json={"note": "wrong"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "BARIMT_NOT_FOUND")
    right = qpay.request("DELETE", f"/ebarimt_v3/{payment_id}", json={"note": "wrong"})
    assert right.json()["barimt_status"] == "CANCELED"
    assert right.json()["id"] == made["id"]


SUBSCRIPTION = {
    "id",
    "is_active",
    "merchant_id",
    "g_invoice_id",
    "webhook",
    "next_payment_date",
    "start_date",
    "last_interval_date",
    "interval",
    "note",
    "created_by",
    "created_date",
    "updated_by",
    "updated_date",
    "status",
}


@pytest.fixture
def subscribed(make_invoice: MakeInvoice) -> dict[str, Any]:
    return make_invoice(
        allow_subscribe=True,
        subscription_interval="1M",
        subscription_webhook="https://shop.test/hook",
        next_payment_date="2027-01-31T00:00:00.000Z",
        lines=[LINE],
    )


def test_a_subscription_is_answered_with_all_its_fields(
    qpay: httpx.Client, subscribed: dict[str, Any]
) -> None:
    subscription = subscribed["subscription"]
    assert subscription.keys() == SUBSCRIPTION
    assert subscription["g_invoice_id"] == subscribed["invoice_id"]
    assert subscription["next_payment_date"] == "2027-01-31T00:00:00.000Z"
    found = qpay.get(f"/subscription/{subscription['id']}").json()
    assert found == {**subscription, "invoices": [], "payments": []}


def test_a_card_payment_fills_the_subscription(
    qpay_simulator: Simulator, qpay: httpx.Client, subscribed: dict[str, Any]
) -> None:
    payment_id = qpay_simulator.pay(subscribed["invoice_id"], method="CARD", callbacks=0)
    found = qpay.get(f"/subscription/{subscribed['subscription']['id']}").json()
    assert [row["payment_id"] for row in found["payments"]] == [payment_id]
    assert [one["id"] for one in found["invoices"]] == [subscribed["invoice_id"]]
    assert found["invoices"][0]["invoice_amount"] == "220.00"
    assert found["invoices"][0]["invoice_lines"][0]["invoice_taxes"][0]["amount"] == "20.0000"


def test_the_next_payment_of_a_subscription_is_made_by_the_test(
    qpay_simulator: Simulator, qpay: httpx.Client, subscribed: dict[str, Any]
) -> None:
    identifier = subscribed["subscription"]["id"]
    with pytest.raises(ValueError, match="by card first"):
        qpay_simulator.pay_subscription(identifier)
    qpay_simulator.pay(subscribed["invoice_id"], method="CARD", callbacks=0)
    payment_id = qpay_simulator.pay_subscription(identifier, callbacks=0)
    found = qpay.get(f"/subscription/{identifier}").json()
    assert [row["payment_amount"] for row in found["payments"]] == ["220.00"] * 2
    assert found["next_payment_date"] == "2027-02-28T00:00:00.000Z"
    payment = qpay.get(f"/payment/{payment_id}").json()
    assert payment["transaction_type"] == "CARD"
    assert payment["object_id"] == found["invoices"][1]["id"] != subscribed["invoice_id"]
    qpay.delete(f"/subscription/{identifier}")
    with pytest.raises(ValueError, match="cancelled"):
        qpay_simulator.pay_subscription(identifier)


@pytest.mark.parametrize(("interval", "days"), [("1D", 1), ("2W", 14)])
def test_a_subscription_without_a_date_is_due_after_its_interval(
    make_invoice: MakeInvoice, interval: str, days: int
) -> None:
    made = make_invoice(allow_subscribe=True, subscription_interval=interval)["subscription"]
    due, start = (
        datetime.strptime(made[name], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
        for name in ("next_payment_date", "start_date")
    )
    assert due - start == timedelta(days=days)


def test_a_subscription_needs_an_interval(qpay: httpx.Client) -> None:
    answer = qpay.post("/invoice", json=invoice_body(allow_subscribe=True))
    assert answer.json()["error"]["subscription_interval"]["type"] == "REQUIRED"
