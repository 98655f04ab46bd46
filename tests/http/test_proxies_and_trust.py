"""Proxies and certificates of the integrator's own, given in code or by the environment."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
import trustme

from helpers.blocking_server import BlockingServer, blocking_server
from helpers.proxy import Proxy, forward_proxy
from helpers.settings import SETTINGS, Settings, settings_at
from qpaykit import QPayClient, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from helpers.clients import Opener

PASSWORD = SETTINGS["password"]
NAME = "qpay.test"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def over_tls(authority: trustme.CA, name: str) -> Iterator[BlockingServer]:
    with blocking_server() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server


@pytest.fixture(scope="module")
def qpay(authority: trustme.CA) -> Iterator[BlockingServer]:
    """A QPay whose certificate the authority signed."""
    with over_tls(authority, "127.0.0.1") as server:
        yield server


@pytest.fixture(scope="module")
def plain_qpay() -> Iterator[BlockingServer]:
    """A QPay on loopback without TLS."""
    with blocking_server() as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with forward_proxy() as server:
        yield server


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def settings(server: BlockingServer, scheme: str = "https") -> Settings:
    server_settings = SETTINGS.copy()
    server_settings["base_url"] = f"{scheme}://127.0.0.1:{server.server_port}"
    return server_settings


def test_an_authority_that_is_given_in_code_is_trusted(
    qpay: BlockingServer, trusted: str, new_client: Opener
) -> None:
    verify = ssl.create_default_context(cafile=trusted)
    client = new_client(**settings(qpay), http={"verify": verify})
    assert client.invoices.get("i-1").invoice_id == "i-1"


def test_an_authority_of_ssl_cert_file_is_trusted(
    qpay: BlockingServer, trusted: str, new_client: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    assert new_client(**settings(qpay)).invoices.get("i-1").invoice_id == "i-1"


@pytest.mark.parametrize("name", ["127.0.0.1", "elsewhere.test"])
def test_a_certificate_of_another_authority_or_name_gets_no_password(
    trusted: str, new_client: Opener, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    signer = trustme.CA()
    if name != "127.0.0.1":
        signer.cert_pem.write_to_path(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    with over_tls(signer, name) as server:
        client = new_client(**settings(server), max_retries=0)
        with pytest.raises(TransportError, match="certificate verify failed") as caught:
            client.tokens.get()
        assert not caught.value.sent
        assert server.seen == []


def test_a_proxy_that_is_given_in_code_is_used(
    plain_qpay: BlockingServer, proxy: Proxy, new_client: Opener
) -> None:
    server_settings = settings(plain_qpay, "http")
    client = new_client(**server_settings, http={"proxy": proxy.url})
    assert client.invoices.get("i-1").invoice_id == "i-1"
    base = f"{server_settings['base_url']}/v2"
    assert proxy.seen == [("POST", f"{base}/auth/token"), ("GET", f"{base}/invoice/i-1")]


def test_a_proxy_sees_of_https_where_it_goes_and_no_more(
    qpay: BlockingServer, proxy: Proxy, trusted: str, new_client: Opener
) -> None:
    verify = ssl.create_default_context(cafile=trusted)
    client = new_client(**settings(qpay), http={"proxy": proxy.url, "verify": verify})
    assert client.invoices.get("i-1").invoice_id == "i-1"
    assert proxy.seen == [("CONNECT", f"127.0.0.1:{qpay.server_port}")]
    assert b"uthorization" not in proxy.bytes_seen


@pytest.fixture
def named_qpay(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A QPay whose name is not this machine's; the proxy finds it, too."""
    look_up = socket.getaddrinfo

    def here(host: Any, *rest: Any, **named: Any) -> Any:
        return look_up("127.0.0.1" if host in {NAME, NAME.encode()} else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    with over_tls(authority, NAME) as server:
        yield settings_at(f"https://{NAME}:{server.server_port}")


def test_a_proxy_of_the_environment_is_used(
    named_qpay: Settings,
    proxy: Proxy,
    trusted: str,
    new_client: Opener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    assert new_client(**named_qpay).invoices.get("i-1").invoice_id == "i-1"
    assert proxy.seen == [("CONNECT", urlsplit(named_qpay["base_url"]).netloc)]


def test_a_host_of_no_proxy_is_reached_directly(
    named_qpay: Settings,
    proxy: Proxy,
    trusted: str,
    new_client: Opener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", NAME)
    assert new_client(**named_qpay).invoices.get("i-1").invoice_id == "i-1"
    assert proxy.seen == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
@pytest.mark.parametrize("new_client", ["sync-httpx", "asyncio-httpx", "trio-httpx"], indirect=True)
def test_this_machine_is_reached_past_the_environments_proxies(
    plain_qpay: BlockingServer,
    proxy: Proxy,
    new_client: Opener,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
) -> None:
    # The password of http:// would lie open to whoever listens there.
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    server_settings = settings_at(f"http://{host}:{plain_qpay.server_port}")
    assert new_client(**server_settings).invoices.get("i-1").invoice_id == "i-1"
    assert proxy.seen == []
    assert proxy.bytes_seen == b""


def test_a_client_that_is_handed_in_keeps_its_proxies_for_this_machine(
    plain_qpay: BlockingServer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    server_settings = settings(plain_qpay, "http")
    with httpx.Client() as http, QPayClient(**server_settings, http_client=http) as client:
        client.invoices.get("i-1")
    assert len(proxy.seen) == 2


def test_a_proxy_that_refuses_means_that_nothing_was_sent(
    qpay: BlockingServer, proxy: Proxy, new_client: Opener
) -> None:
    proxy.refuses = True
    host = urlsplit(proxy.url).netloc
    client = new_client(
        **settings(qpay), http={"proxy": f"http://me:{PASSWORD}@{host}"}, max_retries=1
    )
    with pytest.raises(TransportError, match="407") as caught:
        client.invoices.create(amount=1, sender_invoice_no="1", invoice_description="x")
    assert not caught.value.sent
    assert len(proxy.seen) == 2
    assert PASSWORD not in f"{caught.value!r}{caught.value.__dict__}"
