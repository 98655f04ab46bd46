"""Every call of a client, with arguments that pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helpers.quickqr import ACCOUNT, COMPANY, PERSON
from qpaykit import AsyncQPayClient, QPayClient
from qpaykit.quickqr import AsyncQuickQRClient, QuickQRClient

_DATES: dict[str, Any] = {"start_date": "2026-01-01", "end_date": "2026-01-31"}


@dataclass(frozen=True)
class Call:
    """A method of the client, by its dotted name.

    Attributes:
        name: Such as "invoices.create".
        arguments: What it is called with.
        unsafe: Method and path of the request that must not be sent twice blindly.
        look: The path that is looked at before it is sent again, where there is one.
        quickqr: Whether it is a call of Quick QR's client.
    """

    name: str
    arguments: tuple[tuple[object, ...], dict[str, object]]
    unsafe: tuple[str, str] | None = None
    look: str | None = None
    quickqr: bool = False

    def __str__(self) -> str:
        return f"quickqr.{self.name}" if self.quickqr else self.name

    def run(self, client: QPayClient | QuickQRClient) -> object:
        return self._find(client)()

    async def arun(self, client: AsyncQPayClient | AsyncQuickQRClient) -> object:
        found = self._find(client)()
        if self.name.endswith("iterate"):
            return [row async for row in found]
        return await found

    def _find(self, client: object) -> Callable[[], Any]:
        group, method = self.name.split(".")
        positional, named = self.arguments
        bound = getattr(getattr(client, group), method)
        if self.name.endswith("iterate") and isinstance(client, (QPayClient, QuickQRClient)):
            return lambda: list(bound(*positional, **named))
        return lambda: bound(*positional, **named)


def _call(
    called: str,
    /,
    *positional: object,
    unsafe: tuple[str, str] | None = None,
    look: str | None = None,
    quickqr: bool = False,
    **named: object,
) -> Call:
    return Call(called, (positional, named), unsafe, look, quickqr)


def _quick(
    called: str,
    /,
    *positional: object,
    unsafe: tuple[str, str] | None = None,
    look: str | None = None,
    **named: object,
) -> Call:
    return _call(called, *positional, unsafe=unsafe, look=look, quickqr=True, **named)


CALLS = [
    _call(
        "invoices.create",
        amount=1500,
        sender_invoice_no="42",
        invoice_description="Tea",
        unsafe=("POST", "/invoice"),
    ),
    _call("invoices.get", "i-1"),
    _call("invoices.cancel", "i-1", unsafe=("DELETE", "/invoice/i-1"), look="/invoice/i-1"),
    _call("payments.get", "p-1"),
    _call("payments.check", "i-1"),
    _call("payments.list", **_DATES),
    _call("payments.iterate", **_DATES),
    _call("payments.wait", "i-1", amount=1500, timeout=0.05, interval=0.01),
    _call(
        "payments.cancel",
        "p-1",
        note="n",
        unsafe=("DELETE", "/payment/cancel/p-1"),
        look="/payment/p-1",
    ),
    _call(
        "payments.refund",
        "p-1",
        note="n",
        unsafe=("DELETE", "/payment/refund/p-1"),
        look="/payment/p-1",
    ),
    _call("ebarimt.create", "p-1", unsafe=("POST", "/ebarimt_v3/create")),
    _call("ebarimt.get", "e-1"),
    _call("ebarimt.cancel", "p-1", note="n", unsafe=("DELETE", "/ebarimt_v3/p-1")),
    _call("subscriptions.get", "s-1"),
    _call(
        "subscriptions.cancel",
        "s-1",
        unsafe=("DELETE", "/subscription/s-1"),
        look="/subscription/s-1",
    ),
    _call("tokens.get"),
    _quick(
        "invoices.create",
        merchant_id="m-1",
        amount=1500,
        order="42",
        description="Tea",
        bank_accounts=[ACCOUNT],
        unsafe=("POST", "/invoice"),
    ),
    _quick("invoices.get", "i-1"),
    _quick("invoices.cancel", "i-1", unsafe=("DELETE", "/invoice/i-1"), look="/invoice/i-1"),
    _quick("payments.check", "i-1"),
    _quick("payments.wait", "i-1", amount=1500, timeout=0.05, interval=0.01),
    _quick("merchants.create_company", unsafe=("POST", "/merchant/company"), **COMPANY),
    _quick("merchants.ensure_company", unsafe=("POST", "/merchant/company"), **COMPANY),
    _quick("merchants.ensure_person", unsafe=("POST", "/merchant/person"), **PERSON),
    _quick("merchants.update_person", "m-1", **PERSON),
    _quick("merchants.get", "m-1"),
    _quick("merchants.delete", "m-1", unsafe=("DELETE", "/merchant/m-1"), look="/merchant/m-1"),
    _quick("merchants.list"),
    _quick("merchants.iterate"),
    _quick("places.cities"),
    _quick("places.districts", "11000"),
    _quick("tokens.get"),
]

UNSAFE = [call for call in CALLS if call.unsafe is not None]
