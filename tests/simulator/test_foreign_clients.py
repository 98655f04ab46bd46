"""Clients that others wrote against the real QPay talk to the simulator (group `bench`)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import pytest

from qpaykit.simulator import Simulator

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
NOW = datetime.now(timezone.utc)
URL = "http://127.0.0.1:9/callback"


class TestQPayClient:
    """qpay-client 2.0.5, whose live suite passes against QPay's sandbox."""

    @pytest.fixture
    def schemas(self) -> ModuleType:
        return importlib.import_module("qpay_client.v2.schemas")

    @pytest.fixture
    def client(self, qpay_simulator: Simulator) -> Iterator[Any]:
        package = importlib.import_module("qpay_client.v2")
        credentials = qpay_simulator.credentials
        settings = package.QPaySettings(
            username=credentials["username"],
            password=credentials["password"],
            invoice_code=credentials["invoice_code"],
            base_url=credentials["base_url"],
            client_retries=0,
            payment_check_retries=0,
        )
        with package.QPayClient(settings) as client:
            yield client

    @pytest.fixture
    def invoice_id(self, client: Any, schemas: ModuleType) -> str:
        made = client.invoice_create(
            schemas.InvoiceCreateSimpleRequest(
                sender_invoice_no="42",
                invoice_receiver_code="terminal",
                invoice_description="Tea",
                amount=1500,
                callback_url=URL,
            )
        )
        return str(made.invoice_id)

    def test_an_invoice_is_made_read_and_cancelled(self, client: Any, invoice_id: str) -> None:
        assert client.invoice_get(invoice_id).total_amount == 1500
        assert client.invoice_cancel(invoice_id) == 200

    def test_an_invoice_of_lines_is_read(self, client: Any, schemas: ModuleType) -> None:
        line = schemas.Line(
            line_description="Tea",
            line_quantity=2,
            line_unit_price=100,
            taxes=[schemas.Tax(tax_code="VAT", description="VAT", amount=20)],
        )
        made = client.invoice_create(
            schemas.InvoiceCreateRequest(
                sender_invoice_no="42",
                invoice_receiver_code="terminal",
                invoice_description="Tea",
                callback_url=URL,
                lines=[line],
            )
        )
        assert client.invoice_get(made.invoice_id).lines[0].taxes[0].amount == 20

    def test_a_payment_is_checked_read_and_listed(
        self, client: Any, schemas: ModuleType, qpay_simulator: Simulator, invoice_id: str
    ) -> None:
        offset = schemas.Offset(page_number=1, page_limit=100)
        check = schemas.PaymentCheckRequest(
            object_type="INVOICE", object_id=invoice_id, offset=offset
        )
        assert client.payment_check(check).count == 0
        payment_id = qpay_simulator.pay(invoice_id, callbacks=0)
        assert client.payment_check(check).paid_amount == 1500
        assert client.payment_get(payment_id).object_id == invoice_id
        listed = client.payment_list(
            schemas.PaymentListRequest(
                object_type="INVOICE",
                object_id="TEST_INVOICE",
                start_date=NOW - DAY,
                end_date=NOW + DAY,
                offset=offset,
            )
        )
        assert [row.payment_id for row in listed.rows] == [payment_id]

    @pytest.mark.parametrize("call", ["cancel", "refund"])
    def test_a_card_payment_is_taken_back(
        self,
        client: Any,
        schemas: ModuleType,
        qpay_simulator: Simulator,
        invoice_id: str,
        call: str,
    ) -> None:
        payment_id = qpay_simulator.pay(invoice_id, method="CARD", callbacks=0)
        request = getattr(schemas, f"Payment{call.title()}Request")(note="cold")
        assert getattr(client, f"payment_{call}")(payment_id, request) == 200
        assert qpay_simulator.payment(payment_id).status == "REFUNDED"

    def test_an_ebarimt_is_made_and_read(
        self, client: Any, schemas: ModuleType, qpay_simulator: Simulator, invoice_id: str
    ) -> None:
        payment_id = qpay_simulator.pay(invoice_id, callbacks=0)
        made = client.ebarimt_create(
            schemas.EbarimtCreateRequest(payment_id=payment_id, ebarimt_receiver_type="CITIZEN")
        )
        assert client.ebarimt_get(made.id).amount == 1500

    def test_a_subscription_is_made_read_and_cancelled(
        self, client: Any, schemas: ModuleType, qpay_simulator: Simulator
    ) -> None:
        made = client.invoice_create(
            schemas.InvoiceCreateRequest(
                sender_invoice_no="42",
                invoice_receiver_code="terminal",
                invoice_description="Tea",
                callback_url=URL,
                allow_subscribe=True,
                subscription_interval="1M",
                subscription_webhook="https://shop.test/hook",
                lines=[
                    schemas.Line(
                        line_description="Tea",
                        line_quantity=1,
                        line_unit_price=200,
                        discounts=[schemas.Discount(description="discount", amount=10)],
                        surcharges=[schemas.Surcharge(description="delivery", amount=10)],
                        taxes=[schemas.Tax(tax_code="VAT", description="VAT", amount=20)],
                    )
                ],
            )
        )
        identifier = made.subscription.id
        qpay_simulator.pay(made.invoice_id, method="CARD", callbacks=0)
        qpay_simulator.pay_subscription(identifier, callbacks=0)
        found = client.subscription_get(identifier)
        assert [one.invoice_amount for one in found.invoices] == [220, 220]
        assert len(found.payments) == 2
        assert client.subscription_cancel(identifier) == 200


