"""The token: when it is over, who renews it, and who waits."""

from __future__ import annotations

import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from helpers.answers import only_for, token_body
from helpers.concurrent_login import ConcurrentLoginStore, a_token
from helpers.invoices import make_invoice
from helpers.products import AnyClient, ProductOpener
from helpers.settings import SETTINGS
from qpaykit import AuthenticationError, MemoryStore, QPayClient, ServerError
from qpaykit._http.token import Token, token_from_response
from qpaykit.models import TokenResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import respx

    from qpaykit.stores import ClaimState


@pytest.fixture
def client(open_client: ProductOpener, quick_retries: None) -> Iterator[AnyClient]:
    with open_client() as client:
        yield client


NOW = 1_769_670_125.0
DAY = 86_400.0


def lifetime(expires_in: object) -> float:
    body = {"access_token": "a", "expires_in": expires_in}
    return token_from_response(TokenResponse.model_validate(body), NOW).expires_at - NOW


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (NOW + DAY, DAY),
        (str(int(NOW + DAY)), DAY - 0.0),
        ((NOW + DAY) * 1000, DAY),
        (86_400, DAY),
        ("600", 600),
        (None, 3600),
        ("", 3600),
        # A clock that is wrong by more than a day must not mean a login for every call.
        (NOW, 3600),
        (NOW - 1, 3600),
        (1_646_967_792, 3600),
    ],
)
def test_an_expiry_is_a_point_in_time_or_a_duration(expires_in: object, seconds: float) -> None:
    assert lifetime(expires_in) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize("access", [None, "", "a b", "a\n", "я"])
def test_what_is_no_token_is_refused(access: str | None) -> None:
    with pytest.raises(ValueError, match="access_token"):
        token_from_response(TokenResponse(access_token=access), NOW)


@pytest.mark.parametrize("refresh", [None, "", "a b", "a\n", "я"])
def test_what_is_no_refresh_token_is_none(refresh: str | None) -> None:
    answer = TokenResponse(access_token="a", refresh_token=refresh)
    assert token_from_response(answer, NOW).refresh is None


class Keeping(MemoryStore):
    """A store that notes for how long it is asked to keep a value."""

    def __init__(self) -> None:
        super().__init__()
        self.kept_for: list[float | None] = []

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        self.kept_for.append(ttl)
        super().set(key, value, ttl=ttl)


@pytest.mark.parametrize(("lifetime", "kept_for"), [(DAY, DAY), (1, 1)])
def test_a_store_keeps_a_token_while_it_lives_and_a_second_at_least(
    qpay: respx.MockRouter, lifetime: float, kept_for: float
) -> None:
    qpay["token"].respond(json=token_body(lifetime=lifetime))
    store = Keeping()
    QPayClient(**SETTINGS, store=store).tokens.get()
    assert store.kept_for == [pytest.approx(kept_for, abs=0 if lifetime == 1 else 5)]


def test_a_token_is_due_before_it_is_unusable() -> None:
    answer = TokenResponse.model_validate({"access_token": "a", "expires_in": NOW + DAY})
    token = token_from_response(answer, NOW)
    times = [NOW + DAY - left for left in (DAY, 601, 600, 11, 10)]
    assert [token.needs_renewal(at) for at in times] == [False, False, True, True, True]
    assert [token.is_valid(at) for at in times] == [True, True, True, True, False]


def test_a_short_token_is_not_due_from_its_first_second() -> None:
    answer = TokenResponse.model_validate({"access_token": "a", "expires_in": 60})
    token = token_from_response(answer, NOW)
    times = [NOW + age for age in (0, 53.9, 54, 58.7, 58.9)]
    assert [token.needs_renewal(at) for at in times] == [False, False, True, True, True]
    assert [token.is_valid(at) for at in times] == [True, True, True, True, False]


