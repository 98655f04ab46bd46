"""The simulator in the hands of a test: what it takes, and what it says to what it does not."""

from __future__ import annotations

import threading

import pytest

from qpaykit import QPayClient, QPayError
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
def test_a_fault_applies_at_least_once(qpay_simulator: Simulator, times: int) -> None:
    with pytest.raises(ValueError, match="times must be 1 or more"):
        qpay_simulator.faults.add("*", "*", "500", times)


@pytest.fixture
def broken_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda one: seen.append(str(one.exc_value)))
    return seen


def test_pay_after_skips_an_invoice_that_was_deleted_meanwhile(broken_threads: list[str]) -> None:
    with Simulator(pay_after=0.05) as simulator:
        make(simulator)
        buyers = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
        simulator.reset()
        for buyer in buyers:
            buyer.join()
    assert broken_threads == []


def test_an_invoice_may_be_paid_twice(qpay_simulator: Simulator) -> None:
    invoice_id = make(qpay_simulator)
    qpay_simulator.pay(invoice_id, callbacks=0)
    with pytest.raises(ValueError, match="nothing to pay"):
        qpay_simulator.pay(invoice_id, callbacks=0)
    qpay_simulator.pay(invoice_id, again=True, callbacks=0)
    assert qpay_simulator.invoice(invoice_id).paid == 3000


def test_a_payment_may_land_on_an_invoice_that_was_just_cancelled(
    qpay_simulator: Simulator,
) -> None:
    with QPayClient(**qpay_simulator.credentials) as client:
        invoice_id = make(qpay_simulator)
        client.invoices.cancel(invoice_id)
        qpay_simulator.pay(invoice_id, late=True, callbacks=0)
        assert client.payments.check(invoice_id).is_paid(1500)
        assert client.invoices.get(invoice_id).invoice_status == "CANCELED"


def test_a_callbacks_query_is_had_without_sending_it(qpay_simulator: Simulator) -> None:
    with QPayClient(**qpay_simulator.credentials) as client:
        invoice_id = client.invoices.create(
            amount=1500,
            sender_invoice_no="42",
            invoice_description="Tea",
            callback_url="https://shop.test/callback?order=4%2B2#top",
        ).invoice_id
    payment_id = qpay_simulator.pay(invoice_id, callbacks=0)
    query = qpay_simulator.callback_query(payment_id)
    assert query == f"order=4%2B2&qpay_payment_id={payment_id}"
    assert qpay_simulator.callbacks == []


SETTINGS = ("QPAY_USERNAME", "QPAY_PASSWORD", "QPAY_INVOICE_CODE", "QPAY_CALLBACK_URL")


def test_credentials_are_the_same_at_each_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    first, second = (Simulator(port=8899).credentials for _ in range(2))
    assert first == second


def test_credentials_come_from_the_clients_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ("MY_SHOP", "my-password", "MY_INVOICE", "http://127.0.0.1:8000/qpay")
    for name, value in zip(SETTINGS, values, strict=True):
        monkeypatch.setenv(name, f" {value} ")
    credentials = Simulator().credentials
    assert tuple(credentials.values())[:4] == values


def test_credentials_that_are_given_need_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(name, "of the environment")
    credentials = Simulator(username="GIVEN", password="given-password").credentials
    assert (credentials["username"], credentials["password"]) == ("GIVEN", "given-password")
    assert "of the environment" not in credentials.values()


def test_requests_are_logged_with_their_answer_and_time(qpay_simulator: Simulator) -> None:
    make(qpay_simulator)
    qpay_simulator.faults.add("POST", "/invoice", "reset-after")
    with (
        QPayClient(**qpay_simulator.credentials, max_retries=0) as client,
        pytest.raises(QPayError),
    ):
        client.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Tea")
    answered, lost = qpay_simulator.requests.to("POST", "/invoice")
    assert answered.status_code == 200
    assert answered.seconds is not None
    assert lost.status_code is None
