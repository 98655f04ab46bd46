"""Callback endpoints in frameworks and on servers: GET and POST, bounded bodies, no redirect."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import fastapi
import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from helpers.settings import SETTINGS
from qpaykit import (
    AsyncCallbackDispatcher,
    AsyncQPayClient,
    CallbackDispatcher,
    ConfigurationError,
    PaymentEvent,
    QPayClient,
)
from qpaykit.integrations import asgi, wsgi
from qpaykit.integrations import fastapi as qpay_fastapi
from qpaykit.integrations import flask as qpay_flask
from qpaykit.integrations import starlette as qpay_starlette

PATH = "/qpay/callback"
PAID = {"payment_id": "p-1", "payment_status": "PAID", "sender_invoice_no": "42"}
TOO_LARGE = 256 * 1024 + 1
BODY = b'{"payment_id": "p-1", "payment_status": "PAID", "sender_invoice_no": "42"}'


class Shop:
    """Two dispatchers that believe what a body says, and what they delivered."""

    def __init__(self) -> None:
        self.delivered: list[str] = []
        self.threads: list[int] = []
        self.sync = CallbackDispatcher(verify=False)
        self.awaited = AsyncCallbackDispatcher(verify=False)
        self.sync.on_paid(self._deliver)
        self.awaited.on_paid(self._adeliver)

    def _deliver(self, event: PaymentEvent) -> None:
        self.delivered.append(event.order_no)
        self.threads.append(threading.get_ident())

    async def _adeliver(self, event: PaymentEvent) -> None:
        self._deliver(event)


def _asgi(dispatcher: Any) -> Any:
    return TestClient(asgi.callback_app(dispatcher), follow_redirects=False)


def _starlette(dispatcher: Any) -> Any:
    app = Starlette(routes=[Route("/orders", orders)])
    app.router.routes.append(qpay_starlette.callback_route(dispatcher, PATH))
    return TestClient(app, follow_redirects=False)


def _mounted(dispatcher: Any) -> Any:
    route = qpay_starlette.callback_route(dispatcher, "/callback/")
    app = Starlette(routes=[Mount("/qpay", routes=[route])])
    return TestClient(app, follow_redirects=False)


def _fastapi(dispatcher: Any) -> Any:
    app = fastapi.FastAPI()
    app.include_router(qpay_fastapi.router(dispatcher, path=PATH))
    return TestClient(app, follow_redirects=False)


def _wsgi(dispatcher: Any) -> Any:
    transport = httpx.WSGITransport(wsgi.callback_app(dispatcher))
    return httpx.Client(transport=transport, base_url="http://shop.test")


def _flask(dispatcher: Any) -> Any:
    app = flask.Flask("shop")
    app.register_blueprint(qpay_flask.blueprint(dispatcher, path=PATH))
    return httpx.Client(transport=httpx.WSGITransport(app), base_url="http://shop.test")


ASGI = {"asgi": _asgi, "starlette": _starlette, "mounted": _mounted, "fastapi": _fastapi}
WSGI = {"wsgi": _wsgi, "flask": _flask}


async def orders(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("the shop's own")


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture(
    params=[
        *((one, face) for one in ASGI for face in ("sync", "awaited")),
        *((one, "sync") for one in WSGI),
    ],
    ids=lambda param: "-".join(param),
)
def qpay(request: pytest.FixtureRequest, shop: Shop) -> Iterator[Any]:
    """QPay, which calls the shop."""
    framework, face = request.param
    make: Callable[[Any], Any] = {**ASGI, **WSGI}[framework]
    with make(getattr(shop, face)) as client:
        yield client


def test_a_callback_is_delivered_and_answered_with_success(qpay: Any, shop: Shop) -> None:
    answer = qpay.post(f"{PATH}?order=42", json=PAID)
    assert (answer.status_code, answer.text) == (200, "SUCCESS")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert shop.delivered == ["42"]


@pytest.mark.parametrize("body", [b"", b"payment_id=p-9&payment_status=PAID"])
def test_what_cannot_be_believed_is_refused(qpay: Any, shop: Shop, body: bytes) -> None:
    # Without a client to ask QPay with, a GET says nothing that can be believed.
    answer = qpay.request("GET", PATH, params={"qpay_payment_id": "p-1"}, content=body)
    assert (answer.status_code, answer.text) == (400, "unreadable")
    assert shop.delivered == []


def test_a_get_without_anything_is_a_probe(qpay: Any) -> None:
    answer = qpay.get(PATH)
    assert (answer.status_code, answer.text) == (200, "SUCCESS")


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_callback_is_never_redirected(qpay: Any, path: str, method: str) -> None:
    assert qpay.request(method, path, params={"qpay_payment_id": "p-1"}).status_code == 400


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_not_allowed(qpay: Any, shop: Shop, method: str) -> None:
    answer = qpay.request(method, PATH, json=PAID)
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))
    assert shop.delivered == []


def test_a_body_that_is_too_large_is_refused(qpay: Any, shop: Shop) -> None:
    assert qpay.post(PATH, content=BODY.ljust(TOO_LARGE)).status_code == 413
    assert shop.delivered == []
    assert qpay.post(PATH, content=BODY.ljust(TOO_LARGE - 1)).status_code == 200
    assert shop.delivered == ["42"]


def test_a_sync_dispatcher_does_not_hold_up_the_event_loop(shop: Shop) -> None:
    loops: list[int] = []

    async def send(message: Any) -> None:
        loops.append(threading.get_ident())

    asyncio.run(call(asgi.callback_app(shop.sync), [{"type": "http.request", "body": BODY}], send))
    assert shop.threads
    assert set(shop.threads).isdisjoint(loops)


async def call(
    app: asgi.CallbackApp,
    messages: list[dict[str, object]],
    send: Callable[[Any], Any],
    **scope: object,
) -> None:
    left = iter(messages)

    async def receive() -> dict[str, object]:
        return next(left)

    post = {"type": "http", "method": "POST", "query_string": b"", "headers": [], **scope}
    await app(post, receive, send)


def test_a_body_is_not_read_beyond_its_limit(shop: Shop) -> None:
    sent: list[Any] = []
    part = {"type": "http.request", "body": b" " * 100_000, "more_body": True}
    messages: list[dict[str, object]] = [part] * 3

    async def send(message: Any) -> None:
        sent.append(message)

    # A fourth part would fail: there is none.
    asyncio.run(call(asgi.callback_app(shop.awaited), messages, send))
    assert sent[0]["status"] == 413
    sent.clear()
    for length in (str(TOO_LARGE), "9" * 5000):
        announced = [(b"content-length", length.encode())]
        asyncio.run(call(asgi.callback_app(shop.awaited), [], send, headers=announced))
        assert sent.pop(0)["status"] == 413
        sent.clear()


def wsgi_post(app: Any, stream: BytesIO, **environ: object) -> str:
    """Send a body of a server's; return the status of the answer."""
    statuses: list[str] = []
    post = {"REQUEST_METHOD": "POST", "QUERY_STRING": "", "wsgi.input": stream, **environ}
    app(post, lambda status, _headers: statuses.append(status))
    return statuses[0][:3]


