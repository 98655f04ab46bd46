"""Callbacks: read by `parse_callback`, and taken to a handler by `dispatcher.handle`."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx
from pydantic import TypeAdapter

from benchmarks.clients import ACCOUNT
from benchmarks.figures import Bound, Figure
from benchmarks.mocked import URL
from benchmarks.samples import GET, PAYMENT_ID, sample, token_answer
from benchmarks.timing import interleaved, often, ratio, summed
from qpaykit import (
    CallbackDispatcher,
    CallbackPayment,
    MemoryStore,
    PaymentEvent,
    QPayClient,
    parse_callback,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan

QUERY = "payment_id=12345678&qpay_payment_id=593744473409193"
BODY = sample("callback-post.json")
_OWN_QUERY = "order=42"
_SMALL = json.dumps(dict(parse_qsl(QUERY))).encode()
_BATCHES = 10


def parsing(plan: Plan) -> Iterator[Figure]:
    """Time `parse_callback` against its two parts, each doing its work alone."""
    calls = plan.calls * _BATCHES
    payment = TypeAdapter(CallbackPayment)
    form = dict(parse_qsl(QUERY))
    spent = interleaved(
        {
            "get": often(calls, lambda: parse_callback(query=QUERY)),
            "get query": often(calls, lambda: parse_qsl(QUERY, keep_blank_values=True)),
            "get json": often(calls, lambda: payment.validate_json(_SMALL)),
            "get python": often(calls, lambda: payment.validate_python(form)),
            "json": often(calls, lambda: parse_callback(query=_OWN_QUERY, body=BODY)),
            "json query": often(calls, lambda: parse_qsl(_OWN_QUERY, keep_blank_values=True)),
            "json json": often(calls, lambda: payment.validate_json(BODY)),
        },
        rounds=plan.quick_rounds,
    )
    speed = {side: calls / min(one.wall for one in spent[side]) for side in ("get", "json")}
    yield Figure.of(
        "callbacks/parse/get",
        "parse_callback / (parse_qsl + validate_json)",
        ratio(spent["get"], summed(spent["get query"], spent["get json"])),
        Bound("cpu", 2.0),
        f"{speed['get']:,.0f} a second",
    )
    yield Figure.of(
        "callbacks/parse/get/python",
        "parse_callback / (parse_qsl + validate_python)",
        ratio(spent["get"], summed(spent["get query"], spent["get python"])),
    )
    yield Figure.of(
        "callbacks/parse/json",
        "parse_callback / (parse_qsl + validate_json)",
        ratio(spent["json"], summed(spent["json query"], spent["json json"])),
        Bound("cpu", 1.3),
        f"{speed['json']:,.0f} a second",
    )


def handling(plan: Plan) -> Iterator[Figure]:
    """Time `handle` against the question to QPay that it asks."""
    with httpx.Client(transport=httpx.MockTransport(_answer)) as given:
        client = QPayClient(**ACCOUNT, base_url=URL, http_client=given)
        dispatcher = CallbackDispatcher(client, store=MemoryStore())
        dispatcher.on_paid(_deliver)
        numbers = itertools.count(10**14)

        def handle() -> None:
            reply = dispatcher.handle(query=f"qpay_payment_id={next(numbers)}")
            if reply.outcome != "delivered":
                raise RuntimeError(f"the callback was not delivered but {reply.outcome}")

        spent = interleaved(
            {
                "handle": often(plan.calls, handle),
                "get": often(plan.calls, lambda: client.payments.get(str(next(numbers)))),
            },
            rounds=plan.rounds,
        )
    speed = plan.calls / min(one.wall for one in spent["handle"])
    yield Figure.of(
        "callbacks/handle",
        "dispatcher.handle / payments.get",
        ratio(spent["handle"], spent["get"]),
        note=f"{speed:,.0f} a second, MemoryStore",
    )


def _deliver(event: PaymentEvent) -> None:
    del event


def _answer(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if path.endswith("/token"):
        return httpx.Response(200, content=token_answer())
    asked = path.rpartition("/")[2].encode()
    return httpx.Response(200, content=GET.answer.replace(PAYMENT_ID.encode(), asked))
