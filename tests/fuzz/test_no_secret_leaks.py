"""Whatever QPay answers, no secret and no card or account number is shown to anybody."""

from __future__ import annotations

import base64
import html
import json
import logging
import pickle
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.calls import CALLS, Call
from helpers.answers import token_body
from helpers.quickqr import QUICKQR_SETTINGS, QuickQRSettings
from helpers.settings import SETTINGS, Settings
from qpaykit import CallbackDispatcher, PaymentEvent, QPayClient, QPayError, WaitTimeoutError
from qpaykit._redaction import Redactor
from qpaykit.quickqr import QuickQRClient

pytestmark = pytest.mark.slow

# Its signs are spelt differently in JSON, HTML and URLs; none is by repr.
PASSWORD = 'hunter2 "&/<ö>+%=$'
MERCHANT: Settings = {**SETTINGS, "password": PASSWORD}
PARTNER: QuickQRSettings = {
    **QUICKQR_SETTINGS,
    "username": SETTINGS["username"],
    "password": PASSWORD,
}
ACCESS = "access-0f1e2d3c4b5a"
REFRESH = f"refresh-of-{ACCESS}"
BASIC = base64.b64encode(f"{SETTINGS['username']}:{PASSWORD}".encode()).decode()
CARD = "4111111111111111"
ACCOUNT = "5003217788"
IBAN = "MN450015005003217788"
OURS = [PASSWORD, ACCESS, REFRESH, BASIC]
# An account number is known by the field that it stands in, everything else by what it is.
BUYERS = [CARD, ACCOUNT, IBAN]
Spelling = Callable[[str], str]
SPELLINGS: list[Spelling] = [
    str,
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: json.dumps(json.dumps(text))[3:-3],
    html.escape,
    lambda text: html.escape(text, quote=False),
    quote,
    lambda text: quote(text, safe=""),
    quote_plus,
    lambda text: re.sub("%..", lambda escaped: escaped[0].lower(), quote_plus(text)),
]

fuzz = settings(
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

_carried = st.sampled_from(
    [
        *OURS,
        f"Bearer {ACCESS}",
        f"Basic {BASIC}",
        f"you sent Authorization: Bearer {ACCESS}",
        f"wrong password {PASSWORD} for SHOP",
        f"token={REFRESH}&card={CARD}",
        f"card {CARD} is blocked",
        CARD,
    ]
)
_spelt = st.builds(lambda spell, text: spell(text), st.sampled_from(SPELLINGS), _carried)
_harmless = st.sampled_from(["INVOICE_NOTFOUND", "NO_CREDENTIALS", "x", "", "PAID"])
_texts = _carried | _spelt | _harmless
_keys = _texts | st.sampled_from(["error", "message", "type", "rows", "payment_id", "fields"])
_private = st.one_of(
    st.tuples(st.sampled_from(["account_number", "Account_Number"]), st.just(ACCOUNT)),
    st.tuples(st.just("account_number"), st.just(int(ACCOUNT))),
    st.tuples(st.just("account_number"), st.just([ACCOUNT, ACCOUNT])),
    st.tuples(st.just("account_number"), st.just({"value": ACCOUNT})),
    st.tuples(st.just("account_number"), st.just(f'x", "y": "{ACCOUNT}')),
    st.tuples(st.just("iban_number"), st.just(IBAN)),
    st.tuples(st.just("card_number"), st.sampled_from([CARD, int(CARD), [CARD], {"pan": CARD}])),
    st.tuples(st.just("access_token"), st.sampled_from([ACCESS, {"a": ACCESS}, [1, ACCESS]])),
    st.tuples(st.just("refresh_token"), st.just(REFRESH)),
    st.tuples(
        st.sampled_from(["x", "message", "error"]), st.sampled_from([int(CARD), [int(CARD)]])
    ),
)
_objects = st.builds(
    lambda plain, private: {**plain, **dict(private)},
    st.dictionaries(_keys, _texts, max_size=3),
    st.lists(_private, max_size=2),
)
# QPay names fields below "error" or "message", each with what is wrong with it.
_blame = st.builds(
    lambda key, private: {key: dict(private)},
    st.sampled_from(["error", "message"]),
    st.lists(_private, min_size=1, max_size=2),
)
_contents = st.recursive(
    _objects,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_keys, inner, max_size=2),
    max_leaves=3,
)
_json = st.builds(
    lambda content, indent: json.dumps(content, indent=indent).encode(),
    _contents,
    st.sampled_from([None, 2]),
)
_bodies = st.one_of(
    _json,
    _json,
    _blame.map(lambda content: json.dumps(content).encode()),
    _json.map(lambda body: body[:-3]),
    _json.map(lambda body: json.dumps({"message": body.decode()}).encode()),
    _texts.map(lambda text: f"<html><pre>{text}</pre>".encode()),
    _texts.map(str.encode),
    _texts.map(lambda text: b"\xff\xfe" + text.encode()),
)
_replies = st.builds(
    lambda status, headers, body: httpx.Response(status, headers=headers, content=body),
    st.sampled_from([200, 201, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503]),
    st.dictionaries(
        st.sampled_from(["x-echo", "location", "retry-after", "set-cookie", "www-authenticate"]),
        _texts.filter(str.isascii),
        max_size=2,
    ),
    _bodies,
)