def test_a_wsgi_body_is_not_read_beyond_its_limit(shop: Shop) -> None:
    app, stream = wsgi.callback_app(shop.sync), BytesIO(b" " * 3 * TOO_LARGE)
    assert wsgi_post(app, stream, CONTENT_LENGTH=str(TOO_LARGE)) == "413"
    assert wsgi_post(app, stream, CONTENT_LENGTH="9" * 5000) == "413"
    assert stream.tell() == 0
    assert wsgi_post(app, stream, **{"wsgi.input_terminated": True}) == "413"
    assert stream.tell() == TOO_LARGE
    assert wsgi_post(app, stream) == "200"
    assert stream.tell() == TOO_LARGE


@pytest.mark.parametrize("length", ["", "\N{SUPERSCRIPT TWO}", "-1", "many"])
def test_a_wsgi_body_without_an_end_is_refused(shop: Shop, length: str) -> None:
    # Taken for an empty one it would be answered with SUCCESS, and QPay would not call again.
    app, stream = wsgi.callback_app(shop.sync), BytesIO(BODY)
    chunked = {"CONTENT_LENGTH": length, "HTTP_TRANSFER_ENCODING": "chunked"}
    assert wsgi_post(app, stream, **chunked) == "411"
    assert shop.delivered == []
    assert wsgi_post(app, stream, **chunked, **{"wsgi.input_terminated": True}) == "200"
    assert shop.delivered == ["42"]


