"""What error trackers send: no local variable of ours holds a secret, whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import respx
from pydantic import SecretStr

import qpaykit
from helpers.answers import token_body
from helpers.settings import SETTINGS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    AsyncRedisStore,
    CallbackDispatcher,
    QPayClient,
    RedisStore,
    sign_callback_url,
    verify_callback,
)
from qpaykit.quickqr import AsyncQuickQRClient, QuickQRClient

PASSWORD = "hunter2-the-password-of-the-shop"
SECRET = "the-callback-secret-of-the-shop"
REDIS_PASSWORD = "the-password-of-redis"
SECRETS = (PASSWORD, SECRET, REDIS_PASSWORD)
SHOP: dict[str, Any] = {**SETTINGS, "password": PASSWORD, "callback_secret": SECRET}
ORDER: dict[str, Any] = {"amount": 1, "sender_invoice_no": "1", "invoice_description": "Tea"}
HERE = qpaykit.__path__[0]

WRONG_SETTINGS: dict[str, dict[str, Any]] = {
    "no user name": {"username": ""},
    "a user name with a colon": {"username": "a:b"},
    "a user name that is no text": {"username": 5},
    "a long invoice code": {"invoice_code": "x" * 46},
    "a base URL": {"base_url": "ftp://qpay.mn"},
    "a base URL over http": {"base_url": "http://qpay.mn"},
    "a callback URL": {"callback_url": "shop.mn/cb"},
    "a timeout": {"timeout": 0},
    "a number of retries": {"max_retries": -1},
    "a store": {"store": "qpay.db"},
    "an HTTP client": {"http_client": object()},
    "a second secret that is too short": {"callback_secret": [SECRET, "short"]},
    "a second secret that is no text": {"callback_secret": [SECRET, 5]},
    "a password that is no text": {"password": 5},
}
WRONG_FIELDS: dict[str, dict[str, Any]] = {
    "a long callback URL": {"callback_url": "https://shop.mn/".ljust(250, "x")},
    "a callback URL": {"callback_url": "shop.mn/cb"},
    "an amount": {"amount": -1},
    "a number": {"sender_invoice_no": ""},
    "a name": {"no_such_field": 1},
}


def in_frames(error: BaseException) -> Iterator[tuple[str, object]]:
    """The local variables of our frames, and what is one level below them."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        waiting += [one.__cause__, one.__context__]
        traceback = one.__traceback__
        while traceback is not None:
            frame = traceback.tb_frame
            traceback = traceback.tb_next
            if not frame.f_code.co_filename.startswith(HERE):
                continue
            for name, value in frame.f_locals.items():
                where = f"{frame.f_code.co_name} {name}"
                yield where, value
                yield from ((f"{where}.{key}", inner) for key, inner in below(value))


def below(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, SecretStr):
        return  # error trackers take its repr
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from enumerate(value)
    else:
        yield from getattr(value, "__dict__", {}).items()


def shown_in_frames(call: Callable[[], object]) -> list[str]:
    with pytest.raises(Exception) as caught:
        call()
    return [
        where
        for where, value in in_frames(caught.value)
        if any(secret in shown(value) for secret in SECRETS)
    ]