def test_a_token_that_cannot_be_refreshed_is_kept_and_its_renewal_is_a_login(
    qpay: respx.MockRouter,
) -> None:
    store = MemoryStore()
    qpay["token"].respond(json={**token_body("only", lifetime=1000), "refresh_token": ""})
    QPayClient(**SETTINGS, store=store).tokens.get()
    kept = Token.from_json(store.get(f"token:{QPayClient(**SETTINGS).settings.account}"))
    assert kept is not None
    assert (kept.access.get_secret_value(), kept.refresh) == ("only", None)
    client = QPayClient(**SETTINGS, store=store)
    aged = Token(kept.access, None, NOW, time.time() + 50)
    store.set(f"token:{client.settings.account}", aged.to_json())
    qpay["token"].respond(json=token_body("next"))
    assert client.tokens.get() == "next"


def test_tokens_are_shown_nowhere() -> None:
    answer = TokenResponse(access_token="s3cr3t", refresh_token="r3fr3sh")
    shown = repr(token_from_response(answer, NOW)) + repr(answer)
    assert "s3cr3t" not in shown
    assert "r3fr3sh" not in shown


def test_one_token_serves_many_calls(client: AnyClient, qpay: respx.MockRouter) -> None:
    qpay.get("/invoice/i-1").respond(json={})
    for _ in range(5):
        client.invoices.get("i-1")
    assert qpay["token"].call_count == 1


class TestALoginBesideAnotherProcess:
    """The store is shared, and the other process is a moment ahead."""

    def test_a_token_that_another_process_got_before_the_claim_is_used(
        self, open_client: ProductOpener, qpay: respx.MockRouter
    ) -> None:
        store = ConcurrentLoginStore()
        store.newer = a_token("newer")
        assert open_client(store=store).tokens.get() == "newer"
        assert qpay["token"].call_count == 0

    def test_where_that_is_refused_there_is_a_login_still(
        self, open_client: ProductOpener, qpay: respx.MockRouter
    ) -> None:
        store = ConcurrentLoginStore()
        client = open_client(store=store)
        client.tokens.get()
        store.newer = a_token("newer")
        qpay["token"].respond(json=token_body("newest"))

        qpay.get("/invoice/i-1").mock(side_effect=only_for("newest"))
        assert client.invoices.get("i-1").invoice_id == "i-1"

    def test_while_the_other_logs_in_the_refused_token_is_not_tried_again(
        self, open_client: ProductOpener, qpay: respx.MockRouter
    ) -> None:
        class Held(MemoryStore):
            held = False

            def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
                if self.held:
                    self.held = False
                    return "held"
                return super().claim(key, owner, lease=lease)

        store = Held()
        client = open_client(store=store)
        client.tokens.get()
        store.held = True
        qpay["token"].respond(json=token_body("second"))

        route = qpay.get("/invoice/i-1").mock(side_effect=only_for("second"))
        client.invoices.get("i-1")
        sent = [one.request.headers["authorization"] for one in route.calls]
        assert sent == ["Bearer access-1", "Bearer second"]

    def test_it_is_claimed_for_the_longest_pause_an_attempt_and_five_seconds(
        self, open_client: ProductOpener, qpay: respx.MockRouter
    ) -> None:
        class Leases(MemoryStore):
            lease = 0.0

            def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
                self.lease = lease
                return super().claim(key, owner, lease=lease)

        store = Leases()
        open_client(store=store, timeout=2, max_retries=1).tokens.get()
        assert store.lease == 30 + 2 + 5
        assert qpay["token"].called