def test_flask_delivers_a_body_that_the_application_has_read_before(shop: Shop) -> None:
    app = flask.Flask("shop")
    app.register_blueprint(qpay_flask.blueprint(shop.sync, path=PATH))
    app.before_request(lambda: print(flask.request.get_data()))
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://shop.test") as qpay:
        assert qpay.post(PATH, json=PAID).text == "SUCCESS"
    assert shop.delivered == ["42"]


def test_a_caller_who_has_gone_is_not_answered(shop: Shop) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    gone: list[dict[str, object]] = [{"type": "http.disconnect"}]
    asyncio.run(call(asgi.callback_app(shop.awaited), gone, send))
    assert sent == []


def test_the_shops_own_routes_are_beside_the_callback(shop: Shop) -> None:
    with _starlette(shop.awaited) as browser:
        assert browser.get("/orders").text == "the shop's own"
        assert browser.get("/elsewhere").status_code == 404


def test_fastapi_shows_the_callback_in_its_page(shop: Shop) -> None:
    with _fastapi(shop.awaited) as browser:
        [path] = browser.get("/openapi.json").json()["paths"].items()
    assert path[0] == PATH
    assert list(path[1]) == ["get"]
    assert path[1]["get"]["parameters"][0]["name"] == "qpay_payment_id"
    assert {"200", "400", "403", "409", "500", "503"} == set(path[1]["get"]["responses"])


def test_fastapi_cannot_return_a_reply_as_json(shop: Shop) -> None:
    app = fastapi.FastAPI()

    @app.get("/callback")
    async def callback() -> Any:
        return await shop.awaited.handle(query="qpay_payment_id=p-1")

    with TestClient(app, raise_server_exceptions=False) as browser:
        assert browser.get("/callback").status_code == 500


async def get(client: AsyncQPayClient, invoice_id: str) -> object:
    return await client.invoices.get(invoice_id)


@pytest.mark.parametrize("kind", [QPayClient, AsyncQPayClient])
def test_a_client_closes_with_its_application(kind: Any) -> None:
    client = kind(**SETTINGS)
    app = Starlette(lifespan=qpay_starlette.lifespan(client))
    with TestClient(app):
        pass
    ask = client.invoices.get if kind is QPayClient else lambda it: asyncio.run(get(client, it))
    with pytest.raises(ConfigurationError, match="this client is closed"):
        ask("1")


def test_a_route_of_fastapi_depends_on_the_client() -> None:
    client = AsyncQPayClient(**SETTINGS)
    app = fastapi.FastAPI(lifespan=qpay_fastapi.lifespan(client))
    seen: list[AsyncQPayClient] = []

    @app.get("/order")
    async def order(qpay: qpay_fastapi.Client) -> str:
        seen.append(qpay)
        return "made"

    with TestClient(app) as browser:
        assert browser.get("/order").json() == "made"
    assert seen == [client]


def test_a_dependency_without_a_client_is_named() -> None:
    app = fastapi.FastAPI()

    @app.get("/order")
    async def order(qpay: qpay_fastapi.Client) -> None: ...

    with TestClient(app) as browser, pytest.raises(ConfigurationError, match="lifespan"):
        browser.get("/order")


@pytest.mark.parametrize("make", [wsgi.callback_app, qpay_flask.blueprint])
def test_wsgi_refuses_what_must_be_awaited(make: Any, shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="CallbackDispatcher with QPayClient"):
        make(shop.awaited)


@pytest.mark.parametrize("make", [asgi.callback_app, wsgi.callback_app])
def test_what_is_no_dispatcher_is_refused(make: Any) -> None:
    with pytest.raises(ConfigurationError, match="not QPayClient"):
        make(QPayClient(**SETTINGS))


def test_two_callback_urls_of_one_flask_have_names_of_their_own(shop: Shop) -> None:
    app = flask.Flask("shop")
    app.register_blueprint(qpay_flask.blueprint(shop.sync, path="/new"))
    app.register_blueprint(qpay_flask.blueprint(shop.sync, path="/old", name="old"))
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://shop.test") as qpay:
        assert [qpay.get(path).status_code for path in ("/new", "/old")] == [200, 200]
