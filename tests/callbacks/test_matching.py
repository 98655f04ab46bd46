"""A signed callback: whose order its payment is."""

from __future__ import annotations

from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from callbacks.shop import PAID, Shop
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    MemoryStore,
    PaymentEvent,
    QPayClient,
)
from support import SETTINGS


class TestWhoseOrderItIs:
    def test_an_invoice_that_the_store_remembers_is_not_asked_for(self, shop: Shop) -> None:
        assert shop.handle() == "delivered"
        assert shop.fetch.call_count == 0

    @pytest.mark.parametrize("memory", [None, "", "{}", '["42"]', "[42, 43]"])
    def test_what_the_store_has_lost_is_asked_of_qpay(self, shop: Shop, memory: str | None) -> None:
        shop.forget()
        if memory is not None:
            shop.store.set(shop.key, memory)
        assert shop.handle() == "delivered"
        assert shop.fetch.call_count == 1

    def test_a_store_that_cannot_be_read_is_as_good_as_empty(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(self: MemoryStore, key: str) -> str | None:
            raise OSError("the store is down")

        monkeypatch.setattr(MemoryStore, "get", fails)
        assert shop.handle() == "delivered"
        assert shop.fetch.call_count == 1

    @pytest.mark.parametrize(
        "invoice",
        [
            {},
            {"sender_invoice_no": "43"},
            {"callback_url": None},
            {"callback_url": "https://shop.test/callback?order=42"},
            {"callback_url": "https://shop.test/callback?order=42&qpaykit=v1.1.MNT.x.42"},
        ],
        ids=str,
    )
    def test_an_invoice_of_another_number_or_url_is_a_mismatch(
        self, shop: Shop, invoice: dict[str, object]
    ) -> None:
        shop.forget()
        if invoice:
            invoice = {"sender_invoice_no": "42", "callback_url": shop.url, **invoice}
        shop.answers(**invoice)
        assert shop.handle() == "mismatch"
        assert shop.paid == []

    @pytest.mark.parametrize(
        "payment",
        [{"object_type": "QR"}, {"object_id": None}, {"object_id": ""}, {"object_id": "../i-1"}],
        ids=str,
    )
    def test_a_payment_of_no_invoice_is_a_mismatch(
        self, shop: Shop, payment: dict[str, object]
    ) -> None:
        assert shop.handle(**payment) == "mismatch"
        assert shop.paid == []

    def test_a_payment_that_does_not_say_of_what_it_is_is_of_an_invoice(self, shop: Shop) -> None:
        assert shop.handle(object_type=None) == "delivered"
        assert [event.invoice_id for event in shop.paid] == ["i-1"]

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (httpx.Response(404, json={"error": "INVOICE_NOTFOUND"}), "mismatch"),
            (httpx.Response(400, json={"error": "INVALID_ID"}), "mismatch"),
            (httpx.Response(500), "unreachable"),
        ],
    )
    def test_an_invoice_that_qpay_does_not_show_delivers_nothing(
        self,
        shop: Shop,
        caplog: pytest.LogCaptureFixture,
        answer: httpx.Response,
        outcome: str,
    ) -> None:
        shop.forget()
        shop.fetch.mock(return_value=answer)
        assert shop.handle() == outcome
        assert shop.paid == []
        assert "invoice i-1" in caplog.text


INVOICE_ALONE = {"object_type": "INVOICE", "object_id": "i-1"}


class TestACallbackOfTheInvoiceAlone:
    def test_without_a_signature_it_is_forged_and_nothing_is_asked(self, shop: Shop) -> None:
        reply = shop.dispatcher.handle(query="order=42", body=INVOICE_ALONE)
        assert (reply.status_code, reply.body, reply.outcome) == (403, "forged", "forged")
        assert shop.fetch.call_count == 0

    def test_with_its_signature_it_delivers_what_was_paid(self, shop: Shop) -> None:
        shop.qpay.get("/payment/p-1").respond(json=PAID)
        shop.qpay.post("/payment/check").respond(json={"count": 1, "rows": [PAID]})
        reply = shop.dispatcher.handle(query=urlsplit(shop.url).query, body=INVOICE_ALONE)
        assert reply.outcome == "delivered"
        assert [event.sender_invoice_no for event in shop.paid] == ["42"]


def test_a_dispatcher_takes_several_secrets(shop: Shop) -> None:
    client = QPayClient(**SETTINGS, store=shop.store)
    shop.dispatcher = CallbackDispatcher(client, callback_secret=["the next one", "a secret"])
    assert shop.handle() == "ignored"
    shop.dispatcher = CallbackDispatcher(client, callback_secret=["the next one"])
    assert shop.handle() == "forged"


@pytest.mark.parametrize("given", ["to the client", "to the dispatcher"])
def test_the_async_dispatcher_matches_by_its_clients_store_and_secret(
    shop: Shop, given: str
) -> None:
    secret = "a secret"
    of_client = secret if given == "to the client" else None
    of_dispatcher = secret if given == "to the dispatcher" else None
    part = {**PAID, "payment_amount": "500.00"}
    shop.qpay.get("/payment/p-1").respond(json=part)
    shop.qpay.post("/payment/check").respond(json={"count": 1, "rows": [part]})
    query = f"{urlsplit(shop.url).query}&qpay_payment_id=p-1"

    async def underpaid(event: PaymentEvent) -> None:
        shop.underpaid.append(event)

    async def main() -> list[str]:
        async with AsyncQPayClient(
            **SETTINGS, store=shop.store, callback_secret=of_client
        ) as client:
            dispatcher = AsyncCallbackDispatcher(client, callback_secret=of_dispatcher)
            dispatcher.on_underpaid(underpaid)
            forged = await dispatcher.handle(query="qpay_payment_id=p-1")
            return [forged.outcome, (await dispatcher.handle(query=query)).outcome]

    assert anyio.run(main) == ["forged", "underpaid"]
    assert [event.sender_invoice_no for event in shop.underpaid] == ["42"]
    assert shop.fetch.call_count == 0


@pytest.mark.parametrize(
    ("payment", "delivery"),
    [
        ({}, "PAID:i-1"),
        ({"payment_currency": "USD"}, "UNDERPAID:p-1"),
        ({"payment_status": "REFUNDED"}, "REFUNDED:p-1"),
        ({"payment_status": "ON HOLD/1"}, "ON%20HOLD%2F1:p-1"),
        ({"payment_status": "X" * 99}, f"{'X' * 40}:p-1"),
    ],
    ids=str,
)
def test_a_delivery_is_known_to_the_store_as_it_ever_was(
    shop: Shop, payment: dict[str, object], delivery: str
) -> None:
    # A store outlives a release: what was delivered before it must not be delivered after it.
    shop.qpay.post("/payment/check").respond(json={"count": 1, "rows": [PAID]})
    key = f"delivered:{shop.client.settings.account}:{delivery}"
    shop.dispatcher.on_other(shop.paid.append)
    shop.store.claim(key, "an earlier release", lease=60)
    shop.store.complete(key, "an earlier release")
    assert shop.handle(**payment) == "duplicate"