class TestQPayPy:
    """qpay-py 1.0.0, which knows the paths of e-barimt 3.0."""

    @pytest.fixture
    def package(self) -> ModuleType:
        return importlib.import_module("qpay")

    @pytest.fixture
    def client(self, package: ModuleType, qpay_simulator: Simulator) -> Iterator[Any]:
        credentials = qpay_simulator.credentials
        config = package.QPayConfig(
            base_url=credentials["base_url"].removesuffix("/v2"),
            username=credentials["username"],
            password=credentials["password"],
            invoice_code=credentials["invoice_code"],
            callback_url=credentials["callback_url"],
        )
        with package.QPayClient(config) as client:
            yield client

    @pytest.fixture
    def invoice_id(self, client: Any, package: ModuleType) -> str:
        made = client.create_simple_invoice(
            package.CreateSimpleInvoiceRequest(
                invoice_code="TEST_INVOICE",
                sender_invoice_no="42",
                invoice_receiver_code="terminal",
                invoice_description="Tea",
                amount=1500,
                callback_url=URL,
            )
        )
        return str(made.invoice_id)

    def test_an_invoice_is_made_and_cancelled(
        self, client: Any, qpay_simulator: Simulator, invoice_id: str
    ) -> None:
        client.cancel_invoice(invoice_id)
        assert qpay_simulator.invoice(invoice_id).status == "CANCELED"

    def test_a_payment_is_checked_read_and_listed(
        self, client: Any, package: ModuleType, qpay_simulator: Simulator, invoice_id: str
    ) -> None:
        check = package.PaymentCheckRequest(object_type="INVOICE", object_id=invoice_id)
        assert client.check_payment(check).count == 0
        payment_id = qpay_simulator.pay(invoice_id, callbacks=0)
        assert client.check_payment(check).rows[0].payment_id == payment_id
        assert client.get_payment(payment_id).object_id == invoice_id
        listed = client.list_payments(
            package.PaymentListRequest(
                object_type="INVOICE",
                object_id="TEST_INVOICE",
                start_date=f"{NOW - DAY:%Y-%m-%d %H:%M:%S}",
                end_date=f"{NOW + DAY:%Y-%m-%d %H:%M:%S}",
                offset=package.Offset(page_number=1, page_limit=100),
            )
        )
        assert [row.payment_id for row in listed.rows] == [payment_id]

    @pytest.mark.parametrize("call", ["cancel", "refund"])
    def test_a_card_payment_is_taken_back(
        self,
        client: Any,
        package: ModuleType,
        qpay_simulator: Simulator,
        invoice_id: str,
        call: str,
    ) -> None:
        payment_id = qpay_simulator.pay(invoice_id, method="CARD", callbacks=0)
        request = getattr(package, f"Payment{call.title()}Request")(note="cold")
        getattr(client, f"{call}_payment")(payment_id, request)
        assert qpay_simulator.payment(payment_id).status == "REFUNDED"

    def test_an_ebarimt_is_made_and_cancelled_by_its_payment(
        self, client: Any, package: ModuleType, qpay_simulator: Simulator, invoice_id: str
    ) -> None:
        payment_id = qpay_simulator.pay(invoice_id, callbacks=0)
        made = client.create_ebarimt(
            package.CreateEbarimtRequest(payment_id=payment_id, ebarimt_receiver_type="CITIZEN")
        )
        assert made.barimt_status == "REGISTERED"
        assert made.barimt_items[0].amount == "1500.00"
        assert client.cancel_ebarimt(payment_id).barimt_status == "CANCELED"

    def test_an_ebarimt_invoice_is_made(self, client: Any, package: ModuleType) -> None:
        line = package.EbarimtInvoiceLine(
            line_description="Tea",
            line_quantity="1.00",
            line_unit_price="1100.00",
            classification_code="0111100",
            taxes=[package.TaxEntry(tax_code="VAT", description="VAT", amount=100)],
        )
        made = client.create_ebarimt_invoice(
            package.CreateEbarimtInvoiceRequest(
                invoice_code="TEST_EB_INVOICE",
                sender_invoice_no="42",
                invoice_receiver_code="terminal",
                invoice_description="Tea",
                tax_type="1",
                district_code="3505",
                callback_url=URL,
                lines=[line],
            )
        )
        assert made.invoice_id