class Recorder(logging.Handler):
    """Keeps everything that a record holds, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        formatted = logging.Formatter("%(name)s %(message)s").format(record)
        self.seen.append(f"{formatted} {record.__dict__!r} {record.args!r}")


@contextmanager
def recorded(level: int) -> Iterator[list[str]]:
    logger = logging.getLogger("qpaykit")
    recorder, before = Recorder(), logger.level
    logger.addHandler(recorder)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield recorder.seen
    finally:
        logger.setLevel(before)
        logger.propagate = True
        logger.removeHandler(recorder)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qpaykit._http.retry.FIRST_DELAY_SECONDS", 0.0)
    monkeypatch.setattr("qpaykit._http.retry.MAX_RETRY_AFTER_SECONDS", 0.0)


def client_of(
    reply: httpx.Response, login: httpx.Response | None = None, *, quickqr: bool = False
) -> QPayClient | QuickQRClient:
    good = httpx.Response(200, json=token_body(ACCESS))

    def answer(request: httpx.Request) -> httpx.Response:
        chosen = reply
        if request.url.path.endswith("/auth/token"):
            chosen = login or good
        return httpx.Response(chosen.status_code, headers=chosen.headers, content=chosen.content)

    http_client = httpx.Client(transport=httpx.MockTransport(answer))
    if quickqr:
        return QuickQRClient(**PARTNER, max_retries=1, http_client=http_client)
    return QPayClient(**MERCHANT, max_retries=1, http_client=http_client)


def shown_of(error: BaseException) -> Iterator[str]:
    """Everything that a person, a log or an error tracker sees of an exception."""
    one: BaseException | None = error
    while one is not None:
        yield f"{one!s} {one!r} {one.args!r} {one.__dict__!r}"
        if not isinstance(
            one, WaitTimeoutError
        ):  # whose last answer is one, with all that is in it
            yield pickle.dumps(one).decode("utf-8", "replace")
        one = one.__cause__ or one.__context__
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    # What the test itself holds in its hands is no leak; only frames of the package count.
    for part in _chain(told):
        for frame in part.stack:
            if "qpaykit" in frame.filename and "/tests/" not in frame.filename:
                yield f"{frame.filename}:{frame.lineno} {frame.locals!r}"


def _chain(told: traceback.TracebackException | None) -> Iterator[traceback.TracebackException]:
    while told is not None:
        yield told
        told = told.__cause__ or told.__context__


def assert_nothing_shows(shown: list[str], secrets: list[str]) -> None:
    spelt = {spell(secret) for secret in secrets for spell in SPELLINGS}
    leaks = [(secret, text) for text in shown for secret in spelt if secret in text]
    assert leaks == []


def look_at(client: QPayClient | QuickQRClient, call: Call, level: int) -> list[str]:
    with recorded(level) as shown:
        try:
            answer = call.run(client)
        except QPayError as error:
            shown.extend(shown_of(error))
        else:
            # What QPay filled with our own token, nobody can know by the answer alone.
            assert_nothing_shows([f"{answer!r} {answer}"], BUYERS)
        shown.append(f"{client!r} {client.settings!r} {vars(client)!r} {client.store!r}")
    return shown


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG], ids=["INFO", "DEBUG"])
@fuzz
@given(call=st.sampled_from(CALLS), reply=_replies)
def test_an_answer_that_echoes_secrets_shows_none(
    level: int, call: Call, reply: httpx.Response
) -> None:
    # The error of a wait brings the last check along: an answer, in which what QPay filled
    # with our own token stands as it came.
    secrets = BUYERS if call.name == "payments.wait" else OURS + BUYERS
    with client_of(reply, quickqr=call.quickqr) as client:
        assert_nothing_shows(look_at(client, call, level), secrets)


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG], ids=["INFO", "DEBUG"])
@fuzz
@given(login=_replies)
def test_a_login_that_goes_wrong_shows_none(level: int, login: httpx.Response) -> None:
    with client_of(httpx.Response(200, json={}), login) as client:
        assert_nothing_shows(look_at(client, CALLS[0], level), OURS + BUYERS)


@fuzz
@given(reply=_replies)
def test_a_callback_about_such_a_payment_shows_none(reply: httpx.Response) -> None:
    with client_of(reply) as client, recorded(logging.DEBUG) as shown:
        dispatcher = CallbackDispatcher(client, patience=0)
        dispatcher.on_other(_fails)
        dispatcher.handle(query=f"qpay_payment_id=p-1&note={CARD}")
    assert_nothing_shows(shown, OURS + BUYERS)


def _fails(event: PaymentEvent) -> None:
    raise RuntimeError("the shop's own fault")


def unredacted(self: Redactor, body: bytes) -> str:
    return body.decode("utf-8", "replace")


def mistaken(secret: str) -> httpx.Response:
    return httpx.Response(400, json={"error": "X", "message": f"no {secret}"})


def right(secret: str) -> httpx.Response:
    return httpx.Response(200, json={"payment_id": "p-1", "echo": secret})


@pytest.mark.parametrize("secret", OURS + BUYERS)
@pytest.mark.parametrize(
    ("reply", "level"), [(mistaken, logging.INFO), (right, logging.DEBUG)], ids=["error", "log"]
)
def test_the_search_finds_each_secret_where_nothing_is_masked(
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    reply: Callable[[str], httpx.Response],
    level: int,
) -> None:
    monkeypatch.setattr(Redactor, "body", unredacted)
    (look,) = [call for call in CALLS if call.name == "payments.get"]
    with client_of(reply(secret)) as client, pytest.raises(AssertionError):
        assert_nothing_shows(look_at(client, look, level), [secret])