def test_the_password_stays_masked_however_many_tokens_were_learnt(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    for number in range(40):
        qpay["token"].respond(json=token_body(f"token-{number}"))
        client.tokens.invalidate()
        client.tokens.get()
    password = client.settings.password.get_secret_value()
    basic = base64.b64encode(f"{client.settings.username}:{password}".encode()).decode()
    qpay["token"].respond(401, json={"message": f"you sent {password} as {basic} to us"})
    client.tokens.invalidate()
    with pytest.raises(AuthenticationError, match=r"you sent .+ to us") as caught:
        client.tokens.get()
    for secret in (password, basic):
        assert secret not in f"{caught.value} {caught.value.body!r}"


def test_an_expired_token_means_a_login(client: AnyClient, qpay: respx.MockRouter) -> None:
    qpay["token"].mock(
        side_effect=[
            httpx.Response(200, json=token_body("short", lifetime=1)),
            httpx.Response(200, json=token_body("new")),
        ]
    )
    assert client.tokens.get() == "short"
    time.sleep(1.1)
    assert client.tokens.get() == "new"


def test_invalidate_means_a_login(client: AnyClient, qpay: respx.MockRouter) -> None:
    client.tokens.get()
    client.tokens.invalidate()
    client.tokens.get()
    assert qpay["token"].call_count == 2


def test_clients_of_one_account_share_the_stores_token(
    open_client: ProductOpener, qpay: respx.MockRouter
) -> None:
    store = MemoryStore()
    clients = [open_client(store=store) for _ in range(3)]
    assert {client.tokens.get() for client in clients} == {"access-1"}
    assert qpay["token"].call_count == 1


def test_clients_of_one_account_that_share_a_store_make_one_login_at_once(
    open_client: ProductOpener,
    qpay: respx.MockRouter,
) -> None:
    start = threading.Barrier(4)
    store = MemoryStore()

    def log_in(_: httpx.Request) -> httpx.Response:
        time.sleep(0.2)
        return httpx.Response(200, json=token_body())

    def first_call(_: int) -> str:
        client = open_client(store=store)
        start.wait()
        return client.tokens.get()

    qpay["token"].mock(side_effect=log_in)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(first_call, range(4))) == {"access-1"}
    assert qpay["token"].call_count == 1


def test_clients_of_two_accounts_share_a_store_and_no_token(
    open_client: ProductOpener, qpay: respx.MockRouter
) -> None:
    qpay["token"].mock(
        side_effect=[httpx.Response(200, json=token_body(name)) for name in ("one", "two")]
    )
    store = MemoryStore()
    one = open_client(store=store)
    two = open_client(username="OTHER", store=store)
    assert [one.tokens.get(), two.tokens.get(), one.tokens.get()] == ["one", "two", "one"]


def test_after_a_401_the_stores_newer_token_is_taken_without_a_login(
    open_client: ProductOpener,
    qpay: respx.MockRouter,
) -> None:
    store = MemoryStore()
    first, second = (open_client(store=store) for _ in range(2))
    assert first.tokens.get() == second.tokens.get() == "access-1"
    second.tokens.invalidate()
    qpay["token"].respond(json=token_body("newer"))
    second.tokens.get()
    logins = qpay["token"].call_count

    qpay.get("/invoice/i-1").mock(side_effect=only_for("newer"))
    first.invoices.get("i-1")
    assert qpay["token"].call_count == logins


def test_a_stores_dead_token_still_leaves_one_login(
    open_client: ProductOpener, qpay: respx.MockRouter
) -> None:
    store = MemoryStore()
    first, second = (open_client(store=store) for _ in range(2))
    first.tokens.get()
    second.tokens.invalidate()
    qpay["token"].respond(json=token_body("dead too"[:4]))
    second.tokens.get()
    qpay["token"].respond(json=token_body("alive"))

    route = qpay.get("/invoice/i-1").mock(side_effect=only_for("alive"))
    first.invoices.get("i-1")
    assert route.call_count == 3


