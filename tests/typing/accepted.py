"""What a user may write: this file is type-checked, and never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timezone
from decimal import Decimal

import httpx
import httpx2
from fastapi import FastAPI
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from typing_extensions import assert_type

from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncOrders,
    AsyncQPayClient,
    AsyncSQLAlchemyStore,
    CallbackDispatcher,
    CallbackReply,
    Ebarimt,
    Invoice,
    InvoiceDetail,
    InvoiceLine,
    InvoiceRequest,
    MemoryStore,
    Order,
    Orders,
    OrderStatus,
    Payment,
    PaymentCheck,
    PaymentEvent,
    PaymentListRow,
    PaymentPage,
    PaymentStatus,
    QPayClient,
    SQLAlchemyStore,
    Subscription,
)
from qpaykit.integrations import asgi, fastapi, flask, starlette, wsgi
from qpaykit.quickqr import (
    AsyncQuickQRClient,
    BankAccount,
    Merchant,
    Place,
    QuickCheck,
    QuickInvoice,
    QuickPayment,
    QuickQRClient,
)


def shop(client: QPayClient) -> None:
    invoice = client.invoices.create(amount=1500, sender_invoice_no="42", invoice_description="Tea")
    assert_type(invoice, Invoice)
    client.invoices.create(
        amount="1500.10",
        sender_invoice_no="42",
        invoice_description="Tea",
        expiry_date=date(2026, 1, 31),
        lines=[InvoiceLine.with_vat(line_description="Tea", line_unit_price=Decimal("1500.10"))],
    )
    request = InvoiceRequest(amount=1500.5, sender_invoice_no="42", invoice_description="Tea")
    assert_type(client.invoices.create(request), Invoice)
    assert_type(client.invoices.get(invoice.invoice_id), InvoiceDetail)
    assert_type(client.invoices.cancel(invoice.invoice_id), None)
    check = client.payments.check(invoice.invoice_id)
    assert_type(check, PaymentCheck)
    assert_type(check.paid_amount, Decimal)
    assert_type(check.is_paid(1500), bool)
    assert_type(client.payments.wait(invoice.invoice_id, amount="1500"), PaymentCheck)
    assert_type(client.payments.get("019"), Payment)
    assert_type(
        client.payments.list(
            start_date="2026-01-01", end_date=datetime(2026, 1, 31, tzinfo=timezone.utc)
        ),
        PaymentPage,
    )
    for row in client.payments.iterate(start_date="2026-01-01", end_date=date(2026, 1, 31)):
        assert_type(row, PaymentListRow)
    assert_type(client.payments.refund("8e25", note="cold"), None)
    assert_type(client.ebarimt.create("019", receiver_type="CITIZEN"), Ebarimt)
    assert_type(client.subscriptions.get("s-1"), Subscription)
    assert_type(client.tokens.get(), str)
    assert_type(client.with_options(timeout=3), QPayClient)
    assert_type(QPayClient(http_client=httpx.Client()), QPayClient)
    assert_type(QPayClient(http_client=httpx2.Client()), QPayClient)
    assert_type(QPayClient(store=MemoryStore()), QPayClient)


async def async_shop(client: AsyncQPayClient) -> None:
    invoice = await client.invoices.create(
        amount=1500, sender_invoice_no="42", invoice_description="Tea"
    )
    assert_type(invoice, Invoice)
    assert_type(await client.payments.check(invoice.invoice_id), PaymentCheck)
    assert_type(await client.payments.wait(invoice.invoice_id), PaymentCheck)
    async for row in client.payments.iterate(start_date="2026-01-01", end_date="2026-01-31"):
        assert_type(row, PaymentListRow)
    assert_type(await client.tokens.get(), str)
    assert_type(AsyncQPayClient(http_client=httpx.AsyncClient()), AsyncQPayClient)
    assert_type(AsyncQPayClient(http_client=httpx2.AsyncClient()), AsyncQPayClient)


def fulfil(event: PaymentEvent, *, again: bool = False) -> None:
    assert_type(event.payment, Payment)
    assert_type(event.merchant_id, str | None)


def callbacks(client: QPayClient, paid: PaymentEvent, delivered: list[PaymentEvent]) -> None:
    dispatcher = CallbackDispatcher(client)

    # The decorators keep the handlers' own types.
    dispatcher.on_paid(fulfil)(paid, again=True)
    dispatcher.on_failed(fulfil)(paid, again=True)
    dispatcher.on_refunded(fulfil)(paid, again=True)
    dispatcher.on_new(fulfil)(paid, again=True)
    dispatcher.on_underpaid(fulfil)(paid, again=True)
    dispatcher.on_other(fulfil)(paid, again=True)
    dispatcher.on("ON_HOLD")(fulfil)(event=paid, again=True)

    @dispatcher.on(PaymentStatus.PARTIAL)
    def partly(event: PaymentEvent, *, again: bool = False) -> None: ...

    partly(paid, again=True)
    dispatcher.on_other(delivered.append)
    dispatcher.on_other(lambda event: None)
    assert_type(dispatcher.handle(query="a=b", body=b""), CallbackReply)
    assert_type(dispatcher.check("i-1"), list[CallbackReply])
    assert_type(dispatcher.sweep("2026-11-01", "2026-11-02"), Iterator[CallbackReply])
    orders = Orders(dispatcher)
    order = orders.open("42", amount=1500, description="Tea", expires_in=900, note="hot")
    assert_type(order, Order)
    assert_type(order.invoice.to_html(), str)
    assert_type(order.expires_at, datetime | None)
    assert_type(orders.status(42), OrderStatus)
    assert_type(orders.close("42"), OrderStatus)


async def async_callbacks(client: AsyncQPayClient, paid: PaymentEvent) -> None:
    dispatcher = AsyncCallbackDispatcher(client)

    @dispatcher.on_paid
    async def fulfil(event: PaymentEvent, *, again: bool = False) -> None: ...

    @dispatcher.on("PARTIAL")
    async def partly(event: PaymentEvent, *, again: bool = False) -> None: ...

    await fulfil(paid, again=True)
    await partly(event=paid, again=True)
    assert_type(await dispatcher.handle(query={"a": "b"}), CallbackReply)
    assert_type(await dispatcher.check("i-1"), list[CallbackReply])
    assert_type(dispatcher.sweep("2026-11-01", "2026-11-02"), AsyncIterator[CallbackReply])
    orders = AsyncOrders(dispatcher)
    assert_type(await orders.open("42", amount=1500, description="Tea"), Order)
    assert_type(await orders.status("42"), OrderStatus)
    assert_type(await orders.close("42"), OrderStatus)


def platforms(client: QuickQRClient, account: BankAccount) -> None:
    shop = client.merchants.ensure_company(
        register_number="1234567",
        company_name="Example LLC",
        name="EXAMPLE",
        mcc_code="5411",
        city="11000",
        district="14000",
        address="Peace Avenue 1",
        phone=99000000,
        email="shop@example.mn",
        owner_first_name=None,
        extra={"type": "COMPANY"},
    )
    assert_type(shop, Merchant)
    assert_type(client.merchants.list(page_limit=10).rows, list[Merchant])
    assert_type(client.merchants.iterate(), Iterator[Merchant])
    assert_type(client.merchants.delete(shop.id), None)
    assert_type(client.places.cities(), list[Place])
    invoice = client.invoices.create(
        merchant_id=shop.id,
        amount=Decimal("1.50"),
        order=42,
        description="Tea",
        bank_accounts=[account],
    )
    assert_type(invoice, QuickInvoice)
    assert_type(invoice.qr_png(), bytes)
    check = client.payments.wait(invoice.invoice_id, amount=1)
    assert_type(check, QuickCheck)
    assert_type(check.payments, list[QuickPayment])
    assert_type(check.is_paid("1.50"), bool)
    assert_type(client.with_options(timeout=1), QuickQRClient)
    assert_type(CallbackDispatcher(client).check("i-1"), list[CallbackReply])


async def awaited_platforms(client: AsyncQuickQRClient) -> None:
    async with client as same:
        assert_type(same, AsyncQuickQRClient)
        assert_type(await client.merchants.get("m-1"), Merchant)
        assert_type(await client.payments.check("i-1"), QuickCheck)
        async for merchant in client.merchants.iterate():
            assert_type(merchant, Merchant)
        AsyncCallbackDispatcher(client)


def sessions(engine: Engine, plain: PaymentEvent) -> None:
    dispatcher = CallbackDispatcher(QPayClient(store=SQLAlchemyStore(engine)))

    @dispatcher.on_paid
    def fulfil(event: PaymentEvent[Session]) -> None:
        assert_type(event.session, Session)
        assert_type(event.payment, Payment)

    assert_type(plain.session, object)


async def async_sessions(engine: AsyncEngine) -> None:
    store = AsyncSQLAlchemyStore(engine, create_tables=True)
    dispatcher = AsyncCallbackDispatcher(AsyncQPayClient(store=store))

    @dispatcher.on_paid
    async def fulfil(event: PaymentEvent[AsyncSession]) -> None:
        assert_type(event.session, AsyncSession)


def frameworks(
    client: AsyncQPayClient, sync: CallbackDispatcher, awaited: AsyncCallbackDispatcher
) -> None:
    app = FastAPI(lifespan=fastapi.lifespan(client))
    app.include_router(fastapi.router(awaited, path="/qpay/callback"))
    app.mount("/below/", asgi.callback_app(sync))

    @app.get("/order")
    async def order(qpay: fastapi.Client) -> str:
        assert_type(qpay, AsyncQPayClient)
        return (await qpay.invoices.get("i-1")).invoice_id or ""

    route = starlette.callback_route(awaited, "/qpay/callback")
    Starlette(routes=[route], lifespan=starlette.lifespan(client))
    shop = Flask("shop")
    shop.register_blueprint(flask.blueprint(sync, path="/qpay/callback"))
    shop.wsgi_app = wsgi.callback_app(sync)  # type: ignore[method-assign]
