"""A token that is due: the next one is got before the old one is over."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from helpers.answers import token_body
from helpers.concurrent_login import ConcurrentLoginStore, a_token
from helpers.settings import SETTINGS
from qpaykit import MemoryStore, QPayClient

if TYPE_CHECKING:
    import respx


class TestEarlyRenewal:
    """A token that is due is renewed by its refresh token, and serves on until then."""

    def due_client(self, qpay: respx.MockRouter, store: MemoryStore | None = None) -> QPayClient:
        # The tenth part of a lifetime is left: due, and good for a while yet.
        body = token_body("old", lifetime=1000)
        qpay["token"].respond(json=body)
        client = QPayClient(**SETTINGS, store=store)
        client.tokens.get()
        token = client._session.tokens._cached
        assert token is not None
        aged = type(token)(token.access, token.refresh, 1_769_670_125.0, time.time() + 50)
        client._session.tokens._cached = aged
        client.store.set(f"token:{client.settings.account}", aged.to_json())
        return client

    def test_it_uses_the_refresh_token_once(
        self, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = self.due_client(qpay)
        refresh = qpay.post("/auth/refresh").respond(json=token_body("new"))
        caplog.set_level(logging.INFO, "qpaykit.http")
        caplog.clear()
        assert [client.tokens.get(), client.tokens.get()] == ["new", "new"]
        [record] = map(vars, caplog.records)
        assert (record["operation"], record["method"]) == ("tokens.refresh", "POST")
        assert refresh.call_count == 1
        assert refresh.calls.last.request.headers["authorization"] == "Bearer refresh-of-old"
        assert qpay["token"].call_count == 1

    def test_the_rotated_refresh_token_is_the_next_one(self, qpay: respx.MockRouter) -> None:
        client = self.due_client(qpay)
        qpay.post("/auth/refresh").respond(json=token_body("new"))
        client.tokens.get()
        token = client._session.tokens._cached
        assert token is not None
        assert token.refresh is not None
        assert token.refresh.get_secret_value() == "refresh-of-new"

    def test_a_refused_refresh_token_means_a_login(self, qpay: respx.MockRouter) -> None:
        client = self.due_client(qpay)
        qpay.post("/auth/refresh").respond(401, json={"error": "NO_CREDENTIALS"})
        qpay["token"].respond(json=token_body("new"))
        assert client.tokens.get() == "new"

    def test_a_refresh_whose_answer_is_lost_is_not_sent_again(self, qpay: respx.MockRouter) -> None:
        client = self.due_client(qpay)
        refresh = qpay.post("/auth/refresh").mock(side_effect=httpx.ReadTimeout("slow"))
        qpay["token"].respond(json=token_body("new"))
        assert client.tokens.get() == "new"
        assert refresh.call_count == 1

    @pytest.mark.usefixtures("quick_retries")
    def test_when_qpay_is_down_the_old_token_serves_on(self, qpay: respx.MockRouter) -> None:
        client = self.due_client(qpay)
        refresh = qpay.post("/auth/refresh").respond(500)
        qpay["token"].respond(500)
        assert [client.tokens.get() for _ in range(3)] == ["old"] * 3
        # It is not tried again with every call.
        assert refresh.call_count == 1

    def test_while_one_renews_another_goes_on_with_the_old_one(
        self, qpay: respx.MockRouter
    ) -> None:
        client = self.due_client(qpay)
        other = QPayClient(**SETTINGS, store=client.store)
        meanwhile: list[str] = []

        def renew(_: httpx.Request) -> httpx.Response:
            if not meanwhile:
                meanwhile.append(other.tokens.get())
            return httpx.Response(200, json=token_body("new"))

        refresh = qpay.post("/auth/refresh").mock(side_effect=renew)
        assert client.tokens.get() == "new"
        assert meanwhile == ["old"]
        assert refresh.call_count == 1

    def test_what_another_renewed_before_the_claim_is_not_renewed_again(
        self, qpay: respx.MockRouter
    ) -> None:
        store = ConcurrentLoginStore()
        client = self.due_client(qpay, store)
        store.newer = a_token("newer")
        refresh = qpay.post("/auth/refresh").respond(json=token_body("newest"))
        assert client.tokens.get() == "newer"
        assert refresh.call_count == 0

    @pytest.mark.parametrize("status", [200, 400])
    def test_afterwards_another_may_renew(self, qpay: respx.MockRouter, status: int) -> None:
        client = self.due_client(qpay)
        qpay.post("/auth/refresh").respond(status, json=token_body("new"))
        qpay["token"].respond(status, json=token_body("new"))
        client.tokens.get()
        key = f"login:{client.settings.account}"
        assert client.store.claim(key, "another process", lease=60) == "claimed"
