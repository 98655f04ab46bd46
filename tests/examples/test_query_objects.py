"""What the frameworks make of a query is read like the query itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django.conf
import pytest
from django.http import QueryDict
from multidict import MultiDict
from starlette.datastructures import QueryParams
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from qpaykit import parse_callback, sign_callback_url, verify_callback

if TYPE_CHECKING:
    from collections.abc import Callable

    from qpaykit.callbacks.parse import Query

pytestmark = pytest.mark.slow

SECRET = "a secret of the shop"


def of_django(query: str) -> Query:
    if not django.conf.settings.configured:
        django.conf.settings.configure()
    return QueryDict(query)


def of_flask(query: str) -> Query:
    return Request(EnvironBuilder(query_string=query).get_environ()).args


def of_starlette(query: str) -> Query:
    return QueryParams(query)


def of_aiohttp(query: str) -> Query:
    from urllib.parse import parse_qsl

    return MultiDict(parse_qsl(query))


@pytest.mark.parametrize("made", [of_django, of_flask, of_starlette, of_aiohttp])
def test_a_query_with_repeated_names_keeps_its_signature(made: Callable[[str], Query]) -> None:
    url = sign_callback_url(
        "https://shop.example/callback?tag=a&tag=b",
        secret=SECRET,
        sender_invoice_no="42",
        amount=1500,
    )
    query = made(url.partition("?")[2] + "&qpay_payment_id=7")
    assert verify_callback(query, secret=SECRET).sender_invoice_no == "42"
    assert parse_callback(query=query).payment_id == "7"
