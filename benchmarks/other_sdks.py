"""Other SDKs for QPay, where they are installed: the same calls, on the loopback server only."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

from benchmarks.samples import INVOICE_ID, PAYMENT_ID

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import ModuleType

T = TypeVar("T", covariant=True)

OTHER_SDKS = ("qpay-client", "qpay-py")
_MODULES = {"qpay-client": "qpay_client.v2", "qpay-py": "qpay"}
_INVOICE = {
    "invoice_code": "TEST_INVOICE",
    "sender_invoice_no": "1234567",
    "invoice_receiver_code": "terminal",
    "invoice_description": "test",
    "amount": 100,
    "callback_url": "https://example.mn/payments?order=1234567",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """Another SDK's client; its calls have the names that `samples` gives them."""

    calls: dict[str, Callable[[], object]]
    close: Callable[[], object]


@dataclass(frozen=True, slots=True)
class AsyncPeer:
    """Another SDK's async client."""

    calls: dict[str, Callable[[], Awaitable[object]]]
    aclose: Callable[[], Awaitable[object]]


def version(name: str) -> str | None:
    """Give the installed version of a distribution, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def peer(name: str, url: str) -> Peer | None:
    """Set up a peer's sync client on a loopback URL; None where it is not installed."""
    module = _module(name, url)
    if module is None:
        return None
    if name == "qpay-client":
        client = module.QPayClient(_settings(module, url))
        client.authenticate()
        return Peer(_calls_of_qpay_client(client), client.close)
    client = module.QPayClient(_config(module, url))
    client.get_token()
    return Peer(_calls_of_qpay_py(module, client), client.close)


async def async_peer(name: str, url: str) -> AsyncPeer | None:
    """Set up a peer's async client on a loopback URL; None where it is not installed."""
    module = _module(name, url)
    if module is None:
        return None
    if name == "qpay-client":
        client = module.AsyncQPayClient(_settings(module, url))
        await client.authenticate()
        return AsyncPeer(_calls_of_qpay_client(client), client.close)
    client = module.AsyncQPayClient(_config(module, url))
    await client.get_token()
    return AsyncPeer(_calls_of_qpay_py(module, client), client.close)


def _module(name: str, url: str) -> ModuleType | None:
    if urlsplit(url).hostname != "127.0.0.1":
        raise ValueError("a peer must never reach a real QPay")
    return importlib.import_module(_MODULES[name]) if version(name) else None


def _settings(sdk: ModuleType, url: str) -> object:
    settings: object = sdk.QPaySettings(
        username="bench", password="bench", invoice_code="TEST_INVOICE", base_url=f"{url}/v2"
    )
    return settings


def _config(sdk: ModuleType, url: str) -> object:
    config: object = sdk.QPayConfig(
        base_url=url,
        username="bench",
        password="bench",
        invoice_code="TEST_INVOICE",
        callback_url="https://example.mn/payments",
    )
    return config


class _QPayClient(Protocol[T]):
    def payment_check(self, request: object) -> T: ...
    def invoice_create(self, request: object) -> T: ...
    def payment_get(self, payment_id: str) -> T: ...


def _calls_of_qpay_client(client: _QPayClient[T]) -> dict[str, Callable[[], T]]:
    schemas = importlib.import_module("qpay_client.v2.schemas")
    offset = schemas.Offset
    check, create = schemas.PaymentCheckRequest, schemas.InvoiceCreateSimpleRequest
    return {
        "check": lambda: client.payment_check(
            check(
                object_type="INVOICE",
                object_id=INVOICE_ID,
                offset=offset(page_number=1, page_limit=100),
            )
        ),
        "create": lambda: client.invoice_create(create(**_INVOICE)),
        "get": lambda: client.payment_get(PAYMENT_ID),
    }


class _QPayPy(Protocol[T]):
    def check_payment(self, request: object) -> T: ...
    def create_simple_invoice(self, request: object) -> T: ...
    def get_payment(self, payment_id: str) -> T: ...


def _calls_of_qpay_py(sdk: ModuleType, client: _QPayPy[T]) -> dict[str, Callable[[], T]]:
    return {
        "check": lambda: client.check_payment(
            sdk.PaymentCheckRequest(
                object_type="INVOICE",
                object_id=INVOICE_ID,
                offset=sdk.Offset(page_number=1, page_limit=100),
            )
        ),
        "create": lambda: client.create_simple_invoice(sdk.CreateSimpleInvoiceRequest(**_INVOICE)),
        "get": lambda: client.get_payment(PAYMENT_ID),
    }