def shown(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:
        return object.__repr__(value)  # an object whose making failed half way


@pytest.mark.parametrize("kind", [QPayClient, AsyncQPayClient])
@pytest.mark.parametrize("wrong", WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_of_a_client_that_cannot_be_made(kind: Any, wrong: dict[str, Any]) -> None:
    assert shown_in_frames(lambda: kind(**{**SHOP, **wrong})) == []


@pytest.mark.parametrize("kind", [QuickQRClient, AsyncQuickQRClient])
@pytest.mark.parametrize("wrong", WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_of_a_client_of_quick_qr_that_cannot_be_made(kind: Any, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {**SHOP, **wrong, "terminal_id": "95000059"}
    if given.pop("invoice_code") != SHOP["invoice_code"]:
        given["terminal_id"] = ""
    assert shown_in_frames(lambda: kind(**given)) == []


@pytest.mark.parametrize("name", ["QPAY_CALLBACK_URL", "QPAY_BASE_URL"])
def test_of_a_client_whose_variables_are_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QPAY_PASSWORD", PASSWORD)
    monkeypatch.setenv("QPAY_CALLBACK_SECRET", SECRET)
    monkeypatch.setenv(name, "no url")
    assert shown_in_frames(lambda: QPayClient(username="SHOP")) == []


@pytest.mark.parametrize("wrong", WRONG_FIELDS.values(), ids=WRONG_FIELDS.keys())
def test_of_an_invoice_that_is_refused(qpay: respx.MockRouter, wrong: dict[str, Any]) -> None:
    with QPayClient(**SHOP) as client:
        assert shown_in_frames(lambda: client.invoices.create(**{**ORDER, **wrong})) == []


@pytest.mark.parametrize("kind", [CallbackDispatcher, AsyncCallbackDispatcher])
@pytest.mark.parametrize(
    "wrong",
    [
        {"patience": -1},
        {"lease": 0},
        {"store": "qpay.db"},
        {"callback_secret": [SECRET, "short"]},
        {"client": "no client"},
        {"verify": True},
    ],
    ids=str,
)
def test_of_a_dispatcher_that_cannot_be_made(kind: Any, wrong: dict[str, Any]) -> None:
    given = {"verify": False, "callback_secret": SECRET, **wrong}
    assert shown_in_frames(lambda: kind(**given)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "no url"},
        {"url": "https://shop.mn/".ljust(250, "x")},
        {"amount": -1},
        {"currency": "mnt"},
        {"secret": [SECRET, "short"]},
    ],
    ids=str,
)
def test_of_a_url_that_is_not_signed(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "url": "https://shop.mn/cb",
        "secret": SECRET,
        "sender_invoice_no": "1",
        "amount": 1,
        **wrong,
    }
    assert shown_in_frames(lambda: sign_callback_url(given.pop("url"), **given)) == []


@pytest.mark.parametrize(
    "query",
    ["qpay_payment_id=1", "qpay_payment_id=1&qpaykit=v1", "order=42", "qpay_payment_id=1&qpaykit="],
)
def test_of_a_callback_that_is_not_verified(query: str) -> None:
    assert shown_in_frames(lambda: verify_callback(query, secret=SECRET)) == []


@pytest.mark.parametrize("kind", [RedisStore, AsyncRedisStore])
@pytest.mark.parametrize(
    "given",
    [
        {"url": f"reds://u:{REDIS_PASSWORD}@127.0.0.1"},
        {"url": f"redis://u:{REDIS_PASSWORD}@127.0.0.1/0", "client": object()},
        {"url": f"redis://u:{REDIS_PASSWORD}@127.0.0.1/0", "keep": 0},
        {"url": f"redis://127.0.0.1/0?db=x&password={REDIS_PASSWORD}"},
    ],
    ids=["scheme", "two", "keep", "query"],
)
def test_of_a_redis_store_that_cannot_be_made(kind: Any, given: dict[str, Any]) -> None:
    assert shown_in_frames(lambda: kind(**given)) == []


def test_of_a_redis_that_cannot_be_reached() -> None:
    store = RedisStore(f"redis://u:{REDIS_PASSWORD}@127.0.0.1:1/0")
    assert shown_in_frames(lambda: store.get("k")) == []
    assert REDIS_PASSWORD not in repr(store)


@pytest.mark.parametrize("login", [200, 401, 500])
def test_of_a_call_that_qpay_refuses(qpay: respx.MockRouter, login: int) -> None:
    body = token_body() if login == 200 else {"error": "AUTHENTICATION_FAILED"}
    qpay.post("/auth/token").respond(login, json=body)
    qpay.post("/invoice").respond(400, json={"error": "INVOICE_CODE_INVALID"})
    with QPayClient(**SHOP, max_retries=0) as client:
        assert shown_in_frames(lambda: client.invoices.create(**ORDER)) == []


def test_the_search_for_secrets_finds_one() -> None:
    assert shown_in_frames(lambda: qpaykit.parse_callback(query=f"secret={SECRET}")) != []
