"""Every endpoint of the client, against the simulator, compared with the recorded bodies."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from helpers.settings import LIBRARIES
from qpaykit import Discount, InvoiceLine, QPayClient, QPayError, Surcharge, Tax
from qpaykit.simulator import Simulator

SAMPLES = Path(__file__).parent.parent / "samples"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def lacks(recorded: Any, answered: Any, at: str = "") -> list[str]:
    """What the simulator's answer lacks, or has in another JSON type."""
    if isinstance(recorded, dict) and isinstance(answered, dict):
        missing = [f"{at}.{name} is missing" for name in recorded.keys() - answered.keys()]
        common = recorded.keys() & answered.keys()
        return missing + [
            line
            for name in common
            for line in lacks(recorded[name], answered[name], f"{at}.{name}")
        ]
    if isinstance(recorded, list) and isinstance(answered, list):
        return lacks(recorded[0], answered[0], f"{at}[0]") if recorded and answered else []
    if recorded is None or answered is None:
        return []
    number = (int, float)
    same = type(recorded) is type(answered) or (
        isinstance(recorded, number) and isinstance(answered, number)
    )
    return [] if same else [f"{at} is {type(answered).__name__}"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_answer_has_what_was_recorded(qpay_simulator: Simulator, library: str) -> None:
    answers: dict[str, tuple[int, Any]] = {}
    name = ""

    def keep(response: Any) -> None:
        response.read()
        answers[name] = (response.status_code, response.json())

    with (
        importlib.import_module(library).Client(event_hooks={"response": [keep]}) as http,
        QPayClient(**qpay_simulator.credentials, http_client=http, max_retries=0) as client,
    ):
        name = "auth-2"
        client.tokens.get()
        name = "invoice-create-1"
        invoice = client.invoices.create(
            amount=200, sender_invoice_no="42", invoice_description="Tea"
        ).invoice_id
        name = "payment-check-unpaid-1"
        client.payments.check(invoice)
        name = "a helper's own"
        of_lines = client.invoices.create(
            lines=[
                InvoiceLine(
                    line_description="Tea",
                    line_quantity=1,
                    line_unit_price=200,
                    tax_product_code="6401",
                    discounts=[Discount(description="discount", amount=10)],
                    surcharges=[Surcharge(description="delivery", amount=10)],
                    taxes=[Tax(tax_code="VAT", description="VAT", amount=20)],
                )
            ],
            amount=220,
            sender_invoice_no="45",
            invoice_description="Tea",
        ).invoice_id
        name = "invoice-get-1"
        client.invoices.get(of_lines)
        name = "payment-list-empty-1"
        client.payments.list(start_date="2020-01-01", end_date="2090-01-01")
        paid = {}
        for method in ("P2P", "CARD"):
            name = "a helper's own"
            invoice = client.invoices.create(
                amount=100, sender_invoice_no="43", invoice_description="Tea"
            ).invoice_id
            paid[method] = qpay_simulator.pay(invoice, method=method, callbacks=0)
            name = f"payment-get-{method.lower()}-1"
            client.payments.get(paid[method])
            name = f"payment-check-{method.lower()}-1"
            client.payments.check(invoice)
        name = "ebarimt-v3-create-1"
        client.ebarimt.create(paid["CARD"], receiver="99000000")
        name = "ebarimt-v3-cancel-1"
        client.ebarimt.cancel(paid["CARD"], note="wrong")
        name = "empty-1"
        client.payments.refund(paid["CARD"], note="cold")
        name = "error-4"
        with pytest.raises(QPayError):
            client.payments.refund(paid["P2P"], note="cold")
        name = "error-7"
        with pytest.raises(QPayError):
            client.ebarimt.create(paid["CARD"])
        name = "a helper's own"
        unpaid = client.invoices.create(
            amount=10, sender_invoice_no="44", invoice_description="Tea"
        ).invoice_id
        client.invoices.cancel(unpaid)
        name = "error-3"
        with pytest.raises(QPayError):
            client.invoices.cancel(unpaid)
    del answers["a helper's own"]
    for recorded, (status, answered) in answers.items():
        assert lacks(sample(recorded), answered) == [], recorded
        assert (status >= 400) == recorded.startswith("error"), recorded
        if recorded.startswith(("error", "empty", "payment-check-unpaid", "payment-list-empty")):
            assert answered == sample(recorded), recorded
    assert len(answers) == 15