def test_a_failed_login_is_raised_and_the_next_call_tries_again(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    qpay["token"].respond(401, json={"error": "AUTHENTICATION_FAILED"})
    with pytest.raises(AuthenticationError, match="QPAY_PASSWORD"):
        client.tokens.get()
    qpay["token"].respond(json=token_body("good"))
    assert client.tokens.get() == "good"


def test_ten_threads_that_wait_for_one_login_share_its_failure(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    start = threading.Barrier(10)

    def refuse(_: httpx.Request) -> httpx.Response:
        time.sleep(0.2)
        return httpx.Response(401, json={"error": "AUTHENTICATION_FAILED"})

    def log_in(_: int) -> None:
        start.wait()
        with pytest.raises(AuthenticationError):
            client.tokens.get()

    qpay["token"].mock(side_effect=refuse)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(log_in, range(10)))
    assert qpay["token"].call_count == 1


class TestThreadsWhoseTokenIsRefusedAtOnce:
    """Two of them wait for one login, which is slow enough for both to come."""

    @pytest.fixture
    def tokens(self, client: AnyClient, qpay: respx.MockRouter) -> Iterator[str]:
        client.tokens.get()
        names = iter(["second"])

        def log_in(_: httpx.Request) -> httpx.Response:
            time.sleep(0.2)
            return httpx.Response(200, json=token_body(next(names)))

        qpay["token"].mock(side_effect=log_in)
        return names

    def asked(self, client: AnyClient, qpay: respx.MockRouter) -> list[str | None]:
        """Let both ask for an invoice, which only the new token may see."""
        together = threading.Barrier(2)

        def answer(request: httpx.Request) -> httpx.Response:
            if request.headers["authorization"] == "Bearer access-1":
                together.wait(10)
            right = request.headers["authorization"] == "Bearer second"
            return httpx.Response(200 if right else 401, json={"invoice_id": "i-1"})

        def ask(_: int) -> str | None:
            return client.invoices.get("i-1").invoice_id

        qpay.get("/invoice/i-1", name="invoice").mock(side_effect=answer)
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(ask, range(2)))

    @pytest.mark.usefixtures("tokens")
    def test_both_take_the_new_token_and_none_tries_the_old_one_again(
        self, client: AnyClient, qpay: respx.MockRouter
    ) -> None:
        assert self.asked(client, qpay) == ["i-1", "i-1"]
        sent = [one.request.headers["authorization"] for one in qpay["invoice"].calls]
        assert sorted(sent) == ["Bearer access-1"] * 2 + ["Bearer second"] * 2


def test_a_login_is_repeated_when_qpay_is_busy(client: AnyClient, qpay: respx.MockRouter) -> None:
    busy = httpx.Response(500, json={"error": "SYSTEM_BUSY"})
    good = httpx.Response(200, json=token_body("good"))
    qpay["token"].mock(side_effect=[busy, busy, good])
    assert client.tokens.get() == "good"


def test_attempts_of_a_login_do_not_multiply_with_those_of_the_call(
    client: AnyClient, qpay: respx.MockRouter
) -> None:
    qpay["token"].respond(500)
    with pytest.raises(ServerError):
        client.payments.check("i-1")
    assert qpay["token"].call_count == 3


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "null",
        "[]",
        '["tok\\n", null, 1.0, 9e9]',
        '["", null, 1.0, 9e9]',
        '["токен", null, 1.0, 9e9]',
        '["a token", null, 1.0, 9e9]',
        '["token", null, 1.0, 1e300]',
        '["token", null, -1.0, 9e9]',
        '["token", null, "NaN", 9e9]',
        '["token", null, 1.0, Infinity]',
        "\x00",
    ],
)
def test_what_cannot_be_a_token_in_the_store_counts_as_none(
    open_client: ProductOpener, kept: str, qpay: respx.MockRouter, quick_retries: None
) -> None:
    store = MemoryStore()
    with open_client(store=store) as client:
        store.set(f"token:{client.settings.account}", kept)
        created = qpay.post("/invoice").respond(json={"invoice_id": "i-1"})
        make_invoice(client)
    assert created.calls.last.request.headers["authorization"] == "Bearer access-1"
