"""What fails around a dispatcher becomes a reply, as it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from helpers.answers import token_body
from helpers.settings import SETTINGS
from qpaykit import (
    CallbackDispatcher,
    MemoryStore,
    PaymentEvent,
    QPayClient,
    Store,
    sign_callback_url,
)

if TYPE_CHECKING:
    from qpaykit import Delivery
    from qpaykit.stores import ClaimState

SECRET = "a-secret-of-the-shop"
PAID = {
    "payment_id": "p-1",
    "payment_status": "PAID",
    "object_id": "i-1",
    "object_type": "INVOICE",
    "payment_amount": "1",
}
Answers = dict[str, httpx.Response]


def dispatcher_of(
    answers: Answers,
    *,
    store: Store | None = None,
    secret: str | None = None,
    lease: float = 120,
) -> CallbackDispatcher:
    known = {
        "/auth/token": httpx.Response(200, json=token_body()),
        "/invoice/i-1": httpx.Response(200, json={"sender_invoice_no": "1", "total_amount": 1}),
        **answers,
    }

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v2")
        return known[path]

    http_client = httpx.Client(transport=httpx.MockTransport(answer))
    client = QPayClient(**SETTINGS, http_client=http_client, max_retries=0)
    return CallbackDispatcher(client, store=store, callback_secret=secret, patience=0, lease=lease)


@pytest.mark.parametrize(
    "answers",
    [
        {"/invoice/i-1": httpx.Response(500)},
        {"/invoice/i-1": httpx.Response(200, content=b"<html>")},
        {"/invoice/i-1": httpx.Response(200, json={}), "/payment/check": httpx.Response(500)},
    ],
    ids=["invoice-500", "invoice-html", "check-500"],
)
def test_a_qpay_that_cannot_be_asked_about_an_invoice_is_unreachable(answers: Answers) -> None:
    dispatcher = dispatcher_of(answers)
    reply = dispatcher.handle(body={"object_type": "INVOICE", "object_id": "i-1"})
    assert reply.outcome == "unreachable"


def test_checking_an_invoice_that_qpay_does_not_know_is_a_mismatch() -> None:
    unknown = httpx.Response(404, json={"error": "INVOICE_NOTFOUND"})
    replies = dispatcher_of({"/invoice/i-1": unknown}).check("i-1")
    assert [reply.outcome for reply in replies] == ["mismatch"]


def test_a_payment_that_cannot_be_read_does_not_keep_the_others_from_their_handler() -> None:
    rows = [{**PAID, "payment_id": "../x"}, PAID]
    dispatcher = dispatcher_of(
        {
            "/invoice/i-1": httpx.Response(200, json={"invoice_id": "i-1"}),
            "/payment/check": httpx.Response(200, json={"count": 2, "rows": rows}),
            "/payment/p-1": httpx.Response(200, json=PAID),
        }
    )
    delivered: list[PaymentEvent] = []
    dispatcher.on_paid(delivered.append)
    replies = dispatcher.check("i-1")
    assert [reply.outcome for reply in replies] == ["unreadable", "delivered"]
    assert len(delivered) == 1


class Forgetful(MemoryStore):
    """Cannot be read."""

    def get(self, key: str) -> str | None:
        raise OSError("the store is down")


class Closed(MemoryStore):
    """Takes no claims."""

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        raise OSError("the store is down")


class Unwilling(MemoryStore):
    """Cannot note that something is done."""

    def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
        raise OSError("the store is down")


class Clinging(MemoryStore):
    """Cannot take a claim back."""

    def release(self, key: str, owner: str) -> None:
        raise OSError("the store is down")


def test_a_store_that_cannot_be_read_means_a_reply() -> None:
    invoice = {"sender_invoice_no": "1", "callback_url": "https://shop.test/c"}
    dispatcher = dispatcher_of(
        {
            "/payment/p-1": httpx.Response(200, json=PAID),
            "/invoice/i-1": httpx.Response(200, json=invoice),
        },
        store=Forgetful(),
        secret=SECRET,
    )
    signed = sign_callback_url(
        "https://shop.test/c", secret=SECRET, sender_invoice_no="1", amount=1
    )
    reply = dispatcher.handle(query=f"{signed}&qpay_payment_id=p-1")
    assert reply.outcome == "ignored"  # QPay was asked in the store's place


def test_where_no_claim_can_be_made_nothing_is_delivered() -> None:
    dispatcher = dispatcher_of({"/payment/p-1": httpx.Response(200, json=PAID)}, store=Closed())
    delivered: list[PaymentEvent] = []
    dispatcher.on_paid(delivered.append)
    reply = dispatcher.handle(query="qpay_payment_id=p-1")
    assert (reply.status_code, reply.outcome) == (503, "unreachable")
    assert delivered == []


def test_a_delivery_that_cannot_be_noted_was_made(caplog: pytest.LogCaptureFixture) -> None:
    answers = {"/payment/p-1": httpx.Response(200, json=PAID)}
    dispatcher = dispatcher_of(answers, store=Unwilling(), lease=0.1)
    delivered: list[PaymentEvent] = []
    dispatcher.on_paid(delivered.append)
    assert dispatcher.handle(query="qpay_payment_id=p-1").outcome == "delivered"
    assert len(delivered) == 1
    assert "may be delivered again" in caplog.text


def test_a_handler_that_outlasts_its_lease_is_an_error_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class TakenOver(MemoryStore):
        def complete(self, key: str, owner: str, *, delivery: Delivery | None = None) -> bool:
            """Complete the claim too late: another process has it now."""
            self.release(key, owner)
            self.claim(key, "another process", lease=60)
            return super().complete(key, owner, delivery=delivery)

    dispatcher = dispatcher_of({"/payment/p-1": httpx.Response(200, json=PAID)}, store=TakenOver())
    dispatcher.on_paid(lambda _: None)
    assert dispatcher.handle(query="qpay_payment_id=p-1").outcome == "delivered"
    assert "longer than its lease of 120 s" in caplog.text


def test_a_claim_that_cannot_be_given_back_leaves_the_handlers_failure_the_reply() -> None:
    dispatcher = dispatcher_of({"/payment/p-1": httpx.Response(200, json=PAID)}, store=Clinging())

    @dispatcher.on_paid
    def fails(event: PaymentEvent) -> None:
        raise RuntimeError("the shop's own fault")

    assert dispatcher.handle(query="qpay_payment_id=p-1").outcome == "handler_failed"
