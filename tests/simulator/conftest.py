"""Fixtures of the simulator's tests."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from qpaykit.simulator import Simulator
from simulator.plain_http import Json, MakeInvoice, invoice_body, log_in


@pytest.fixture
def qpay(qpay_simulator: Simulator) -> Iterator[httpx.Client]:
    with log_in(qpay_simulator.credentials) as http:
        yield http


@pytest.fixture
def make_invoice(qpay: httpx.Client) -> MakeInvoice:
    def make(**changes: object) -> Json:
        answer: Json = qpay.post("/invoice", json=invoice_body(**changes)).json()
        return answer

    return make
