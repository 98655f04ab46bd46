"""The whole way over real HTTP, on the simulator: from a shop to its paid and delivered order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from helpers.quickqr import ACCOUNT, COMPANY, PERSON, changed
from helpers.settings import BACKENDS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncSQLiteStore,
    AuthenticationError,
    CallbackDispatcher,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentEvent,
    QPayClient,
    SQLiteStore,
)
from qpaykit.quickqr import AsyncQuickQRClient, QuickInvoice, QuickQRClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qpaykit.simulator import Simulator

SECRET = "a secret of the shop that is long enough"


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    return SQLiteStore(tmp_path / "store.db")


@pytest.fixture
def client(qpay_simulator: Simulator, store: SQLiteStore) -> Iterator[QuickQRClient]:
    credentials = qpay_simulator.quickqr_credentials
    with QuickQRClient(**credentials, callback_secret=SECRET, store=store) as client:
        yield client


def make(client: QuickQRClient, merchant_id: str, order: str = "42") -> QuickInvoice:
    return client.invoices.create(
        merchant_id=merchant_id,
        amount="1500.10",
        order=order,
        description="Цай",
        bank_accounts=[ACCOUNT],
    )


def test_from_a_shop_to_its_paid_order_in_another_process(
    qpay_simulator: Simulator, client: QuickQRClient, store: SQLiteStore
) -> None:
    shop = client.merchants.ensure_company(**COMPANY)
    assert client.merchants.ensure_company(**COMPANY) == shop
    invoice = make(client, shop.id)
    assert invoice.qr_png().startswith(b"\x89PNG")
    assert "khanbank" in invoice.to_html()
    assert not client.payments.check(invoice.invoice_id).is_paid()
    payment_id = qpay_simulator.pay(invoice.invoice_id, callbacks=0)
    assert client.payments.check(invoice.invoice_id).is_paid("1500.10")
    assert client.invoices.get(invoice.invoice_id).invoice_status == "PAID"

    delivered: list[PaymentEvent] = []
    credentials = qpay_simulator.quickqr_credentials
    with QuickQRClient(**credentials, callback_secret=SECRET, store=store) as worker:
        dispatcher = CallbackDispatcher(worker)
        dispatcher.on_paid(delivered.append)
        query = qpay_simulator.callback_query(payment_id)
        outcomes = [dispatcher.handle(query=query).outcome for _ in range(2)]
        assert outcomes == ["delivered", "duplicate"]
        assert [one.outcome for one in dispatcher.check(invoice.invoice_id)] == ["duplicate"]
    (event,) = delivered
    assert (event.order_no, event.invoice_id) == ("42", invoice.invoice_id)
    assert (event.payment_id, event.amount) == (payment_id, Decimal("1500.10"))
    assert event.merchant_id == shop.id
    (record,) = store.deliveries()
    assert (record.order_no, record.amount) == ("42", Decimal("1500.10"))
    assert record.merchant_id == shop.id


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_story_awaited(qpay_simulator: Simulator, backend: str, tmp_path: Path) -> None:
    delivered: list[PaymentEvent] = []
    registered: list[str] = []

    async def story() -> None:
        credentials = qpay_simulator.quickqr_credentials
        store = AsyncSQLiteStore(tmp_path / "store.db")
        async with AsyncQuickQRClient(**credentials, callback_secret=SECRET, store=store) as client:
            shop = await client.merchants.ensure_person(**PERSON)
            registered.append(shop.id)
            assert await client.merchants.ensure_person(**PERSON) == shop
            assert [one.id async for one in client.merchants.iterate(page_limit=1)] == [shop.id]
            assert len(await client.places.districts("11000")) == 9
            invoice = await client.invoices.create(
                merchant_id=shop.id,
                amount=1500,
                order=42,
                description="Tea",
                bank_accounts=[ACCOUNT],
            )
            payment_id = qpay_simulator.pay(invoice.invoice_id, callbacks=0)
            paid = await client.payments.wait(invoice.invoice_id, amount=1500, interval=0.01)
            assert paid.paid_amount == 1500
            dispatcher = AsyncCallbackDispatcher(client)

            @dispatcher.on_paid
            async def deliver(event: PaymentEvent) -> None:
                delivered.append(event)

            query = qpay_simulator.callback_query(payment_id)
            outcomes = [(await dispatcher.handle(query=query)).outcome for _ in range(2)]
            assert outcomes == ["delivered", "duplicate"]
            await client.merchants.delete(shop.id)
            assert (await client.merchants.list()).count == 0

    anyio.run(story, backend=backend)
    (event,) = delivered
    assert (event.order_no, event.amount) == ("42", Decimal(1500))
    assert [event.merchant_id] == registered


def test_a_sub_merchant_is_changed_and_deleted(client: QuickQRClient) -> None:
    shop = client.merchants.create_company(**COMPANY)
    with pytest.raises(ConflictError, match="MERCHANT_ALREADY_REGISTERED"):
        client.merchants.create_company(**COMPANY)
    client.merchants.update_company(shop.id, **changed(COMPANY, name="ШИНЭ"))
    assert client.merchants.get(shop.id).name == "ШИНЭ"
    client.merchants.delete(shop.id)
    with pytest.raises(NotFoundError, match="MERCHANT_NOTFOUND"):
        client.merchants.get(shop.id)
    with pytest.raises(NotFoundError, match="MERCHANT_NOTFOUND"):
        make(client, shop.id)


def test_an_invoice_is_cancelled_once_and_not_when_it_is_paid(
    qpay_simulator: Simulator, client: QuickQRClient
) -> None:
    shop = client.merchants.create_company(**COMPANY)
    open_one, paid_one = make(client, shop.id), make(client, shop.id, "43")
    client.invoices.cancel(open_one.invoice_id)
    with pytest.raises(ConflictError):
        client.invoices.cancel(open_one.invoice_id)
    qpay_simulator.pay(paid_one.invoice_id, callbacks=0)
    with pytest.raises(ConflictError, match="INVOICE_PAID"):
        client.invoices.cancel(paid_one.invoice_id)


def test_a_cancellation_whose_answer_was_lost_is_checked_at_qpay(
    qpay_simulator: Simulator, client: QuickQRClient
) -> None:
    shop = client.merchants.create_company(**COMPANY)
    invoice = make(client, shop.id)
    qpay_simulator.faults.add("DELETE", "/quickqr/invoice/*", "reset-after")
    client.invoices.cancel(invoice.invoice_id)
    sent = [one for one in qpay_simulator.requests if one.method == "DELETE"]
    assert len(sent) == 1


def test_an_invoice_whose_answer_was_lost_is_made_once(
    qpay_simulator: Simulator, client: QuickQRClient
) -> None:
    shop = client.merchants.create_company(**COMPANY)
    qpay_simulator.faults.add("POST", "/quickqr/v2/invoice", "500-after")
    with pytest.raises(OutcomeUnknownError):
        make(client, shop.id)
    assert len(qpay_simulator.invoices()) == 1


def test_a_registration_whose_answer_was_lost_is_found(
    qpay_simulator: Simulator, client: QuickQRClient
) -> None:
    qpay_simulator.faults.add("POST", "/quickqr/merchant/company", "reset-after")
    shop = client.merchants.ensure_company(**COMPANY)
    assert [one.id for one in qpay_simulator.quickqr.merchants()] == [shop.id]


@pytest.mark.parametrize("variant", ["most", "other"])
def test_all_variants_of_quick_qr_answers_are_read_alike(
    qpay_simulator: Simulator, client: QuickQRClient, variant: str
) -> None:
    if variant == "other":
        answers = qpay_simulator.quickqr.answers
        answers.invoice_id, answers.qr_text = "invoice_id", "qr_text"
        answers.default, answers.paid, answers.wraps_places = "default", "PAID", True
    shop = client.merchants.create_company(**COMPANY)
    invoice = make(client, shop.id)
    assert invoice.qr_text
    assert invoice.invoice_bank_accounts[0].is_default is True
    assert {one.code for one in client.places.cities()} >= {"11000"}
    dispatcher = CallbackDispatcher(client)
    delivered: list[PaymentEvent] = []
    dispatcher.on_paid(delivered.append)
    payment_id = qpay_simulator.pay(invoice.invoice_id, callbacks=0)
    query = qpay_simulator.callback_query(payment_id)
    assert dispatcher.handle(query=query).outcome == "delivered"


def test_a_login_sees_only_its_own_objects(
    qpay_simulator: Simulator, client: QuickQRClient
) -> None:
    shop = client.merchants.create_company(**COMPANY)
    invoice = make(client, shop.id)
    login = qpay_simulator.quickqr.add_login("OTHER", "another-password", terminal_id="OTHER")
    other = QuickQRClient(**qpay_simulator.quickqr_credentials_of(login), callback_secret=SECRET)
    with other:
        assert other.merchants.list().count == 0
        assert other.merchants.create_company(**COMPANY).id != shop.id
        for call in (other.invoices.get, other.payments.check, other.invoices.cancel):
            with pytest.raises(NotFoundError, match="INVOICE_NOTFOUND"):
                call(invoice.invoice_id)
        with pytest.raises(NotFoundError, match="MERCHANT_NOTFOUND"):
            make(other, shop.id)


def test_the_products_of_one_simulator_are_separate(
    qpay_simulator: Simulator, qpay_client: QPayClient, client: QuickQRClient
) -> None:
    shop = client.merchants.create_company(**COMPANY)
    quick = make(client, shop.id)
    plain = qpay_client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    )
    for call, invoice_id in (
        (client.invoices.get, plain.invoice_id),
        (qpay_client.invoices.get, quick.invoice_id),
    ):
        with pytest.raises(NotFoundError):
            call(invoice_id)
    qpay_simulator.faults.add("POST", "/invoice", "500", None)
    assert make(client, shop.id, "43").invoice_id


@pytest.mark.parametrize("name", ["password", "terminal_id"])
def test_a_wrong_login_is_refused(qpay_simulator: Simulator, name: str) -> None:
    credentials: Any = {**qpay_simulator.quickqr_credentials, name: "wrong"}
    with QuickQRClient(**credentials) as client, pytest.raises(AuthenticationError):
        client.tokens.get()


def test_a_token_that_was_ended_elsewhere_is_replaced(
    qpay_simulator: Simulator, client: QuickQRClient
) -> None:
    client.merchants.list()
    qpay_simulator.revoke_tokens()
    assert client.merchants.list().count == 0


@pytest.mark.parametrize(("language", "kind"), [("en", "company"), ("mn", "байгууллага")])
def test_the_page_shows_the_sub_merchants(
    qpay_simulator: Simulator, client: QuickQRClient, language: str, kind: str
) -> None:
    page = f"{qpay_simulator.page_root}/merchants?lang={language}"
    assert COMPANY["name"] not in httpx.get(page).text
    client.merchants.create_company(**changed(COMPANY, name="<b>ЖИШЭЭ"))
    shown = httpx.get(page).text
    assert "&lt;b&gt;ЖИШЭЭ" in shown
    assert f"<td>{kind}</td>" in shown
    assert COMPANY["register_number"] in shown


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("mcc_code", "0000", NotFoundError),
        ("district", "99999", InvalidRequestError),
        ("city", "99999", InvalidRequestError),
    ],
)
def test_the_simulator_refuses_what_quick_qr_does_not_know(
    client: QuickQRClient, name: str, value: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        client.merchants.create_company(**changed(COMPANY, **{name: value}))
