"""The simulator's ASGI application: routing, recording of requests, and faults."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from qpaykit.simulator import fault_responses
from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.hosts import refusal
from qpaykit.simulator.http_responses import SESSION_COOKIE, json_response, not_found
from qpaykit.simulator.odd_answers import with_page_one_again
from qpaykit.simulator.request_log import RecordedRequest, RequestLog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import JsonValue
    from starlette.types import Message, Receive, Scope, Send

    from qpaykit.simulator.faults import Fault, Faults
    from qpaykit.simulator.panel import Panel

    AnswerRequest = Callable[[str, str, Mapping[str, str], dict[str, JsonValue]], JsonValue]


class QPayApp:
    """An ASGI application that answers as QPay does.

    Args:
        products: The path prefix of each product, and the function that answers its requests.
        request_log: Where requests are recorded.
        faults: The faults to apply.
        panel: The page, for all other paths.
        accepts_host: Whether a Host header is one of the simulator's.
    """

    def __init__(
        self,
        products: Mapping[str, AnswerRequest],
        request_log: RequestLog,
        faults: Faults,
        panel: Panel,
        accepts_host: Callable[[str], bool],
    ) -> None:
        self._products = products
        self._request_log = request_log
        self._faults = faults
        self._panel = panel
        self._accepts_host = accepts_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        host = request.headers.get("host", "")
        path = scope["raw_path"].decode("latin-1")
        if not self._accepts_host(host):
            await PlainTextResponse(refusal(host), 421)(scope, receive, send)
        elif self._product(path) is not None:
            recorded = RecordedRequest(
                request.method,
                path,
                request.url.query,
                dict(request.headers),
                await request.body(),
            )
            self._request_log.add(recorded)
            await self._record_answer(recorded, scope, receive, send)
        else:
            await (await self._panel.answer(request))(scope, receive, send)

    def _product(self, path: str) -> str | None:
        return next((one for one in self._products if path.startswith(f"{one}/")), None)

    async def _record_answer(
        self, recorded: RecordedRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        started = time.monotonic()

        async def recording(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._request_log.answered(recorded, message["status"], time.monotonic() - started)
            await send(message)

        fault = self._faults.take(recorded.method, recorded.path)
        if fault is None:
            await self._answer(recorded)(scope, receive, recording)
        else:
            await self._answer_with(fault, recorded, scope, receive, recording)

    async def _answer_with(
        self, fault: Fault, recorded: RecordedRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        kind = fault.kind
        if kind == "reset-before":
            return fault_responses.reset(scope)
        if kind == "hang":
            return await anyio.sleep(fault_responses.HANG_SECONDS)
        if kind == "slow":
            default = fault_responses.DEFAULT_SLOW_SECONDS
            await anyio.sleep(default if fault.delay is None else fault.delay)
        response = fault_responses.error_response(fault)
        if response is None or kind.endswith("-after"):
            done = self._answer(recorded, page_one=kind == "rows-again")
            response = response or done
        if kind == "reset-after":
            return fault_responses.reset(scope)
        if kind == "cut-off":
            return await fault_responses.cut_off(response, scope, send)
        if kind == "drip":
            default = fault_responses.DEFAULT_DRIP_SECONDS
            pause = default if fault.delay is None else fault.delay
            return await fault_responses.drip(response, send, pause)
        return await fault_responses.corrupted(response, kind)(scope, receive, send)

    def _answer(self, recorded: RecordedRequest, *, page_one: bool = False) -> Response:
        try:
            content = json.loads(recorded.body) if recorded.body.strip() else {}
        except ValueError:
            return json_response(
                {"error": "BAD_REQUEST", "message": "Unexpected token in JSON"}, 400
            )
        if not isinstance(content, dict):
            content = {}
        prefix = self._product(recorded.path) or ""
        try:
            found = self._products[prefix](
                recorded.method,
                recorded.path.removeprefix(prefix),
                recorded.headers,
                with_page_one_again(content) if page_one else content,
            )
        except ErrorResponse as error:
            return json_response(error.content, error.status)
        except LookupError:
            return not_found(recorded.method, recorded.path)
        new_session = SESSION_COOKIE not in recorded.headers.get("cookie", "")
        return json_response(found, new_session=new_session)
