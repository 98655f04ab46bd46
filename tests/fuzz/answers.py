"""Strategies: what a server that nobody vouches for may answer."""

from __future__ import annotations

import gzip
import json

from hypothesis import strategies as st

from helpers.scripted_server import Answer, a_token, plain

CODES = [
    "INVOICE_NOTFOUND",
    "INVOICE_PAID",
    "PAYMENT_SETTLED",
    "PERMISSION_DENIED",
    "AUTHENTICATION_FAILED",
    "NO_CREDENTIALS",
    "SYSTEM_BUSY",
    "INVOICE_CODE_INVALID",
    "MERCHANT_ALREADY_REGISTERED",
    "MERCHANT_NOTFOUND",
]
FIELDS = [
    "error",
    "message",
    "invoice_id",
    "invoice_status",
    "payment_id",
    "payment_status",
    "payment_amount",
    "paid_amount",
    "count",
    "rows",
    "urls",
    "qr_text",
    "qr_image",
    "access_token",
    "refresh_token",
    "expires_in",
    "lines",
    "card_transactions",
    "p2p_transactions",
    "status",
    "subscription",
    "total_amount",
    "type",
    "id",
    "payments",
    "register_number",
    "amount",
]
WORDS = ["PAID", "NEW", "REFUNDED", "OPEN", "CLOSED", "CANCELED", "1", "", "2026-01-29T10:00:00Z"]
STATUSES = [200, 201, 204, 301, 304, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504]

_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS + CODES)
    | st.text(max_size=20)
)
_keys = st.sampled_from(FIELDS) | st.text(max_size=10)
_json = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=5),
    max_leaves=12,
)
_qpay_like = st.dictionaries(st.sampled_from(FIELDS), _json, max_size=8)
_refusals = st.fixed_dictionaries(
    {"error": st.sampled_from(CODES) | _json, "message": st.text(max_size=20) | _json}
)
_bodies = st.one_of(
    (_qpay_like | _refusals | _json).map(lambda content: json.dumps(content).encode()),
    st.sampled_from(
        [
            b"",
            b"{}",
            b"null",
            b"<html><h1>502 Bad Gateway</h1></html>",
            b"\xff\xfe\x00{}",
            b'{"invoice_id": "i-1"',
            b'{"a": "\\ud800"}',
            b"[" * 5000,
            b'{"count": ' + b"9" * 5000 + b"}",
            b'{"paid_amount": 1e999999999, "count": 1}',
            b'{"payment_status": "PAID", "payment_id": "p-1"}',
            b'{"invoice_status": "OPEN", "invoice_id": "i-1"}',
        ]
    ),
    st.binary(max_size=200),
)

_tokens = st.from_regex(rb"[A-Za-z-]{1,12}", fullmatch=True)
_known_headers = st.sampled_from(
    [
        b"content-type: application/json",
        b"content-type: \xff\xfe",
        b"content-encoding: gzip",
        b"content-encoding: deflate",
        b"content-encoding: br, nonsense",
        b"connection: close",
        b"location: //elsewhere.test",
        b"set-cookie: a=b",
        b"content-length: 3",
        b"content-length: -1",
        b"content-length: 99999999999999999999",
        b"transfer-encoding: chunked",
        b"transfer-encoding: identity",
        b"upgrade: websocket",
        b"broken header without a colon",
        b"x-long: " + b"x" * 20_000,
        b": no name",
        b" folded",
    ]
)
_retry_after = st.one_of(
    st.sampled_from(
        [
            *[b"0", b"-1", b"31", b"1e9", b"NaN", b"9" * 400, b"", b" ", b"\xd9\xa3"],
            *[b"Wed, 21 Oct 2015 07:28:00 GMT", b"Mon, 99 Foo 99999 99:99:99 -9999", b"0 0 0 0 0"],
        ]
    ),
    st.binary(max_size=30).filter(lambda value: b"\r" not in value and b"\n" not in value),
).map(lambda value: b"retry-after: " + value)
_any_header = st.tuples(_tokens, st.binary(max_size=30)).map(b": ".join)
_headers = st.lists(st.one_of(_known_headers, _retry_after, _any_header), max_size=3)
# A success whose body is something else is the answer that a client most easily believes.
_statuses = st.sampled_from([200, *STATUSES]) | st.just(200) | st.integers(100, 599)


@st.composite
def _http(draw: st.DrawFn) -> Answer:
    status, body = draw(_statuses), draw(_bodies)
    headers = draw(_headers)
    if draw(st.integers(0, 9)) == 0:
        body = gzip.compress(body)
        headers.append(b"content-encoding: gzip")
    head = b"HTTP/1.1 %d %s\r\n" % (
        status,
        draw(st.sampled_from([b"OK", b"", b"\xd0\x9e\xd0\x9a"])),
    )
    framing = draw(st.sampled_from(["length", "length", "length", "chunks", "open", "lie"]))
    pieces = [body]
    ends = "keep"
    if framing == "length":
        headers.append(b"content-length: %d" % len(body))
    elif framing == "lie":
        headers.append(b"content-length: %d" % max(0, len(body) + draw(st.sampled_from([-2, 5]))))
        ends = draw(st.sampled_from(["close", "silent"]))
    elif framing == "chunks":
        headers.append(b"transfer-encoding: chunked")
        size = draw(st.integers(1, 50))
        parts = [body[at : at + size] for at in range(0, len(body), size)][:20]
        pieces = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts]
        pieces.append(draw(st.sampled_from([b"0\r\n\r\n", b"0\r\n\r\n", b"zz\r\n", b""])))
        if pieces[-1] != b"0\r\n\r\n":
            ends = "close"
    else:
        ends = "close"
    whole = head + b"".join(line + b"\r\n" for line in headers) + b"\r\n"
    sent = [whole, *pieces] if draw(st.booleans()) else [b"".join([whole, *pieces])]
    return Answer(status, tuple(sent), ends)


@st.composite
def _cut(draw: st.DrawFn) -> Answer:
    answer = draw(_http())
    everything = b"".join(answer.pieces)
    at = draw(st.integers(0, len(everything)))
    head, ended, _ = everything[:at].partition(b"\r\n\r\n")
    framed = b"content-length" in head or b"transfer-encoding" in head
    # Whose body ends with the connection is whole wherever it is cut.
    status = answer.status if ended and (at == len(everything) or not framed) else 0
    return Answer(status, (everything[:at],), draw(st.sampled_from(["close", "reset"])))


_no_http = st.builds(
    lambda data, ends: Answer(0, (data,), ends),
    st.binary(max_size=60),
    st.sampled_from(["close", "reset"]),
)
_silence = st.just(Answer(0, (), "silent"))

_busy = st.builds(
    lambda status, header: plain(status, {"error": "SYSTEM_BUSY"}, header),
    st.sampled_from([429, 503]),
    _retry_after,
)

ANSWERS = st.one_of(*[_http()] * 5, _busy, _cut(), _no_http, _silence)
SCRIPTS = st.lists(ANSWERS, min_size=1, max_size=4)
LOGINS = st.one_of(
    st.just([a_token()]),
    st.just([a_token("access-1"), a_token("access-2")]),
    st.lists(ANSWERS, min_size=1, max_size=2).map(lambda bad: [*bad, a_token()]),
)
