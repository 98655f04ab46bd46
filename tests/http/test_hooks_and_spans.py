"""What integrators hang on the HTTP library: event hooks, and OpenTelemetry's instrumentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from helpers.scripted_server import Answer, plain
from helpers.settings import LIBRARIES
from qpaykit import TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from helpers.clients import Opener
    from helpers.scripted_server import ScriptedServer
    from helpers.settings import Settings

BUSY, GOOD = plain(503, {"error": "SYSTEM_BUSY"}), plain(200, {"payment_id": "p-1"})


def hooks(variant: str, **wanted: Any) -> dict[str, Any]:
    """Make event hooks that an `AsyncClient` awaits, where the variant has one."""

    def awaited(hook: Any) -> Any:
        async def wait(given: object) -> None:
            hook(given)

        return wait

    given = (
        wanted if variant.startswith("sync") else {on: awaited(one) for on, one in wanted.items()}
    )
    return {"event_hooks": {on: [one] for on, one in given.items()}}


@pytest.fixture
def variant(request: pytest.FixtureRequest) -> str:
    chosen: str = request.node.callspec.params["new_client"]
    return chosen


def test_event_hooks_see_each_attempt(
    scripted: ScriptedServer, server_settings: Settings, new_client: Opener, variant: str
) -> None:
    scripted.play([BUSY, GOOD])
    seen: list[tuple[str, object]] = []
    on_both = hooks(
        variant,
        request=lambda one: seen.append((f"{one.method} {one.url.path}", one.content)),
        response=lambda one: seen.append((one.request.url.path, one.status_code)),
    )
    client = new_client(**server_settings, http=on_both)
    assert client.payments.get("p-1").payment_id == "p-1"
    call = [("GET /v2/payment/p-1", b""), ("/v2/payment/p-1", 503)]
    again = [("GET /v2/payment/p-1", b""), ("/v2/payment/p-1", 200)]
    login = [("POST /v2/auth/token", b""), ("/v2/auth/token", 200)]
    assert seen == [*login, *call, *again]


def test_a_request_hook_sees_the_body_and_may_add_headers(
    scripted: ScriptedServer, server_settings: Settings, new_client: Opener, variant: str
) -> None:
    scripted.play([plain(200, {"count": 0, "rows": []})])
    bodies: list[bytes] = []

    def look(request: Any) -> None:
        request.headers["x-trace"] = "7"
        bodies.append(request.content)

    client = new_client(**server_settings, http=hooks(variant, request=look))
    client.payments.check("i-1")
    assert b'"object_id":"i-1"' in bodies[-1]
    assert ["x-trace: 7" in one.head.lower() for one in scripted.arrivals] == [True, True]


def test_what_a_hook_raises_reaches_the_caller(
    scripted: ScriptedServer, server_settings: Settings, new_client: Opener, variant: str
) -> None:
    def fail(request: object) -> None:
        raise RuntimeError("the shop's own fault")

    client = new_client(**server_settings, http=hooks(variant, request=fail))
    with pytest.raises(RuntimeError, match="the shop's own fault"):
        client.payments.get("p-1")
    assert scripted.arrivals == []


class Telemetry:
    """An SDK whose spans stay in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def spans(self) -> list[ReadableSpan]:
        """The spans that ended, first to last."""
        return list(self.exporter.get_finished_spans())

    def said(self) -> list[tuple[str, str, object]]:
        return [
            (one.name, str(attributes["http.url"]), attributes["http.status_code"])
            for one in self.spans()
            if (attributes := one.attributes or {})
        ]


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Both libraries, instrumented before a client opens connections."""
    told = Telemetry()
    known = {"httpx": HTTPXClientInstrumentor, "httpx2": HTTPX2ClientInstrumentor}
    instrumentors = [known[library]() for library in LIBRARIES]
    for one in instrumentors:
        one.instrument(tracer_provider=told.provider)
    yield told
    for one in instrumentors:
        one.uninstrument()


def test_each_attempt_is_a_span_below_the_shops_own(
    scripted: ScriptedServer, server_settings: Settings, telemetry: Telemetry, new_client: Opener
) -> None:
    scripted.play([BUSY, GOOD])
    client = new_client(**server_settings)
    with telemetry.provider.get_tracer("shop").start_as_current_span("order 42") as order:
        client.payments.get("p-1")
    base = f"{server_settings['base_url']}/v2"
    login, first, second, _ = telemetry.spans()
    assert telemetry.said()[:3] == [
        ("POST", f"{base}/auth/token", 200),
        ("GET", f"{base}/payment/p-1", 503),
        ("GET", f"{base}/payment/p-1", 200),
    ]
    for one in (login, first, second):
        assert one.parent is not None
        assert one.parent.span_id == order.get_span_context().span_id
    assert [one.status.status_code for one in (first, second)] == [
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]


def test_a_span_holds_no_secret(
    scripted: ScriptedServer, server_settings: Settings, telemetry: Telemetry, new_client: Opener
) -> None:
    scripted.play([Answer(0, (), "reset")])
    with pytest.raises(TransportError):
        new_client(**server_settings, max_retries=0).payments.get("p-1")
    told = "".join(one.to_json() for one in telemetry.spans())
    assert told.count('"name"') >= 2
    assert "uthorization" not in told
    assert server_settings["password"] not in told
    assert "access-1" not in told
