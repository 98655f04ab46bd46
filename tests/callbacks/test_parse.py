"""What arrives at a callback URL becomes a Callback or a CallbackError, and nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpaykit import (
    Callback,
    CallbackDispatcher,
    CallbackError,
    PaymentStatus,
    parse_callback,
)
from qpaykit.models import CALLBACK_FIELDS

SAMPLES = Path(__file__).parent.parent / "samples"
P2P, CARD = "493622150113497", "8e25b4d5-fe5a-4d0f-b050-def68a82aaad"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes().strip()


@pytest.mark.parametrize(
    ("name", "payment_id", "params"),
    [
        ("callback-1.txt", P2P, {}),
        ("callback-2.txt", P2P, {"payment_id": "12345678"}),
        ("callback-3.txt", CARD, {}),
        ("callback-get-own-payment-id.txt", "593744473409193", {"payment_id": "12345678"}),
    ],
)
def test_a_recorded_callback_is_read(name: str, payment_id: str, params: dict[str, str]) -> None:
    callback = parse_callback(query=sample(name).removeprefix(b"GET "))
    assert (callback.payment_id, callback.params) == (payment_id, params)
    assert callback.payment is None


def test_the_older_documents_body_is_read() -> None:
    callback = parse_callback(body=sample("callback-post.json"))
    assert callback.payment_id == "593744473409193"
    assert callback.invoice_id == "d50f49f2-9032-4a74-8929-530531f28f63"
    assert callback.payment is not None
    assert callback.payment.payment_status is PaymentStatus.PAID
    assert callback.payment.payment_amount == 1500
    assert callback.missing == ()


def test_what_a_body_lacks_is_none_and_named() -> None:
    callback = parse_callback(body={"payment_id": P2P, "payment_status": "NEW", "paid_by": ""})
    assert callback.payment is not None
    assert callback.payment.payment_amount is None
    lacking = [n for n in CALLBACK_FIELDS if n not in {"payment_id", "payment_status"}]
    assert list(callback.missing) == lacking


class Lists(dict[str, list[str]]):
    """Another framework's, of which `items` gives one value of each name."""

    def lists(self) -> list[tuple[str, list[str]]]:
        return list(self.items())


