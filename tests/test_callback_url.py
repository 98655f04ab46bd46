"""What a callback URL may be: one rule at every entrance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import respx
from pydantic import ValidationError

from helpers.settings import SETTINGS
from qpaykit import PRODUCTION_URL, ConfigurationError, QPayClient, sign_callback_url

WRONG = {
    "no scheme": "shop.mn/cb",
    "a path": "/cb",
    "another scheme": "ftp://shop.mn/cb",
    "no host": "https:///cb",
    "a bad port": "https://shop.mn:port/cb",
    "a bad host": "http://[bad/cb",
    "an empty label": "http://shop..mn/cb",
    "in quotes": '"https://shop.mn/cb"',
    "in single quotes": "'https://shop.mn/cb'",
    "a blank": "https://shop.mn/c b",
    "a newline": "https://shop.mn/c\nb",
    "a control character": "https://shop.mn/c\x1bb",
    "what UTF-8 cannot write": "https://shop.mn/c\udcffb",
    "a password": "https://user:word@shop.mn/cb",
    "QPay's parameter": "https://shop.mn/cb?qpay_payment_id=1",
    "our parameter": "https://shop.mn/cb?order=42&qpaykit=v1",
    "too long": "https://shop.mn/".ljust(256, "x"),
}
PRIVATE = [
    "http://localhost:8000/cb",
    "https://shop.localhost/cb",
    "http://127.0.0.1/cb",
    "http://[::1]/cb",
    "https://192.168.1.5/cb",
    "https://10.0.0.1/cb",
    "https://169.254.1.1/cb",
    "http://127.1/cb",
    "http://2130706433/cb",
]
SECRET = "a secret of the shop that is long enough"


@pytest.mark.parametrize("url", WRONG.values(), ids=WRONG.keys())
class TestAWrongUrl:
    def test_is_refused_as_a_setting(self, url: str) -> None:
        settings: dict[str, Any] = {**SETTINGS, "callback_url": url}
        with pytest.raises(ConfigurationError, match="QPAY_CALLBACK_URL"):
            QPayClient(**settings)

    def test_is_refused_as_a_variable(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("QPAY_CALLBACK_URL", url)
        settings: dict[str, Any] = {**SETTINGS, "callback_url": None}
        with pytest.raises(ConfigurationError, match="QPAY_CALLBACK_URL"):
            QPayClient(**settings)

    @pytest.mark.parametrize("secret", [None, SECRET], ids=["unsigned", "signed"])
    def test_is_refused_by_create_before_anything_is_sent(
        self, url: str, secret: str | None, qpay: respx.MockRouter
    ) -> None:
        with (
            QPayClient(**SETTINGS, callback_secret=secret) as client,
            pytest.raises(ValidationError, match="callback_url"),
        ):
            client.invoices.create(
                amount=1, sender_invoice_no="1", invoice_description="Tea", callback_url=url
            )
        assert qpay.calls.call_count == 0

    def test_is_refused_by_a_refund_before_anything_is_sent(
        self, url: str, qpay: respx.MockRouter, client: QPayClient
    ) -> None:
        with pytest.raises(ValidationError, match="callback_url"):
            client.payments.refund("p-1", note="cold", callback_url=url)
        assert qpay.calls.call_count == 0

    def test_is_not_signed(self, url: str) -> None:
        with pytest.raises(ValidationError, match="callback_url"):
            sign_callback_url(url, secret=SECRET, sender_invoice_no="42", amount=1)


def test_white_space_around_it_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    url = " https://shop.mn/cb\n"
    settings: dict[str, Any] = {**SETTINGS, "callback_url": url}
    assert QPayClient(**settings).settings.callback_url == url.strip()
    monkeypatch.setenv("QPAY_CALLBACK_URL", url)
    settings["callback_url"] = None
    assert QPayClient(**settings).settings.callback_url == url.strip()


@pytest.mark.parametrize("url", PRIVATE)
class TestAnAddressThatQPayCannotReach:
    def test_is_refused_with_the_production_server(self, url: str) -> None:
        settings: dict[str, Any] = {**SETTINGS, "base_url": PRODUCTION_URL, "callback_url": url}
        with pytest.raises(ConfigurationError, match="from outside"):
            QPayClient(**settings)

    def test_is_refused_by_create_before_anything_is_sent(self, url: str) -> None:
        settings: dict[str, Any] = {**SETTINGS, "base_url": PRODUCTION_URL}
        with (
            respx.mock as router,
            QPayClient(**settings) as client,
            pytest.raises(ValidationError, match="from outside"),
        ):
            client.invoices.create(
                amount=1, sender_invoice_no="1", invoice_description="Tea", callback_url=url
            )
        assert router.calls.call_count == 0

    @pytest.mark.parametrize("name", ["refund", "cancel", "ebarimt"])
    def test_is_refused_by_every_other_call_before_anything_is_sent(
        self, url: str, name: str
    ) -> None:
        settings: dict[str, Any] = {**SETTINGS, "base_url": PRODUCTION_URL}
        with respx.mock as router, QPayClient(**settings) as client:
            calls: dict[str, Callable[[], object]] = {
                "refund": lambda: client.payments.refund("p", note="cold", callback_url=url),
                "cancel": lambda: client.payments.cancel("p", note="cold", callback_url=url),
                "ebarimt": lambda: client.ebarimt.create("p", callback_url=url),
            }
            with pytest.raises(ValidationError, match="from outside"):
                calls[name]()
        assert router.calls.call_count == 0

    def test_is_taken_with_a_simulator(self, url: str) -> None:
        settings: dict[str, Any] = {
            **SETTINGS,
            "base_url": "http://127.0.0.1:8899",
            "callback_url": url,
        }
        assert QPayClient(**settings).settings.callback_url == url
