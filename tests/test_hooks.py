"""The hooks for metrics: one call for each attempt and for each outcome, and no harm done."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from callbacks.payments import QUERY, answer_payment, payment
from helpers.settings import SETTINGS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    CallbackReply,
    PaymentEvent,
    QPayClient,
    QPayError,
    RequestInfo,
)

if TYPE_CHECKING:
    import respx


@pytest.fixture
def seen() -> list[RequestInfo]:
    return []


def test_each_attempt_is_reported_the_login_too(
    qpay: respx.MockRouter, seen: list[RequestInfo], quick_retries: None
) -> None:
    qpay.get("/payment/1").side_effect = [
        httpx.Response(500, json={"error": "SYSTEM_BUSY"}),
        httpx.Response(200, json=payment()),
    ]
    with QPayClient(**SETTINGS, on_request=seen.append) as client:
        client.payments.get("1")
    assert [(one.operation, one.attempt, one.status, one.code, one.error) for one in seen] == [
        ("tokens.login", 1, 200, None, None),
        ("payments.get", 1, 500, "SYSTEM_BUSY", "ServerError"),
        ("payments.get", 2, 200, None, None),
    ]
    assert all(one.seconds >= 0 for one in seen)
    assert (seen[1].method, seen[1].path) == ("GET", "/payment/1")


def test_a_refused_login_is_reported(qpay: respx.MockRouter, seen: list[RequestInfo]) -> None:
    qpay.post("/auth/token").respond(401, json={"error": "AUTHENTICATION_FAILED"})
    with (
        QPayClient(**SETTINGS, on_request=seen.append) as client,
        pytest.raises(QPayError),
    ):
        client.payments.get("1")
    assert [(one.operation, one.status, one.error) for one in seen] == [
        ("tokens.login", 401, "AuthenticationError")
    ]


def test_the_async_client_and_one_with_other_options_report_too(
    qpay: respx.MockRouter, seen: list[RequestInfo]
) -> None:
    qpay.get("/payment/1").respond(json=payment())

    async def main() -> None:
        async with AsyncQPayClient(**SETTINGS, on_request=seen.append) as client:
            await client.with_options(timeout=3).payments.get("1")

    anyio.run(main)
    assert [one.operation for one in seen] == ["tokens.login", "payments.get"]


def test_a_report_has_no_secret(qpay: respx.MockRouter, seen: list[RequestInfo]) -> None:
    qpay.get("/payment/1").respond(json=payment())
    with QPayClient(**SETTINGS, on_request=seen.append) as client:
        client.payments.get("1")
    assert SETTINGS["password"] not in repr(seen)
    assert "access-1" not in repr(seen)


def test_each_outcome_is_reported(qpay: respx.MockRouter, client: QPayClient) -> None:
    answer_payment(qpay, payment())
    replies: list[CallbackReply] = []
    dispatcher = CallbackDispatcher(client, on_outcome=replies.append)
    dispatcher.on_paid(lambda event: None)
    returned = [dispatcher.handle(query=query) for query in (QUERY, QUERY, "", "order=42")]
    assert [reply.outcome for reply in replies] == [
        "delivered",
        "duplicate",
        "ignored",
        "unreadable",
    ]
    assert replies == returned
    assert (replies[0].order_no, replies[0].amount) == ("42", Decimal(1500))


def test_a_hook_that_raises_fails_nothing_and_is_logged(
    qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    answer_payment(qpay, payment())

    def fails(_: object) -> None:
        raise RuntimeError("the metrics are away")

    async def deliver(event: PaymentEvent) -> None: ...

    async def main() -> str:
        async with AsyncQPayClient(**SETTINGS, on_request=fails) as client:
            dispatcher = AsyncCallbackDispatcher(client, on_outcome=fails)
            dispatcher.on_paid(deliver)
            return (await dispatcher.handle(query=QUERY)).outcome

    assert anyio.run(main) == "delivered"
    assert "The hook on_request raised" in caplog.text
    assert "The hook on_outcome raised" in caplog.text