class Multi(Mapping[str, str]):
    """A framework's query, which hides repeated names behind `multi_items`."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self._pairs = pairs

    def __repr__(self) -> str:
        return f"Multi{self._pairs}"

    def multi_items(self) -> list[tuple[str, str]]:
        return list(self._pairs)

    def __getitem__(self, name: str) -> str:
        return dict(self._pairs)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))


@pytest.mark.parametrize(
    "query",
    [
        f"order=42&qpay_payment_id={P2P}",
        f"?order=42&qpay_payment_id={P2P}",
        f"order=42&qpay_payment_id={P2P}".encode(),
        f"https://shop.test/callback?order=42&qpay_payment_id={P2P}#top",
        f"http://shop.test/callback?order=42&qpay_payment_id={P2P}",
        f"/callback?order=42&qpay_payment_id={P2P}",
        {"order": "42", "qpay_payment_id": P2P},
        {"order": ["42"], "qpay_payment_id": [P2P]},
        [("order", "42"), ("qpay_payment_id", P2P)],
        Multi(("order", "42"), ("qpay_payment_id", P2P)),
        Lists(order=["42"], qpay_payment_id=[P2P]),
        [(b"order", b"42"), (b"qpay_payment_id", P2P.encode())],
        [("order", 42), ("qpay_payment_id", int(P2P))],
        {"order": ("42", None), "qpay_payment_id": bytearray(P2P.encode()), "note": None},
        f"order=42&qpay_payment_id=%20{P2P}%20",
    ],
)
def test_a_query_may_come_in_any_form(query: str) -> None:
    callback = parse_callback(query=query)
    assert (callback.payment_id, callback.params) == (P2P, {"order": "42"})


def test_a_question_mark_in_a_value_is_its_own() -> None:
    callback = parse_callback(query=f"order=which?&qpay_payment_id={P2P}")
    assert (callback.payment_id, callback.params) == (P2P, {"order": "which?"})


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"payment_id": P2P, "payment_amount": "1500.00"}).encode(),
        json.dumps({"payment_id": P2P, "payment_amount": 1500}),
        "\ufeff" + json.dumps({"payment_id": P2P, "payment_amount": 1500}),
        f"payment_id={P2P}&payment_amount=1500",
        {"payment_id": P2P, "payment_amount": 1500},
        {"qpay_payment_id": P2P, "payment_amount": "1500"},
    ],
)
def test_a_body_may_be_json_a_form_or_a_mapping(body: str) -> None:
    callback = parse_callback(body=body)
    assert callback.payment_id == P2P
    assert callback.payment is not None
    assert callback.payment.payment_amount == 1500


@pytest.mark.parametrize(
    ("query", "body", "payment_id"),
    [
        ("qpay_payment_id=a&payment_id=b", {"payment_id": "c"}, "a"),
        ("payment_id=b", {"qpay_payment_id": "d", "payment_id": "c"}, "d"),
        ("payment_id=b", {"payment_id": "c"}, "c"),
        ("payment_id=b", None, "b"),
        ("qpay_payment_id=&payment_id=b", None, "b"),
        ("qpay_payment_id=a", b"\xff\x00{", "a"),
        ("qpay_payment_id=a", b"{" * 99, "a"),
        (None, "payment_id=XaX", "XaX"),
        (None, '{"payment_id": "c", "payment_name": "\ud800"}', "c"),
        ("qpay_payment_id=a&qpay_payment_id=a", None, "a"),
    ],
)
def test_qpays_own_name_comes_first(query: str, body: bytes, payment_id: str) -> None:
    assert parse_callback(query=query, body=body).payment_id == payment_id


@pytest.mark.parametrize(
    ("body", "invoice_id"),
    [
        ({"object_type": "INVOICE", "object_id": "i-1"}, "i-1"),
        ({"object_id": "i-1"}, "i-1"),
        ({"invoice_id": "i-1"}, "i-1"),
    ],
)
def test_a_body_may_name_an_invoice_alone(body: dict[str, str], invoice_id: str) -> None:
    callback = parse_callback(body=body)
    assert (callback.payment_id, callback.invoice_id) == (None, invoice_id)


def test_a_field_that_cannot_be_read_is_missing() -> None:
    callback = parse_callback(body={"payment_id": P2P, "payment_amount": "much"})
    assert callback.payment_id == P2P
    assert "payment_amount" in callback.missing


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (None, None),
        ("", b""),
        ("order=42", None),
        ("invoice_id=i-1", None),
        ("qpay_payment_id=", b"{}"),
        ("qpay_payment_id=a/b", None),
        ("qpay_payment_id=../../auth/token", None),
        ("qpay_payment_id=a%00b", None),
        (f"qpay_payment_id={'a' * 129}", None),
        ("qpay_payment_id=a&qpay_payment_id=b", None),
        ({"qpay_payment_id": ["a", "b"]}, None),
        (Multi(("qpay_payment_id", "a"), ("qpay_payment_id", "b")), None),
        (Lists(qpay_payment_id=["a", "b"]), None),
        (None, b"[]"),
        (None, b"not json"),
        (None, b'{"payment_id": {"a": 1}}'),
        (5, None),
        ({"qpay_payment_id": object()}, None),
        ({"qpay_payment_id": "a", "flag": True}, None),
        ({"qpay_payment_id": "a", "rate": 1.5}, None),
        ([("a",)], None),
        (None, 5),
        ("a=1&" * 2000, None),
        (b"x" * 300_000, None),
        ("http://[?qpay_payment_id=1", None),
    ],
)
def test_what_is_no_callback_is_a_callback_error(query: str, body: bytes) -> None:
    with pytest.raises(CallbackError):
        parse_callback(query=query, body=body)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            "order=42",
            (
                "the callback names neither a payment nor an invoice: "
                "QPay sends qpay_payment_id in the query"
            ),
        ),
        (
            "qpay_payment_id=a&qpay_payment_id=b",
            "the callback names two payments in qpay_payment_id",
        ),
    ],
)
def test_the_error_tells_what_is_wrong_with_a_callback(query: str, told: str) -> None:
    with pytest.raises(CallbackError) as caught:
        parse_callback(query=query)
    assert str(caught.value) == told


def long_query(length: int) -> str:
    return f"qpay_payment_id=a&order={'x' * (length - 24)}"


@pytest.mark.parametrize(
    ("largest", "too_large"),
    [
        ({"query": long_query(262_144)}, {"query": long_query(262_145)}),
        ({"query": long_query(262_144).encode()}, {"query": long_query(262_145).encode()}),
        ({"body": long_query(262_144)}, {"body": long_query(262_145)}),
        ({"body": long_query(262_144).encode()}, {"body": long_query(262_145).encode()}),
        (
            {"query": f"qpay_payment_id=a{'&x=' * 999}"},
            {"query": f"qpay_payment_id=a{'&x=' * 1000}"},
        ),
        (
            {"query": [("qpay_payment_id", "a"), *[("x", "")] * 999]},
            {"query": [("qpay_payment_id", "a"), *[("x", "")] * 1000]},
        ),
    ],
    ids=["text", "bytes", "body", "bytes of a body", "fields", "pairs"],
)
def test_a_callback_has_256_kib_and_a_thousand_fields_at_the_most(
    largest: dict[str, str], too_large: dict[str, str]
) -> None:
    assert parse_callback(**largest).payment_id == "a"
    with pytest.raises(CallbackError):
        parse_callback(**too_large)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([*CALLBACK_FIELDS, "qpay_payment_id", "invoice_id", "x"]) | st.text()


@given(st.text("ab=&%+;# 2я", max_size=30) | st.text(max_size=30))
def test_a_query_is_read_as_the_standard_library_reads_it(text: str) -> None:
    params = parse_callback(query=f"qpay_payment_id=7&{text}").params
    assert params == dict(parse_qsl(text, keep_blank_values=True))


@given(
    st.none() | st.text() | st.binary() | st.dictionaries(NAMES, JSON) | JSON,
    st.none() | st.text() | st.binary() | st.dictionaries(NAMES, JSON) | JSON,
)
def test_anything_gives_a_callback_or_a_callback_error(query: str, body: str) -> None:
    try:
        callback = parse_callback(query=query, body=body)
    except CallbackError:
        return
    assert callback.payment_id or callback.invoice_id


@pytest.mark.slow
@given(st.dictionaries(NAMES, JSON))
def test_any_json_object_gives_a_callback_or_a_callback_error(content: dict[str, object]) -> None:
    try:
        parse_callback(body=json.dumps(content))
    except CallbackError:
        return


@pytest.mark.nightly
def test_two_hundred_thousand_random_queries_and_bodies_raise_nothing_else() -> None:
    rng = random.Random(42)
    pieces = [
        *("qpay_payment_id=7&", '{"payment_id":"7",', "qpay_payment_id", "payment_id", "object_id"),
        *("invoice_id", "payment_amount", "=", "&", "{", "}", "[", "]", '"', ":", ",", "1", "NaN"),
        *("1e999", "null", "true", "%", "%00", "%ff", "?", "#", "/", "..", "http://", "\x00"),
        *("\ufeff", "я", "😀", "\ud800", " ", "a", "PAID"),
    ]
    seen = {"callback": 0, "error": 0}
    for _ in range(200_000):
        query, body = (
            "".join(rng.choices(pieces, k=rng.randrange(12)))
            if rng.random() < 0.7
            else rng.randbytes(rng.randrange(24))
            for _ in range(2)
        )
        try:
            assert isinstance(parse_callback(query=query, body=body), Callback)
            seen["callback"] += 1
        except CallbackError:
            seen["error"] += 1
    assert min(seen.values()) > 1000, seen


class Broken(dict[str, str]):
    """A framework's mapping that fails when it is read."""

    def items(self) -> NoReturn:
        raise KeyError("order")


@pytest.mark.parametrize(
    "given",
    [{"query": Broken(a="1")}, {"body": Broken(a="1")}, {"body": {"payment_id": 10**5000}}],
    ids=["query", "body", "a number that is too long"],
)
def test_a_mapping_that_cannot_be_read_is_no_callback(given: dict[str, Any]) -> None:
    with pytest.raises(CallbackError):
        parse_callback(**given)
    assert CallbackDispatcher(verify=False).handle(**given).outcome == "unreadable"
