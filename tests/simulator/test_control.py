"""The simulator in the hands of a test: what it takes, and what it says to what it does not."""

from __future__ import annotations

import threading

import pytest

from qpaykit import QPayClient
from qpaykit.simulator import Simulator


def make(simulator: Simulator) -> str:
    with QPayClient(**simulator.credentials) as client:
        return client.invoices.create(
            amount=1500, sender_invoice_no="42", invoice_description="Tea"
        ).invoice_id


def drawn(simulator: Simulator) -> list[bool]:
    simulator.faults.add("*", "*", "500", None, share=0.5)
    return [simulator.faults.take("GET", "/v2/x") is not None for _ in range(50)]


def test_a_client_can_call_the_url_of_a_simulator_that_listens_everywhere() -> None:
    with Simulator(host="0.0.0.0", expose=True) as simulator:
        assert make(simulator)


@pytest.mark.parametrize("host", ["::", "::1"])
def test_an_address_of_ipv6_stands_in_brackets(host: str) -> None:
    assert Simulator(host=host, port=8899, expose=True).base_url == "http://[::1]:8899/v2"


def test_a_reset_starts_the_seed_anew() -> None:
    simulator = Simulator(seed=1)
    first = drawn(simulator)
    simulator.reset()
    assert drawn(simulator) == first
    assert len(set(first)) == 2


@pytest.mark.parametrize("amount", ["Infinity", "NaN", "-1", "0"])
def test_an_amount_that_is_none_is_not_paid(qpay_simulator: Simulator, amount: str) -> None:
    invoice_id = make(qpay_simulator)
    with pytest.raises(ValueError, match="nothing to pay"):
        qpay_simulator.pay(invoice_id, amount=amount)
    assert qpay_simulator.pay(invoice_id, callbacks=0)


def test_what_there_is_not_is_a_value_error(qpay_simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="INVOICE_NOTFOUND"):
        qpay_simulator.pay("nope")
    with pytest.raises(ValueError, match="PAYMENT_NOTFOUND"):
        qpay_simulator.refund("nope")


@pytest.mark.parametrize("times", [0, -1])
def test_a_fault_strikes_at_least_once(qpay_simulator: Simulator, times: int) -> None:
    with pytest.raises(ValueError, match="times must be 1 or more"):
        qpay_simulator.faults.add("*", "*", "500", times)


@pytest.fixture
def broken_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda one: seen.append(str(one.exc_value)))
    return seen


def test_a_buyer_whose_invoice_is_gone_stays_away(broken_threads: list[str]) -> None:
    with Simulator(pay_after=0.05) as simulator:
        make(simulator)
        buyers = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
        simulator.reset()
        for buyer in buyers:
            buyer.join()
    assert broken_threads == []
