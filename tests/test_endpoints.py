"""How the description of an endpoint becomes a method of both clients."""

from __future__ import annotations

import inspect
import typing
from collections.abc import AsyncIterator, Iterator
from string import Template
from typing import Any

import anyio
import pytest
import respx

from helpers.settings import SETTINGS
from qpaykit import AsyncQPayClient, Invoice, Payment, QPayClient
from qpaykit.models import PaymentListRow, PaymentPage
from qpaykit.operation import Operation
from qpaykit.resources._endpoint import AsyncResource, Resource, SyncResource, endpoint, paginated
from qpaykit.resources._lazy_resource import forget_resources, lazy_resource
from qpaykit.resources._paginator import Pages
from qpaykit.resources._parsing import created_parser, lenient_parser, parser
from qpaykit.resources.invoices import Invoices


def test_an_endpoint_is_described_once_for_both_clients(qpay: respx.MockRouter) -> None:
    class Described(Resource):
        _root = "payment"

        @endpoint
        def get(self, payment_id: str, *, part: str = "") -> Operation[Payment]:
            """Fetch a payment."""
            path = f"/{self._root}/{payment_id}/{part}"
            return Operation(name="get", method="GET", path=path, parse=parser(Payment))

    class Sync(Described, SyncResource):
        pass

    class Awaited(Described, AsyncResource):
        pass

    for kind in (Sync, Awaited):
        method: Any = kind.get
        assert (method.__name__, method.__doc__) == ("get", "Fetch a payment.")
        assert method.__qualname__ == f"{kind.__qualname__}.get"
        assert method.__module__ == __name__
        signature = "(self, payment_id: 'str', *, part: 'str' = '') -> 'Payment'"
        assert str(inspect.signature(method)) == signature
        hints = {"payment_id": str, "part": str, "return": Payment}
        assert typing.get_type_hints(method) == hints

    qpay.get("/payment/p-1/rows").respond(json={"payment_id": "p-1"})
    client, other = QPayClient(**SETTINGS), AsyncQPayClient(**SETTINGS)
    assert Sync(client._session).get("p-1", part="rows").payment_id == "p-1"

    async def main() -> str | None:
        async with other:
            awaited = Awaited(other._session)
            return (await awaited.get("p-1", part="rows")).payment_id

    assert anyio.run(main) == "p-1"


def test_a_list_is_described_once_for_both_clients(qpay: respx.MockRouter) -> None:
    class Described(Resource):
        _root = "payments"

        @paginated
        def each(self, branch: str, *, limit: int = 2) -> Pages[PaymentListRow]:
            """Go through the payments of a branch."""

            def page(number: int) -> Operation[PaymentPage]:
                path = f"/{self._root}/{branch}/{number}"
                return Operation(name="each", method="GET", path=path, parse=parser(PaymentPage))

            return Pages(page, limit)

    class Sync(Described, SyncResource):
        pass

    class Awaited(Described, AsyncResource):
        pass

    for kind, iterator in ((Sync, Iterator), (Awaited, AsyncIterator)):
        method: Any = kind.each
        assert (method.__name__, method.__doc__) == ("each", "Go through the payments of a branch.")
        assert method.__qualname__ == f"{kind.__qualname__}.each"
        hints = typing.get_type_hints(method)
        assert hints == {"branch": str, "limit": int, "return": iterator[PaymentListRow]}

    qpay.get("/payments/B1/1").respond(
        json={"count": 3, "rows": [{"payment_id": "1"}, {"payment_id": "2"}]}
    )
    qpay.get("/payments/B1/2").respond(json={"count": 3, "rows": [{"payment_id": "3"}]})
    client, other = QPayClient(**SETTINGS), AsyncQPayClient(**SETTINGS)
    found = Sync(client._session).each("B1", limit=2)
    assert isinstance(found, Iterator)
    assert [row.payment_id for row in found] == ["1", "2", "3"]

    async def main() -> list[str]:
        async with other:
            awaited = Awaited(other._session)
            return [row.payment_id async for row in awaited.each("B1", limit=2)]

    assert anyio.run(main) == ["1", "2", "3"]


def test_a_list_that_is_given_up_asks_for_no_further_page(qpay: respx.MockRouter) -> None:
    rows = [{"payment_id": "1"}, {"payment_id": "2"}]
    route = qpay.post("/payment/list").respond(json={"count": 4, "rows": rows})
    with QPayClient(**SETTINGS) as client:
        found = client.payments.iterate(page_limit=2)
        assert not route.called
        assert next(found).payment_id == "1"
    assert route.call_count == 1


def test_a_group_of_methods_lists_them() -> None:
    with QPayClient(**SETTINGS) as client:
        assert repr(client.invoices).startswith("<Invoices: cancel, create, get")


def test_a_subclass_may_have_a_method_of_its_own() -> None:
    class Mine(Invoices):
        def get(self, invoice_id: str) -> Any:
            return f"my own {invoice_id}"

    client = QPayClient(**SETTINGS)
    mine = Mine(client._session, client.settings, client._async_store)
    assert mine.get("i-1") == "my own i-1"


class TestAGroupOfEndpoints:
    """`lazy_resource` makes it when it is first used."""

    class Client:
        """Has the group `texts`."""

        @lazy_resource("string")
        def texts(self, kind: type[Template]) -> Template:
            """Texts of a client."""
            return kind("any")

    def test_is_made_once(self) -> None:
        client = self.Client()
        assert client.texts is client.texts
        assert client.texts.template == "any"
        assert self.Client().texts is not client.texts

    def test_is_made_anew_when_it_was_forgotten(self) -> None:
        client = self.Client()
        first = client.texts
        forget_resources(client)
        assert client.texts is not first

    def test_is_its_class_in_the_class_of_clients(self) -> None:
        assert self.Client.texts is Template
        assert vars(self.Client)["texts"].__doc__ == "Texts of a client."


class TestAnAnswer:
    """What a parser makes of a body with the status of a success."""

    def test_that_is_an_error_is_refused(self) -> None:
        with pytest.raises(ValueError, match="it is an error"):
            parser(Payment)(b'{"error": "PAYMENT_NOTFOUND"}')

    def test_is_read_without_the_fields_that_cannot_be_read(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        made = lenient_parser(Invoice)(b'{"invoice_id": "i-1", "urls": "none today"}')
        assert (made.invoice_id, made.urls) == ("i-1", [])
        assert "fields of Invoice that cannot be read: urls" in caplog.text

    def test_that_names_no_id_is_refused(self) -> None:
        parse = created_parser(lenient_parser(Invoice), "invoice_id")
        assert parse(b'{"invoice_id": "i-1"}').invoice_id == "i-1"
        with pytest.raises(ValueError, match="it names no invoice_id"):
            parse(b'{"qr_text": "0002"}')
