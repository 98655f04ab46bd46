"""Every request that we send and every answer of the simulator has the documented shape."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import httpx
import pytest

from integration.shapes import ANSWERS, REQUESTS, Checker
from qpaykit import (
    Account,
    Address,
    BranchData,
    Discount,
    InvoiceLine,
    QPayClient,
    ReceiverData,
    StaffData,
    Surcharge,
    Tax,
    TerminalData,
    Transaction,
)
from qpaykit.simulator import Simulator

Exchange = tuple[str, object, object]
_ID = re.compile(
    r"/(?P<kind>invoice|payment/cancel|payment/refund|payment|ebarimt_v3|ebarimt|subscription)/"
    r"(?!check$|list$|create$|cancel/|refund/)[^/]+$"
)


def endpoint_of(request: httpx.Request) -> str:
    path = _ID.sub(r"/\g<kind>/{id}", request.url.path.removeprefix("/v2"))
    return f"{request.method} {path}"


@pytest.fixture(scope="module")
def exchanges() -> dict[str, list[Exchange]]:
    """Call every endpoint, with as many fields as it has; return what went each way."""
    found: dict[str, list[Exchange]] = {}

    def keep(response: httpx.Response) -> None:
        response.read()
        sent = json.loads(response.request.content or b"{}")
        name = endpoint_of(response.request)
        assert response.status_code == 200, response.text
        found.setdefault(name, []).append((name, sent, response.json()))

    with (
        Simulator(username="SHOP", password="a-password") as simulator,
        httpx.Client(event_hooks={"response": [keep]}) as http,
        QPayClient(**simulator.credentials, http_client=http, max_retries=0) as client,
    ):
        call_everything(simulator, client)
    return found


def call_everything(simulator: Simulator, client: QPayClient) -> None:
    address = Address(city="УБ", district="СБД", street="1", building="2", address="3")
    full = client.invoices.create(
        sender_invoice_no="42",
        invoice_description="Сүүтэй цай",
        sender_branch_code="BRANCH1",
        sender_branch_data=BranchData(name="Салбар", email="a@shop.test", address=address),
        sender_staff_code="online",
        sender_staff_data=StaffData(name="Бат", phone="99000000"),
        sender_terminal_code="T1",
        sender_terminal_data=TerminalData(name="Касс 1"),
        invoice_receiver_data=ReceiverData(register="AA00000000", name="Бат", address=address),
        enable_expiry=True,
        expiry_date="2090-01-01",
        minimum_amount=100,
        maximum_amount=1000,
        allow_partial=True,
        allow_exceed=False,
        allow_subscribe=True,
        subscription_interval="1M",
        subscription_webhook="https://shop.test/hook",
        next_payment_date="2090-01-01",
        note="Тэмдэглэл",
        amount=220,
        lines=[
            InvoiceLine(
                sender_product_code="P1",
                tax_product_code="6401",
                line_description="Цай",
                line_quantity="1.5",
                line_unit_price=Decimal("133.34"),
                discounts=[Discount(discount_code="D", description="Хямдрал", amount="10.01")],
                surcharges=[Surcharge(description="Хүргэлт", amount=10)],
                taxes=[Tax(tax_code="VAT", description="НӨАТ", amount=20)],
            )
        ],
        transactions=[
            Transaction(
                description="Шилжүүлэг",
                amount=100,
                accounts=[
                    Account(
                        account_bank_code="050000",
                        account_name="NAME",
                        account_number="5000000000",
                        iban_number="MN000000000000000000",
                        account_currency="MNT",
                        is_default=True,
                    )
                ],
            )
        ],
    )
    simulator.pay(full.invoice_id, method="CARD", callbacks=0)
    client.invoices.get(full.invoice_id)
    subscription = str((full.subscription or {})["id"])
    simulator.pay_subscription(subscription, callbacks=0)
    client.subscriptions.get(subscription)
    client.subscriptions.cancel(subscription)
    client.invoices.create(
        invoice_code="TEST_EB_INVOICE",
        sender_invoice_no="43",
        invoice_description="Tea",
        tax_type="1",
        district_code="3505",
        lines=[
            InvoiceLine.with_vat(
                line_description="Tea",
                line_quantity=1,
                line_unit_price=1100,
                classification_code="0111100",
            )
        ],
    )
    for method in ("P2P", "CARD"):
        simple = client.invoices.create(
            amount="1500.5", sender_invoice_no="44", invoice_description="Tea"
        )
        client.payments.check(simple.invoice_id)
        client.invoices.get(simple.invoice_id)
        payment = simulator.pay(simple.invoice_id, method=method, callbacks=0)
        client.payments.check(simple.invoice_id)
        client.payments.get(payment)
        client.payments.list(
            start_date="2020-01-01", end_date="2090-01-01", merchant_branch_code="BRANCH1"
        )
        for legacy in (False, True):
            receipt = client.ebarimt.create(payment, receiver="99000000", legacy=legacy)
            client.ebarimt.get(receipt.id or "", legacy=legacy)
            named = receipt.id or "" if legacy else payment
            client.ebarimt.cancel(named, note="wrong", legacy=legacy)
    client.payments.refund(payment, note="cold")
    unpaid = client.invoices.create(amount=10, sender_invoice_no="45", invoice_description="Tea")
    client.payments.cancel(
        simulator.pay(unpaid.invoice_id, method="CARD", callbacks=0),
        note="cold",
        callback_url="https://shop.test/taken-back",
    )
    client.invoices.cancel(
        client.invoices.create(
            amount=10, sender_invoice_no="46", invoice_description="Tea"
        ).invoice_id
    )


@pytest.mark.parametrize("endpoint", REQUESTS)
def test_what_we_send_has_the_documented_fields(
    exchanges: dict[str, list[Exchange]], endpoint: str
) -> None:
    checker = Checker(required=False)
    for _, sent, _ in exchanges[endpoint]:
        assert list(checker.problems(REQUESTS[endpoint], sent)) == []


@pytest.mark.parametrize("endpoint", ANSWERS)
def test_what_the_simulator_answers_has_the_documented_fields(
    exchanges: dict[str, list[Exchange]], endpoint: str
) -> None:
    checker = Checker(required=True)
    for _, _, answered in exchanges[endpoint]:
        assert list(checker.problems(ANSWERS[endpoint], answered)) == []


def test_every_endpoint_was_called_and_has_a_shape(exchanges: dict[str, list[Exchange]]) -> None:
    assert exchanges.keys() == REQUESTS.keys() == ANSWERS.keys()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"object_type": "INVOICE"}, ".object_id is missing"),
        ({"object_type": "INVOICE", "object_id": 1}, ".object_id is no text 50: 1"),
        ({"object_type": "INVOICE", "object_id": "x" * 51}, ".object_id is no text 50"),
        ({"object_type": "INVOICE", "object_id": "1", "page": 1}, ".page is not known"),
    ],
)
def test_a_wrong_body_is_found(value: object, problem: str) -> None:
    [found] = Checker(required=False).problems(REQUESTS["POST /payment/check"], value)
    assert problem in found


def test_an_answer_without_a_field_is_found() -> None:
    [found] = Checker(required=True).problems(ANSWERS["POST /payment/check"], {"rows": []})
    assert found == ".count is missing"
