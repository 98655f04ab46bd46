"""A whole payment over real HTTP, on the simulator."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
import pytest

from helpers.clients import Opener, over_one_client
from helpers.settings import BACKENDS
from qpaykit import (
    AsyncQPayClient,
    AuthenticationError,
    CallbackDispatcher,
    ConflictError,
    InvoiceLine,
    InvoiceStatus,
    NotFoundError,
    OutcomeUnknownError,
    PaymentEvent,
    PaymentStatus,
    QPayClient,
    TransportTimeout,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from qpaykit.simulator import Simulator


def make(client: QPayClient, amount: int | str = 1500, order: str = "42") -> str:
    return client.invoices.create(
        amount=amount, sender_invoice_no=order, invoice_description="Цай"
    ).invoice_id


def test_from_invoice_to_delivery_and_refund(
    qpay_simulator: Simulator, qpay_client: QPayClient
) -> None:
    delivered: list[PaymentEvent] = []
    dispatcher = CallbackDispatcher(qpay_client)
    dispatcher.on_paid(delivered.append)
    dispatcher.on_refunded(delivered.append)
    invoice_id = make(qpay_client, "1500.10")
    assert not qpay_client.payments.check(invoice_id).is_paid()
    payment_id = qpay_simulator.pay(invoice_id, method="CARD", callbacks=0)
    assert qpay_client.payments.check(invoice_id).is_paid("1500.10")
    query = f"qpay_payment_id={payment_id}"
    assert dispatcher.handle(query=query).outcome == "delivered"
    assert dispatcher.handle(query=query).outcome == "duplicate"
    receipt = qpay_client.ebarimt.create(payment_id)
    assert receipt.g_payment_id == payment_id
    qpay_client.ebarimt.cancel(payment_id, note="wrong name")
    assert receipt.id is not None
    assert qpay_client.ebarimt.get(receipt.id, legacy=True).barimt_status == "CANCELED"
    qpay_client.payments.refund(payment_id, note="cold")
    assert qpay_client.payments.get(payment_id).payment_status is PaymentStatus.REFUNDED
    assert dispatcher.handle(query=query).outcome == "delivered"
    assert [event.amount for event in delivered] == [Decimal("1500.10")] * 2


def test_an_invoice_is_cancelled_once(qpay_client: QPayClient) -> None:
    invoice_id = make(qpay_client)
    qpay_client.invoices.cancel(invoice_id)
    assert qpay_client.invoices.get(invoice_id).invoice_status is InvoiceStatus.CANCELED
    with pytest.raises(ConflictError):
        qpay_client.invoices.cancel(invoice_id)
    with pytest.raises(NotFoundError):
        qpay_client.invoices.get("d50f49f2")


def test_vat_lines_pass_qpays_check(qpay_client: QPayClient) -> None:
    for price in ("2.87", "11000", "999.99", "1234567.89"):
        for city_tax in (False, True):
            line = InvoiceLine.with_vat(
                line_description="Tea",
                line_unit_price=price,
                line_quantity="3.5",
                classification_code="0111100",
                city_tax=city_tax,
            )
            qpay_client.invoices.create(
                invoice_code="TEST_EB_INVOICE",
                sender_invoice_no="42",
                invoice_description="Tea",
                tax_type="1",
                district_code="0101",
                lines=[line],
            )


def test_a_p2p_payment_is_not_refunded(qpay_simulator: Simulator, qpay_client: QPayClient) -> None:
    payment_id = qpay_simulator.pay(make(qpay_client), callbacks=0)
    with pytest.raises(ConflictError, match="PAYMENT_SETTLED"):
        qpay_client.payments.refund(payment_id, note="cold")


def test_a_subscription_is_ended(qpay_client: QPayClient) -> None:
    invoice = qpay_client.invoices.create(
        amount=1500,
        sender_invoice_no="42",
        invoice_description="Tea",
        allow_subscribe=True,
        subscription_interval="1M",
    )
    assert invoice.subscription is not None
    identifier = str(invoice.subscription["id"])
    assert qpay_client.subscriptions.get(identifier).is_active is True
    qpay_client.subscriptions.cancel(identifier)
    assert qpay_client.subscriptions.get(identifier).is_active is False


def test_iterate_finds_every_payment(qpay_simulator: Simulator, qpay_client: QPayClient) -> None:
    paid = [qpay_simulator.pay(make(qpay_client), callbacks=0) for _ in range(7)]
    found = qpay_client.payments.iterate(
        start_date="2020-01-01", end_date="2090-01-01", page_limit=3
    )
    assert [row.payment_id for row in found] == paid


def test_wait_returns_when_it_is_paid(qpay_simulator: Simulator, qpay_client: QPayClient) -> None:
    invoice_id = make(qpay_client)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(qpay_client.payments.wait, invoice_id, amount=1500, interval=0.1)
        time.sleep(0.25)
        qpay_simulator.pay(invoice_id, callbacks=0)
        assert waiting.result().is_paid(1500)


def test_wait_ends_at_its_timeout_and_keeps_the_interval(
    qpay_simulator: Simulator, qpay_client: QPayClient
) -> None:
    invoice_id = make(qpay_client)
    started = time.monotonic()
    with pytest.raises(WaitTimeoutError) as caught:
        qpay_client.payments.wait(invoice_id, timeout=1, interval=0.2)
    assert time.monotonic() - started <= 1.2
    assert caught.value.last is not None
    assert 2 <= len(qpay_simulator.requests.to("POST", "/payment/check")) <= 5


def test_wait_outlives_a_passing_fault(qpay_simulator: Simulator, qpay_client: QPayClient) -> None:
    invoice_id = make(qpay_client)
    qpay_simulator.pay(invoice_id, callbacks=0)
    qpay_simulator.faults.add("POST", "/payment/check", "500", times=2)
    client = qpay_client.with_options(max_retries=0)
    assert client.payments.wait(invoice_id, timeout=5, interval=0.05).is_paid()


class TestOneLogin:
    """However many ask at once, on a cold or on a revoked token."""

    def logins(self, simulator: Simulator) -> int:
        return len(simulator.requests.to("POST", "/auth/token"))

    def test_fifty_threads(self, qpay_simulator: Simulator, qpay_client: QPayClient) -> None:
        invoice_id = make(qpay_client)
        for spoil in (qpay_client.tokens.invalidate, qpay_simulator.revoke_tokens):
            qpay_simulator.requests.clear()
            spoil()
            with ThreadPoolExecutor(50) as pool:
                list(pool.map(qpay_client.payments.check, [invoice_id] * 50))
            assert self.logins(qpay_simulator) == 1

    @over_one_client
    @pytest.mark.parametrize("backend", BACKENDS)
    def test_fifty_tasks(
        self, qpay_simulator: Simulator, qpay_client: QPayClient, backend: str
    ) -> None:
        invoice_id = make(qpay_client)

        async def main() -> None:
            async with AsyncQPayClient(**qpay_simulator.credentials) as client:
                for revoke in (False, True):
                    qpay_simulator.requests.clear()
                    if revoke:
                        qpay_simulator.revoke_tokens()
                    async with anyio.create_task_group() as group:
                        for _ in range(50):
                            group.start_soon(client.payments.check, invoice_id)
                    assert self.logins(qpay_simulator) == 1

        anyio.run(main, backend=backend)

    def test_a_wrong_password_is_tried_once_for_all_who_wait(
        self, qpay_simulator: Simulator, new_client: Opener
    ) -> None:
        credentials = qpay_simulator.credentials
        credentials["password"] = "wrong"
        qpay_simulator.faults.add("POST", "/auth/token", "slow", delay=0.3)

        def attempt(_: int) -> type[Exception] | None:
            try:
                client.tokens.get()
            except AuthenticationError as error:
                return type(error)
            return None

        client = new_client(**credentials)
        with ThreadPoolExecutor(20) as pool:
            assert set(pool.map(attempt, range(20))) == {AuthenticationError}
        assert self.logins(qpay_simulator) == 1

    # The first loop ends with its connection open: nobody closed the client on it.
    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_one_client_serves_two_event_loops(self, qpay_simulator: Simulator) -> None:
        client = AsyncQPayClient(**qpay_simulator.credentials)

        async def main() -> str:
            return await client.tokens.get()

        assert anyio.run(main) == anyio.run(main)
        anyio.run(client.aclose)
        gc.collect()


@pytest.mark.parametrize(
    "fault", ["reset-before", "reset-after", "500", "500-after", "502", "502-after", "cut-off",
              "malformed", "html", "empty"]
)  # fmt: skip
def test_an_invoice_whose_answer_is_lost_is_on_the_wire_once(
    qpay_simulator: Simulator, qpay_client: QPayClient, fault: str
) -> None:
    qpay_simulator.faults.add("POST", "/invoice", fault, times=9)
    with pytest.raises(OutcomeUnknownError) as caught:
        make(qpay_client)
    assert caught.value.sender_invoice_no == "42"
    assert len(qpay_simulator.requests.to("POST", "/invoice")) == 1


@pytest.mark.parametrize("fault", ["reset-before", "500", "502", "cut-off", "503", "html", "empty"])
def test_a_check_whose_answer_is_lost_is_repeated(
    qpay_simulator: Simulator, qpay_client: QPayClient, fault: str
) -> None:
    invoice_id = make(qpay_client)
    qpay_simulator.faults.add("POST", "/payment/check", fault, times=2)
    assert qpay_client.payments.check(invoice_id).count == 0
    assert len(qpay_simulator.requests.to("POST", "/payment/check")) == 3


@pytest.mark.parametrize(("fault", "sent"), [("reset-before", 2), ("reset-after", 1)])
def test_a_refund_whose_answer_is_lost_happens_once(
    qpay_simulator: Simulator, qpay_client: QPayClient, fault: str, sent: int
) -> None:
    payment_id = qpay_simulator.pay(make(qpay_client), method="CARD", callbacks=0)
    qpay_simulator.faults.add("DELETE", "/payment/refund/*", fault)
    qpay_client.payments.refund(payment_id, note="cold")
    assert len(qpay_simulator.requests.to("DELETE", f"/payment/refund/{payment_id}")) == sent
    assert qpay_simulator.payment(payment_id).status == "REFUNDED"


@pytest.mark.parametrize("fault", ["hang", "drip", "slow"])
def test_an_attempt_ends_within_its_timeout(
    qpay_simulator: Simulator, qpay_client: QPayClient, fault: str
) -> None:
    invoice_id = make(qpay_client)
    qpay_simulator.faults.add("GET", "/invoice/*", fault, delay=3 if fault == "slow" else 0.1)
    client = qpay_client.with_options(timeout=0.3, max_retries=0)
    started = time.monotonic()
    with pytest.raises(TransportTimeout):
        client.invoices.get(invoice_id)
    assert time.monotonic() - started < 0.8


def test_a_token_that_runs_out_on_qpays_side_is_replaced(
    qpay_simulator: Simulator, qpay_client: QPayClient
) -> None:
    invoice_id = make(qpay_client)
    qpay_simulator.advance(86_401)
    assert qpay_client.invoices.get(invoice_id).invoice_id == invoice_id


def test_an_unknown_status_and_nulls_are_values(
    qpay_simulator: Simulator, qpay_client: QPayClient
) -> None:
    payment_id = qpay_simulator.pay(make(qpay_client), callbacks=0)
    qpay_simulator.faults.add("GET", "/payment/*", "unknown-status")
    assert qpay_client.payments.get(payment_id).payment_status == "ON_HOLD"
    qpay_simulator.faults.add("GET", "/payment/*", "null")
    assert qpay_client.payments.get(payment_id).payment_status is None
