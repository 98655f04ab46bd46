"""Faults that make an answer odd: what QPay may send one day, and what shops must survive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from qpaykit.simulator import FAULT_KINDS, Simulator
from qpaykit.simulator.odd_answers import ODD_ANSWERS

CALLBACK_URL = "http://127.0.0.1:9/callback?order=42&signed=yes"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A QPay whose first payment id begins with a zero."""
    with Simulator(seed=10) as simulator:
        yield simulator


@pytest.fixture
def http(simulator: Simulator) -> Iterator[httpx.Client]:
    login = (simulator.credentials["username"], simulator.credentials["password"])
    with httpx.Client(base_url=simulator.base_url) as client:
        token = client.post("/auth/token", auth=login).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
def invoice_id(http: httpx.Client) -> str:
    body = {
        "invoice_code": "TEST_INVOICE",
        "sender_invoice_no": "42",
        "invoice_receiver_code": "terminal",
        "invoice_description": "Tea",
        "amount": 1500,
        "callback_url": CALLBACK_URL,
    }
    return str(http.post("/invoice", json=body).json()["invoice_id"])


@pytest.fixture
def payment_id(simulator: Simulator, invoice_id: str) -> str:
    return simulator.pay(invoice_id, amount=750, callbacks=0)


def check(http: httpx.Client, invoice_id: str, **offset: int) -> dict[str, Any]:
    body = {"object_type": "INVOICE", "object_id": invoice_id, "offset": offset}
    found: dict[str, Any] = http.post("/payment/check", json=body).json()
    return found


def test_every_odd_answer_is_a_kind_of_fault_with_an_explanation() -> None:
    assert ODD_ANSWERS.keys() < FAULT_KINDS.keys()
    assert all(FAULT_KINDS.values())


def test_rows_lose_their_payment_id(
    simulator: Simulator, http: httpx.Client, invoice_id: str, payment_id: str
) -> None:
    simulator.faults.add("POST", "/payment/check", "no-payment-ids")
    assert "payment_id" not in check(http, invoice_id)["rows"][0]
    assert check(http, invoice_id)["rows"][0]["payment_id"] == payment_id


def test_ids_become_numbers_and_lose_their_zero(
    simulator: Simulator, http: httpx.Client, invoice_id: str, payment_id: str
) -> None:
    assert payment_id.startswith("0")
    simulator.faults.add("POST", "/payment/check", "numeric-ids")
    assert check(http, invoice_id)["rows"][0]["payment_id"] == int(payment_id)


def test_each_row_stands_twice_on_a_page(
    simulator: Simulator, http: httpx.Client, invoice_id: str, payment_id: str
) -> None:
    simulator.faults.add("POST", "/payment/check", "rows-twice")
    found = check(http, invoice_id)
    assert found["count"] == 2
    assert [row["payment_id"] for row in found["rows"]] == [payment_id] * 2


def test_the_first_pages_rows_come_again_on_the_next(
    simulator: Simulator, http: httpx.Client, invoice_id: str, payment_id: str
) -> None:
    simulator.faults.add("POST", "/payment/check", "rows-again", None)
    pages = [check(http, invoice_id, page_number=number) for number in (1, 2)]
    assert pages[0] == pages[1]
    assert pages[0]["count"] == 2
    assert [row["payment_id"] for row in pages[1]["rows"]] == [payment_id]


def test_a_payment_loses_its_invoice(
    simulator: Simulator, http: httpx.Client, payment_id: str
) -> None:
    simulator.faults.add("GET", "/payment/*", "no-object-id")
    assert "object_id" not in http.get(f"/payment/{payment_id}").json()


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("null-callback-url", None),
        ("empty-callback-url", ""),
        ("cut-callback-url", "http://127.0.0.1:9/callback"),
        ("escaped-callback-url", "http://127.0.0.1:9/callback?order=42&amp;signed=yes"),
    ],
)
def test_the_callback_url_comes_back_otherwise(
    simulator: Simulator, http: httpx.Client, invoice_id: str, kind: str, sent: str | None
) -> None:
    simulator.faults.add("GET", "/invoice/*", kind)
    assert http.get(f"/invoice/{invoice_id}").json()["callback_url"] == sent
    assert http.get(f"/invoice/{invoice_id}").json()["callback_url"] == CALLBACK_URL


@pytest.mark.parametrize("name", ["callback-url", "sender-invoice-no"])
def test_an_invoice_lacks_a_field(
    simulator: Simulator, http: httpx.Client, invoice_id: str, name: str
) -> None:
    simulator.faults.add("GET", "/invoice/*", f"no-{name}")
    assert name.replace("-", "_") not in http.get(f"/invoice/{invoice_id}").json()


@pytest.mark.parametrize(("kind", "sent"), [("zero-total", "0.00"), ("negative-total", "-1500.00")])
def test_an_invoices_total_is_not_above_zero(
    simulator: Simulator, http: httpx.Client, invoice_id: str, kind: str, sent: str
) -> None:
    simulator.faults.add("GET", "/invoice/*", kind)
    assert http.get(f"/invoice/{invoice_id}").json()["total_amount"] == sent


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("huge-amounts", ('"paid_amount":9e999999', '"payment_amount":"9e999999"')),
        (
            "long-amounts",
            ('"paid_amount":1234567890123456', '"payment_amount":"1234567890123456.00"'),
        ),
    ],
)
def test_amounts_that_no_payment_can_have(
    simulator: Simulator,
    http: httpx.Client,
    invoice_id: str,
    payment_id: str,
    kind: str,
    written: tuple[str, str],
) -> None:
    simulator.faults.add("POST", "/payment/check", kind)
    body = {"object_type": "INVOICE", "object_id": invoice_id}
    text = http.post("/payment/check", json=body).text
    assert all(part in text for part in written)


def test_a_refusal_is_not_made_odd(simulator: Simulator, http: httpx.Client) -> None:
    simulator.faults.add("GET", "/invoice/*", "no-callback-url")
    answer = http.get("/invoice/none")
    assert (answer.status_code, answer.json()["error"]) == (422, "INVOICE_NOTFOUND")
