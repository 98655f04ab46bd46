"""Settings: from arguments or the environment, checked before anything is sent."""

from __future__ import annotations

import os
from typing import Any

import pytest
from pydantic import SecretStr

from callbacks.payments import QUERY
from helpers.settings import SETTINGS
from qpaykit import AsyncQPayClient, CallbackDispatcher, ConfigurationError, QPayClient

LONG = "a secret of the shop that is long enough"


@pytest.mark.parametrize("name", ["username", "password"])
def test_a_missing_login_is_named_with_its_variable(name: str) -> None:
    settings = SETTINGS.copy()
    settings[name] = ""  # type: ignore[literal-required]
    with pytest.raises(ConfigurationError, match=rf"{name}.*QPAY_{name.upper()}"):
        QPayClient(**settings)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
    monkeypatch.setenv(
        "QPAY_CALLBACK_SECRET", "the new secret of a shop, the old secret of a shop,"
    )
    settings = QPayClient().settings
    assert (settings.username, settings.invoice_code) == ("SHOP", "TEST_INVOICE")
    assert [s.get_secret_value() for s in settings.callback_secrets] == [
        "the new secret of a shop",
        "the old secret of a shop",
    ]


@pytest.mark.parametrize(
    "secret",
    [LONG, SecretStr(LONG), [LONG], (SecretStr(LONG),), f" {LONG}\n"],
    ids=["text", "masked", "list", "tuple", "with white space"],
)
def test_a_callback_secret_may_come_masked_and_with_others(secret: Any) -> None:
    settings = QPayClient(**SETTINGS, callback_secret=secret).settings
    assert [one.get_secret_value() for one in settings.callback_secrets] == [LONG]
    reply = CallbackDispatcher(verify=False, callback_secret=secret).handle(query=QUERY)
    assert reply.outcome == "forged"


@pytest.mark.parametrize(
    "secret",
    ["", b"s", [b"s"], [""], 5, {"s": 1}, [None], "x" * 15, ["x" * 16, "x" * 15]],
    ids=repr,
)
def test_a_callback_secret_is_text(secret: Any) -> None:
    with pytest.raises(ConfigurationError, match="callback_secret must"):
        QPayClient(**SETTINGS, callback_secret=secret)
    with pytest.raises(ConfigurationError, match="callback_secret must"):
        CallbackDispatcher(verify=False, callback_secret=secret)


def test_a_user_name_with_a_colon_is_refused() -> None:
    settings: dict[str, Any] = {**SETTINGS, "username": "SHOP:1"}
    with pytest.raises(ConfigurationError, match="QPAY_USERNAME"):
        QPayClient(**settings)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (" https://merchant.qpay.mn ", "https://merchant.qpay.mn/v2"),
        ("https://merchant.qpay.mn", "https://merchant.qpay.mn/v2"),
        ("https://merchant.qpay.mn/", "https://merchant.qpay.mn/v2"),
        ("https://merchant.qpay.mn/v2", "https://merchant.qpay.mn/v2"),
        ("https://merchant.qpay.mn/v2/", "https://merchant.qpay.mn/v2"),
        ("https://gateway.test/qpay", "https://gateway.test/qpay/v2"),
        ("http://127.0.0.1:8899/v2", "http://127.0.0.1:8899/v2"),
        ("http://localhost:1", "http://localhost:1/v2"),
        ("http://[::1]:1/", "http://[::1]:1/v2"),
        (None, "https://merchant.qpay.mn/v2"),
    ],
)
def test_a_base_url_is_taken_with_and_without_its_end(given: str | None, used: str) -> None:
    assert QPayClient(username="u", password="p", base_url=given).settings.base_url == used


@pytest.mark.parametrize(
    "url",
    [
        "http://merchant.qpay.mn/v2",
        "http://127.0.0.1.evil.test",
        "ftp://merchant.qpay.mn",
        "merchant.qpay.mn",
        "https://user:pass@merchant.qpay.mn",
        "https://merchant.qpay.mn/?a=b",
        "https://[",
        "https://[v1.a]",
        "https://merchant.qpay.mn\x00",
        "https://merchant qpay.mn",
        "https://merchant..qpay.mn",
        "https://.qpay.mn",
        f"https://{'x' * 64}.qpay.mn",
        "https://",
    ],
)
def test_a_base_url_that_would_give_the_password_away_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="QPAY_BASE_URL") as caught:
        QPayClient(username="u", password="p", base_url=url)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), None, "5", True], ids=repr)
def test_a_timeout_is_a_number_above_zero(timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout must be a number of seconds above 0"):
        QPayClient(**SETTINGS, timeout=timeout)


@pytest.mark.parametrize("number", [-1, None, "2", 1.5, True], ids=repr)
def test_a_number_of_retries_is_a_whole_one(number: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_retries must be a whole number"):
        QPayClient(**SETTINGS, max_retries=number)


@pytest.mark.parametrize("kind", [QPayClient, AsyncQPayClient])
def test_what_is_no_store_is_refused(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"str has no get.* release"):
        kind(**SETTINGS, store="qpay.db")


@pytest.mark.parametrize(("name", "most"), [("invoice_code", 45), ("callback_url", 255)])
def test_a_setting_may_be_as_long_as_qpay_takes_and_no_longer(name: str, most: int) -> None:
    start = "https://s.mn/"
    settings: dict[str, Any] = {**SETTINGS, name: start.ljust(most, "x")}
    assert len(getattr(QPayClient(**settings).settings, name)) == most
    settings[name] += "x"
    with pytest.raises(ConfigurationError, match=f"{name}.* {most + 1} characters.* {most}$"):
        QPayClient(**settings)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://merchant.qpay.mn", "https://Merchant.QPay.MN/v2"),
        ("https://merchant.qpay.mn", "https://merchant.qpay.mn:443/v2"),
        ("http://127.0.0.1", "HTTP://127.0.0.1:80/"),
    ],
)
def test_a_base_url_written_in_another_way_is_the_same_account(one: str, other: str) -> None:
    first, second = (
        QPayClient(username="u", password="p", base_url=url).settings for url in (one, other)
    )
    assert first.account == second.account


@pytest.mark.parametrize("name", ["username", "password", "invoice_code"])
def test_white_space_around_a_setting_is_dropped(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {**SETTINGS, name: " kept \n"}
    given = QPayClient(**settings).settings
    monkeypatch.setenv(f"QPAY_{name.upper()}", " kept \n")
    settings[name] = None
    from_variable = QPayClient(**settings).settings
    for found in (given, from_variable):
        value = getattr(found, name)
        assert (value.get_secret_value() if name == "password" else value) == "kept"


@pytest.mark.parametrize("name", ["username", "password", "callback_secret", "invoice_code"])
def test_a_setting_that_utf_8_cannot_write_is_refused_by_name(name: str) -> None:
    settings: dict[str, Any] = {**SETTINGS, name: f"\udcff{LONG}"[:40]}
    with pytest.raises(ConfigurationError, match=name):
        QPayClient(**settings)


def test_a_variable_that_utf_8_cannot_write_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "QPAY_CALLBACK_SECRET", f"\udcff{LONG}")
    with pytest.raises(ConfigurationError, match="callback_secret"):
        QPayClient(**SETTINGS)
