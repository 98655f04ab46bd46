"""What keeps the HTTP client from being made is a ConfigurationError that names its variable."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.settings import SETTINGS
from qpaykit import AsyncQPayClient, ConfigurationError, QPayClient
from qpaykit._diagnostics import diagnose_merchant
from qpaykit._http.httpx_backend import Backend

PASSWORD = "the-proxys-password"


def create_sync() -> None:
    with QPayClient(**SETTINGS) as client:
        client.invoices.create(amount=1, sender_invoice_no="1", invoice_description="Tea")


def create_async() -> None:
    async def main() -> None:
        async with AsyncQPayClient(**SETTINGS) as client:
            await client.invoices.create(amount=1, sender_invoice_no="1", invoice_description="Tea")

    asyncio.run(main())


@pytest.fixture(params=[create_sync, create_async], ids=["sync", "async"])
def create(request: pytest.FixtureRequest) -> Callable[[], None]:
    call: Callable[[], None] = request.param
    return call


@pytest.fixture
def unreadable(tmp_path: Path) -> str:
    path = tmp_path / "certificates.pem"
    path.write_text("no certificate")
    return str(path)


class TestWithAVariableThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("HTTPS_PROXY", f"ftp://user:{PASSWORD}@proxy.test:21"),
            ("HTTPS_PROXY", f"http://user:{PASSWORD}@proxy.test:port"),
            ("HTTPS_PROXY", f"http://user:{PASSWORD}@proxy..test:3128"),
            ("HTTPS_PROXY", f"http://user:{PASSWORD}@[proxy:3128"),
            ("HTTPS_PROXY", f"http://user:{PASSWORD}@127.0.0.1:99999"),
            ("HTTPS_PROXY", f"user:{PASSWORD}@proxy..test:3128"),
        ],
    )
    def test_a_proxy_is_named_and_its_password_is_not(
        self, create: Callable[[], None], monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError, match=name) as caught:
            create()
        assert PASSWORD not in str(caught.value)

    def test_no_proxy_is_named(
        self, create: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
        monkeypatch.setenv("NO_PROXY", "[::1]")
        with pytest.raises(ConfigurationError, match="NO_PROXY"):
            create()

    def test_a_missing_package_for_socks_is_named(
        self, create: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", "socks5://proxy.test:1080")
        monkeypatch.setitem(sys.modules, "socksio", None)
        with pytest.raises(ConfigurationError, match=r"socksio is missing.*ALL_PROXY"):
            create()

    @pytest.mark.parametrize("name", ["SSL_CERT_FILE"])
    def test_a_missing_certificate_file_is_named(
        self, create: Callable[[], None], monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, "/nowhere/certificates.pem")
        with pytest.raises(ConfigurationError, match=f"No such file.*{name}"):
            create()

    def test_an_unreadable_certificate_file_is_named(
        self, create: Callable[[], None], monkeypatch: pytest.MonkeyPatch, unreadable: str
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", unreadable)
        with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
            create()

    def test_the_doctor_reports_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in SETTINGS.items():
            monkeypatch.setenv(f"QPAY_{name.upper()}", str(value))
        monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
        findings = {finding.name: finding for finding in diagnose_merchant()}
        assert findings["token"].is_ok is False
        assert "SSL_CERT_FILE" in findings["token"].message
        assert findings["clock"].is_ok is None


def test_a_host_that_cannot_be_written_is_refused_at_construction() -> None:
    host = "я" * 63
    with pytest.raises(ConfigurationError, match="QPAY_BASE_URL"):
        QPayClient(username="u", password="p", base_url=f"https://{host}.mn")


def test_another_httpx_than_the_one_that_is_supported_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "httpx_of_tomorrow.py").write_text('__version__ = "1.0.dev6"\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    with pytest.raises(ConfigurationError, match=r"httpx_of_tomorrow 1.0.dev6 is not supported"):
        Backend("httpx_of_tomorrow")
