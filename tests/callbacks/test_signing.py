"""Signed callback URLs: what was signed arrives, and nothing else passes."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from qpaykit import (
    CallbackSignatureError,
    ConfigurationError,
    sign_callback_url,
    verify_callback,
)

SECRET = "a secret of the shop"
NEW, OLD = "the new secret of a shop", "the old secret of a shop"
PAID = "&qpay_payment_id=493622150113497"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def sign(url: str, **changes: object) -> str:
    terms: dict[str, object] = {"sender_invoice_no": "42", "amount": "1500.10", "secret": SECRET}
    return sign_callback_url(url, **{**terms, **changes})  # type: ignore[arg-type]


def called(url: str) -> str:
    """The query with which QPay calls a URL."""
    return urlsplit(url).query + PAID


def test_what_was_signed_comes_back() -> None:
    order = verify_callback(called(sign("https://shop.mn/pay?order=42")), secret=SECRET)
    assert order.sender_invoice_no == "42"
    assert (order.amount, order.currency) == (Decimal("1500.10"), "MNT")


def test_a_url_is_signed_as_it_ever_was() -> None:
    # Invoices outlive a release: what was signed before it must be verified after it.
    assert sign("https://shop.mn/pay?order=42#top", sender_invoice_no="2026/42") == (
        "https://shop.mn/pay?order=42&qpaykit=v1.150010.MNT.5fS32l1nEnvCDveDWBw5lg.2026%2F42#top"
    )
    assert sign("https://shop.mn/pay", amount=None, currency="USD") == (
        "https://shop.mn/pay?qpaykit=v1..USD._n0_MIT0e_ZR_VzO6L_D5g.42"
    )


def test_the_currency_is_signed_too() -> None:
    order = verify_callback(called(sign("https://shop.mn/pay", currency="USD")), secret=SECRET)
    assert (order.amount, order.currency) == (Decimal("1500.10"), "USD")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.mn/pay",
        "https://shop.mn/pay?order=42",
        "https://shop.mn/pay?payment_id=42&empty=&b=%2F%20%D1%8F",
        "https://shop.mn/pay?order=42#top",
        "https://дэлгүүр.мон/төлбөр?захиалга=42",
        "https://xn--e1afmkfd.test/%D1%82?a=1+2",
        "http://127.0.0.1:8000/?a=1;b=2",
    ],
)
def test_the_rest_of_the_url_survives(url: str) -> None:
    signed = urlsplit(sign(url))
    before = urlsplit(url)
    assert signed._replace(query="") == before._replace(query="")
    assert signed.query.startswith(before.query)
    order = verify_callback(called(signed.geturl()), secret=SECRET)
    assert order.sender_invoice_no == "42"


@given(
    TEXT, st.decimals(0, 10**9, places=2), st.dictionaries(TEXT, st.text(max_size=9), max_size=2)
)
def test_every_order_is_signed_and_verified(
    number: str, amount: Decimal, params: dict[str, str]
) -> None:
    from urllib.parse import urlencode

    # What the dispatcher itself takes out of a query cannot be a merchant's own.
    assume(not {"qpaykit", "qpay_payment_id"} & params.keys())
    assume(not any("\ud800" <= char <= "\udfff" for char in "".join(params.values())))
    url = f"https://s.mn/?{urlencode(params)}" if params else "https://s.mn/"
    try:
        signed = sign(url, sender_invoice_no=number, amount=amount)
    except ValidationError:
        assume(False)
    order = verify_callback(called(signed), secret=SECRET)
    assert (order.sender_invoice_no, order.amount) == (number, amount)


def changed(query: str, name: str, value: str) -> str:
    from urllib.parse import urlencode

    return urlencode([(n, value if n == name else v) for n, v in parse_qsl(query)])


def test_nothing_that_was_signed_can_be_changed() -> None:
    query = called(sign("https://shop.mn/pay?order=42"))
    signature = dict(parse_qsl(query))["qpaykit"]
    version, amount, currency, code, number = signature.split(".")
    forged = [
        changed(query, "order", "43"),
        query + "&extra=1",
        query.replace("order=42&", ""),
        *(
            changed(query, "qpaykit", ".".join(parts))
            for parts in (
                (version, "100", currency, code, number),
                (version, "", currency, code, number),
                (version, amount, "JPY", code, number),
                (version, amount, currency, code, "43"),
                (version, amount, currency, code[:-1] + ("A" if code[-1] != "A" else "B"), number),
                (version, amount, currency, "", number),
                ("v0", amount, currency, code, number),
                ("v2", amount, currency, code, number),
            )
        ),
        changed(query, "qpaykit", ""),
        changed(query, "qpaykit", "v1"),
        changed(query, "qpaykit", "я"),
        "order=42" + PAID,
    ]
    for query in forged:
        with pytest.raises(CallbackSignatureError):
            verify_callback(query, secret=SECRET)


def test_another_secret_does_not_pass() -> None:
    with pytest.raises(CallbackSignatureError):
        verify_callback(
            called(sign("https://shop.mn/pay")), secret="another secret of another shop"
        )


def test_a_secret_is_rotated_out() -> None:
    old = called(sign("https://shop.mn/pay", secret=[OLD]))
    new = called(sign("https://shop.mn/pay", secret=[NEW, OLD]))
    for query in (old, new):
        assert verify_callback(query, secret=[NEW, OLD]).sender_invoice_no == "42"
    with pytest.raises(CallbackSignatureError):
        verify_callback(old, secret=[NEW])


def test_the_whole_url_stays_within_qpays_limit() -> None:
    base = "https://shop.mn/"
    longest = 255 - len(sign(base)) + len(base)
    assert len(sign(base.ljust(longest, "x"))) == 255
    with pytest.raises(ValidationError, match="callback_url"):
        sign(base.ljust(longest + 1, "x"))


@pytest.mark.parametrize("secret", ["", [], ["a", ""]])
def test_an_empty_secret_signs_nothing(secret: object) -> None:
    with pytest.raises(ConfigurationError):
        sign("https://shop.mn/", secret=secret)


@pytest.mark.parametrize("changes", [{"currency": "mnt"}, {"sender_invoice_no": ""}], ids=repr)
def test_what_could_not_be_verified_is_not_signed(changes: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="is signed for"):
        sign("https://shop.mn/pay", **changes)


def test_a_url_that_names_a_payment_already_is_not_signed() -> None:
    with pytest.raises(ValidationError, match="qpay_payment_id"):
        sign("https://shop.mn/pay?qpay_payment_id=1")


def test_a_url_is_not_signed_twice() -> None:
    with pytest.raises(ValidationError, match="no parameter qpaykit"):
        sign(sign("https://shop.mn/"))


@pytest.mark.parametrize("amount", [-1, "1.001", 0.1 + 0.2])
def test_what_is_no_amount_is_not_signed(amount: object) -> None:
    with pytest.raises(ValidationError):
        sign("https://shop.mn/", amount=amount)
