"""A dispatcher that is called with anything, and whose QPay answers anything, replies."""

from __future__ import annotations

import json
from typing import get_args

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.answers import token_body
from helpers.settings import SETTINGS
from qpaykit import CallbackDispatcher, MemoryStore, PaymentEvent, QPayClient
from qpaykit.callbacks.events import Outcome

pytestmark = pytest.mark.slow

OUTCOMES = set(get_args(Outcome))
NAMES = ["qpay_payment_id", "payment_id", "payment_status", "object_id", "object_type", "qpaykit"]
WORDS = ["p-1", "i-1", "PAID", "NEW", "INVOICE", "", "../..", "v1.x.y"]

fuzz = settings(
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
_names = st.sampled_from(NAMES) | st.text(max_size=8)
_values = st.sampled_from(WORDS) | st.text(max_size=8)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=8,
)
_pairs = st.lists(st.tuples(_names, _values), max_size=4)
_queries = st.one_of(
    st.none(),
    st.just("qpay_payment_id=p-1"),
    st.binary(max_size=60),
    st.text(max_size=60),
    _pairs.map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)),
    _pairs,
    st.dictionaries(_names, _values | st.lists(_values, max_size=2) | st.none(), max_size=4),
)
_bodies = st.one_of(
    st.none(),
    st.just({"object_type": "INVOICE", "object_id": "i-1"}),
    st.binary(max_size=60),
    st.text(max_size=60),
    st.dictionaries(_names, _json, max_size=5),
    _json.map(json.dumps),
)
_payments = st.one_of(
    st.just({"payment_id": "p-1", "payment_status": "PAID", "object_id": "i-1"}),
    st.dictionaries(st.sampled_from([*NAMES, "payment_amount", "rows", "callback_url"]), _json),
    _json,
)


@pytest.fixture(autouse=True)
def short_pauses(quick_retries: None) -> None:
    """Let retries follow each other at once."""


def _fails(event: PaymentEvent) -> None:
    raise RuntimeError("the shop's own fault")


@pytest.mark.parametrize("secret", [None, "a-callback-secret"], ids=["unsigned", "signed"])
@fuzz
@given(
    query=_queries, body=_bodies, status=st.sampled_from([200, 200, 200, 404, 500]), says=_payments
)
def test_a_callback_of_any_kind_gets_a_known_reply(
    secret: str | None, query: str, body: str, status: int, says: object
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/token"):
            return httpx.Response(200, json=token_body())
        return httpx.Response(status, content=json.dumps(says).encode())

    with httpx.Client(transport=httpx.MockTransport(answer)) as http_client:
        client = QPayClient(
            **SETTINGS, callback_secret=secret, http_client=http_client, max_retries=0
        )
        dispatcher = CallbackDispatcher(client, patience=0)
        dispatcher.on_paid(lambda event: None)
        dispatcher.on_other(_fails)
        reply = dispatcher.handle(query=query, body=body)
    assert reply.outcome in OUTCOMES
    assert reply.status_code in {200, 400, 403, 409, 500, 503}


@fuzz
@given(query=_queries, body=_bodies)
def test_a_dispatcher_that_believes_bodies_replies_to_any(query: str, body: str) -> None:
    dispatcher = CallbackDispatcher(verify=False, store=MemoryStore(), patience=0)
    dispatcher.on_other(_fails)
    reply = dispatcher.handle(query=query, body=body)
    assert reply.outcome in OUTCOMES


@fuzz
@given(query=_queries, body=_bodies)
def test_a_signed_shop_delivers_nothing_that_was_not_signed(query: str, body: str) -> None:
    delivered: list[PaymentEvent] = []
    dispatcher = CallbackDispatcher(
        verify=False, store=MemoryStore(), callback_secret="a-callback-secret", patience=0
    )
    dispatcher.on_other(delivered.append)
    reply = dispatcher.handle(query=query, body=body)
    assert reply.outcome in {"forged", "unreadable", "ignored"}
    assert delivered == []
