"""What a user may write: this file is type-checked, and never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timezone
from decimal import Decimal

import httpx
import httpx2
from typing_extensions import assert_type

from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncOrders,
    AsyncQPayClient,
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
    Subscription,
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
