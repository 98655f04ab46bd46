"""Token and retries as a state machine: whatever happens around the clients of one store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from unittest.mock import patch

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from helpers.fake_clock import Clock
from helpers.settings import SETTINGS
from qpaykit import MemoryStore, QPayClient, QPayError

pytestmark = pytest.mark.slow

RETRIES = 2
LIFETIME = 3600.0
_CLIENTS = st.integers(0, 2)


class Account:
    """QPay's view of one account: one live token, the last one given."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given = 0
        self._access: str | None = None
        self._refresh: str | None = None
        self._ends = 0.0
        self.held = False
        self.needless = 0
        self.login_faults: list[str] = []
        self.fault: str | None = None
        self.refusals = 0
        self.sends: list[tuple[str, int]] = []
        self.invoices = 0

    @property
    def alive(self) -> bool:
        return self._access is not None and self._clock.now < self._ends

    @property
    def fresh(self) -> bool:
        """Whether our clients have the live token, and it is not time for the next one."""
        return self.held and self.alive and self._clock.now < self._ends - 0.1 * LIFETIME

    def revoke(self) -> None:
        self._access = self._refresh = None

    def give_to_us(self) -> httpx.Response:
        self.needless += self.fresh
        self.held = True
        return self.give()

    def give(self) -> httpx.Response:
        self._given += 1
        self._access, self._refresh = f"access-{self._given}", f"refresh-{self._given}"
        self._ends = self._clock.now + LIFETIME
        return httpx.Response(
            200,
            json={
                "access_token": self._access,
                "refresh_token": self._refresh,
                "expires_in": int(self._ends),
            },
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/auth/token"):
            return self._log_in()
        if path.endswith("/auth/refresh"):
            return self._renew(request)
        response = self._operate(request)
        self.sends.append((request.method, response.status_code))
        return response

    def _log_in(self) -> httpx.Response:
        if self.login_faults:
            return _fault(self.login_faults.pop(0))
        return self.give_to_us()

    def _renew(self, request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] != f"Bearer {self._refresh}":
            return httpx.Response(401, json={"error": "NO_CREDENTIALS"})
        if self.login_faults:
            return _fault(self.login_faults.pop(0))
        return self.give_to_us()

    def _operate(self, request: httpx.Request) -> httpx.Response:
        if not self.alive or request.headers["authorization"] != f"Bearer {self._access}":
            return httpx.Response(401, json={"error": "NO_CREDENTIALS"})
        if self.refusals:
            self.refusals -= 1
            self.held = False
            return httpx.Response(401, json={"error": "NO_CREDENTIALS"})
        fault, self.fault = self.fault, None
        if fault == "busy":
            return httpx.Response(429, headers={"retry-after": "1"})
        if request.method == "POST":
            self.invoices += 1
        if fault is not None:
            return _fault(fault)
        return httpx.Response(200, json={"invoice_id": "i-1"})


def _fault(name: str) -> httpx.Response:
    if name == "lost":
        raise httpx.ReadTimeout("slow")
    return httpx.Response(500)


class Tokens(RuleBasedStateMachine):
    """Three clients of one account on one store."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.qpay = Account(self.clock)
        self.patches = ExitStack()
        for module in ("qpaykit._http.token_manager.time", "qpaykit.stores.memory.time"):
            self.patches.enter_context(patch(module, self.clock))
        http_client = self.patches.enter_context(
            httpx.Client(transport=httpx.MockTransport(self.qpay.answer))
        )
        store = MemoryStore()
        self.clients = [
            QPayClient(**SETTINGS, store=store, http_client=http_client, max_retries=RETRIES)
            for _ in range(3)
        ]
        for client in self.clients:
            self.patches.enter_context(patch.object(client._transport, "sleep", self.clock.sleep))

    def teardown(self) -> None:
        self.patches.close()

    @rule(seconds=st.sampled_from([1.0, 60.0, 0.85 * LIFETIME, 0.95 * LIFETIME, 2 * LIFETIME]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def qpay_revokes_the_token(self) -> None:
        self.qpay.revoke()

    @rule()
    def a_stranger_logs_in(self) -> None:
        self.qpay.give()
        self.qpay.held = False

    @rule(which=_CLIENTS)
    def somebody_invalidates_the_token(self, which: int) -> None:
        self.clients[which].tokens.invalidate()
        self.qpay.held = False

    @rule(faults=st.lists(st.sampled_from(["lost", "500"]), min_size=1, max_size=7))
    def the_next_logins_fail(self, faults: list[str]) -> None:
        self.qpay.login_faults = faults

    @rule(fault=st.sampled_from(["lost", "500", "busy"]))
    def the_next_call_meets(self, fault: str) -> None:
        self.qpay.fault = fault

    @rule(times=st.integers(1, 5))
    def qpay_refuses_even_good_tokens(self, times: int) -> None:
        self.qpay.refusals = times

    @rule(which=_CLIENTS)
    def an_invoice_is_looked_at(self, which: int) -> None:
        self._call(lambda: self.clients[which].invoices.get("i-1"), may_fail=())

    @rule(which=_CLIENTS)
    def an_invoice_is_made(self, which: int) -> None:
        before = self.qpay.invoices
        self._call(
            lambda: self.clients[which].invoices.create(
                amount=1, sender_invoice_no="1", invoice_description="x"
            ),
            may_fail=("lost", "500"),
        )
        assert self.qpay.invoices - before <= 1

    def _call(self, call: Callable[[], object], *, may_fail: tuple[str, ...]) -> None:
        self.qpay.sends.clear()
        fault, refusals = self.qpay.fault, self.qpay.refusals
        logins_may_fail = len(self.qpay.login_faults) > RETRIES
        began = self.clock.now
        try:
            call()
        except QPayError:
            assert logins_may_fail or refusals or fault in may_fail
        # A claim that an earlier call did not give back would be waited for: 50 s, its lease.
        assert self.clock.now - began < 20
        refused = [status for _, status in self.qpay.sends if status == 401]
        # With the client's own token, with a newer one from the store, and with a login's.
        assert len(refused) <= 3
        if not refusals:
            assert len(refused) <= 2
        assert len(self.qpay.sends) <= len(refused) + RETRIES + 1

    @invariant()
    def nobody_logs_in_while_the_stores_token_is_good(self) -> None:
        assert self.qpay.needless == 0


TestTokens = Tokens.TestCase
TestTokens.settings = settings(
    deadline=None,
    database=None,
    max_examples=100,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow],
)
