"""A token that is due: the next one is got before the old one is over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import pytest

from helpers.answers import token_body
from helpers.concurrent_login import ConcurrentLoginStore, a_token
from helpers.fake_clock import (
    TOKEN_DUE_SECONDS,
    TOKEN_LIFETIME_SECONDS,
    Clock,
    use_for_tokens,
)
from helpers.products import AnyClient, ProductOpener
from qpaykit._http.token import Token

if TYPE_CHECKING:
    import respx


class TestEarlyRenewal:
    """A token that is due is renewed by its refresh token, and serves on until then."""

    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> Clock:
        return use_for_tokens(monkeypatch)

    @pytest.fixture
    def store(self) -> ConcurrentLoginStore:
        return ConcurrentLoginStore()

    @pytest.fixture
    def client(
        self,
        open_client: ProductOpener,
        qpay: respx.MockRouter,
        store: ConcurrentLoginStore,
        clock: Clock,
    ) -> AnyClient:
        qpay["token"].respond(json=token_body("old", lifetime=TOKEN_LIFETIME_SECONDS))
        client = open_client(store=store)
        client.tokens.get()
        clock.now += TOKEN_DUE_SECONDS
        return client

    def test_it_uses_the_refresh_token_once(
        self, client: AnyClient, qpay: respx.MockRouter, caplog: pytest.LogCaptureFixture
    ) -> None:
        refresh = qpay.post("/auth/refresh").respond(json=token_body("new"))
        caplog.set_level(logging.INFO, "qpaykit.http")
        caplog.clear()
        assert [client.tokens.get(), client.tokens.get()] == ["new", "new"]
        [record] = map(vars, caplog.records)
        assert (record["operation"], record["method"]) == ("tokens.refresh", "POST")
        assert refresh.call_count == 1
        assert refresh.calls.last.request.headers["authorization"] == "Bearer refresh-of-old"
        assert qpay["token"].call_count == 1

    def test_the_rotated_refresh_token_is_the_next_one(
        self, client: AnyClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/auth/refresh").respond(json=token_body("new"))
        client.tokens.get()
        token = Token.from_json(client.store.get(f"token:{client.settings.account}"))
        assert token is not None
        assert token.refresh is not None
        assert token.refresh.get_secret_value() == "refresh-of-new"

    def test_a_refused_refresh_token_means_a_login(
        self, client: AnyClient, qpay: respx.MockRouter
    ) -> None:
        qpay.post("/auth/refresh").respond(401, json={"error": "NO_CREDENTIALS"})
        qpay["token"].respond(json=token_body("new"))
        assert client.tokens.get() == "new"

    def test_a_refresh_whose_answer_is_lost_is_not_sent_again(
        self, client: AnyClient, qpay: respx.MockRouter
    ) -> None:
        refresh = qpay.post("/auth/refresh").mock(side_effect=httpx.ReadTimeout("slow"))
        qpay["token"].respond(json=token_body("new"))
        assert client.tokens.get() == "new"
        assert refresh.call_count == 1

    @pytest.mark.usefixtures("quick_retries")
    def test_when_qpay_is_down_the_old_token_is_still_used(
        self, client: AnyClient, qpay: respx.MockRouter
    ) -> None:
        refresh = qpay.post("/auth/refresh").respond(500)
        qpay["token"].respond(500)
        assert [client.tokens.get() for _ in range(3)] == ["old"] * 3
        # It is not tried again with every call.
        assert refresh.call_count == 1

    def test_while_one_renews_another_goes_on_with_the_old_one(
        self, client: AnyClient, open_client: ProductOpener, qpay: respx.MockRouter
    ) -> None:
        other = open_client(store=client.store)
        meanwhile: list[str] = []

        def renew(_: httpx.Request) -> httpx.Response:
            if not meanwhile:
                meanwhile.append(other.tokens.get())
            return httpx.Response(200, json=token_body("new"))

        refresh = qpay.post("/auth/refresh").mock(side_effect=renew)
        assert client.tokens.get() == "new"
        assert meanwhile == ["old"]
        assert refresh.call_count == 1

    def test_a_token_that_another_process_renewed_before_the_claim_is_not_renewed_again(
        self, client: AnyClient, qpay: respx.MockRouter, store: ConcurrentLoginStore
    ) -> None:
        store.newer = a_token("newer")
        refresh = qpay.post("/auth/refresh").respond(json=token_body("newest"))
        assert client.tokens.get() == "newer"
        assert refresh.call_count == 0

    @pytest.mark.parametrize("status", [200, 400])
    def test_afterwards_another_may_renew(
        self, client: AnyClient, qpay: respx.MockRouter, status: int
    ) -> None:
        qpay.post("/auth/refresh").respond(status, json=token_body("new"))
        qpay["token"].respond(status, json=token_body("new"))
        client.tokens.get()
        key = f"login:{client.settings.account}"
        assert client.store.claim(key, "another process", lease=60) == "claimed"
