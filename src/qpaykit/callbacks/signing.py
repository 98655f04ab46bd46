"""Signs callback URLs and checks the signatures: two sides of one scheme.

The signature travels in one query parameter, `qpaykit`:

    v1.<amount in hundredths>.<currency>.<code>.<order number>

The code is the first 128 bits of an HMAC-SHA256 over these and the merchant's own query
parameters, so that none of them can be changed or moved to another order's URL.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from qpaykit.callbacks.parse import PAYMENT_ID, SIGNATURE, Callback, Query, parse_callback
from qpaykit.config import secrets_of
from qpaykit.errors import CallbackSignatureError, ConfigurationError
from qpaykit.models.values import MoneyInput, callback_url_limit, parse_money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qpaykit.config import Secrets

_VERSION = "v1"
_CODE_BYTES = 16
_FORM = re.compile(r"v1\.([0-9]{0,15})\.([A-Z]{3})\.([A-Za-z0-9_-]{22})\.(.+)", re.DOTALL)


@dataclass(frozen=True)
class SignedOrder:
    """What a callback URL was signed for.

    Attributes:
        sender_invoice_no: The order number.
        amount: What the order costs; None where its invoice had lines and no amount.
        currency: The currency of that amount.
    """

    sender_invoice_no: str
    amount: Decimal | None
    currency: str = "MNT"


def sign_callback_url(
    url: str,
    *,
    secret: Secrets,
    sender_invoice_no: str,
    amount: MoneyInput | None,
    currency: str = "MNT",
) -> str:
    """Add a signature to a callback URL; `invoices.create` does so by itself.

    Args:
        url: The URL, with the merchant's own query parameters if any.
        secret: The secret, or several, of which the first one signs.
        sender_invoice_no: The order number of the invoice that the URL is for.
        amount: The invoice's amount, with at most two decimals.
        currency: The amount's currency, three letters.

    Returns:
        The URL with the parameter `qpaykit`; a fragment and all else stay as they were.

    Raises:
        pydantic.ValidationError: The signed URL would be longer than the 255 characters
            that QPay takes, or the amount is not one.
        ConfigurationError: There is no secret, no order number or no such currency, or the URL
            has a parameter `qpaykit` or `qpay_payment_id` already.
    """
    keys = _keys(secret)
    parts = urlsplit(url)
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in (SIGNATURE, PAYMENT_ID):
        if name in params:
            msg = f"the callback URL has a parameter {name} already"
            raise ConfigurationError(msg)
    due = None if amount is None else parse_money(amount)
    order = SignedOrder(sender_invoice_no, due, currency)
    terms = ".".join((_VERSION, _hundredths(due), currency))
    signature = f"{terms}.{_code(keys[0], order, params)}."
    if not _FORM.fullmatch(signature + sender_invoice_no):
        raise ConfigurationError(
            "a callback URL is signed for an order number that is not empty, and for a currency "
            "of three capital letters, such as MNT"
        )
    value = signature + quote(sender_invoice_no, safe="")
    query = f"{parts.query}&" if parts.query else ""
    signed = urlunsplit(parts._replace(query=f"{query}{SIGNATURE}={value}"))
    return callback_url_limit(signed)


def verify_callback(callback: Callback | Query, *, secret: Secrets) -> SignedOrder:
    """Check the signature of a callback.

    Args:
        callback: What `parse_callback` returned, or the query of the request.
        secret: The secret, or all that are valid while one is rotated out.

    Returns:
        The order that the URL was signed for.

    Raises:
        CallbackSignatureError: There is no signature, or it is not of this URL.
        CallbackError: The query is no callback.
    """
    if not isinstance(callback, Callback):
        callback = parse_callback(query=callback)
    value = callback.signature
    if value is None:
        raise CallbackSignatureError("the callback URL carries no signature")
    match = _FORM.fullmatch(value)
    if match is None:
        raise CallbackSignatureError("the callback URL's signature cannot be read")
    hundredths, currency, code, number = match.groups()
    order = SignedOrder(number, Decimal(hundredths) / 100 if hundredths else None, currency)
    given = code.encode()
    valid = [
        hmac.compare_digest(_code(key, order, callback.params).encode(), given)
        for key in _keys(secret)
    ]
    if not any(valid):
        raise CallbackSignatureError("the callback URL was changed, or signed by somebody else")
    return order


def _code(key: bytes, order: SignedOrder, params: Mapping[str, str]) -> str:
    message = json.dumps(
        [
            _VERSION,
            order.sender_invoice_no,
            _hundredths(order.amount),
            order.currency,
            sorted(params.items()),
        ],
        separators=(",", ":"),
    ).encode()
    digest = hmac.new(key, message, hashlib.sha256).digest()[:_CODE_BYTES]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hundredths(amount: Decimal | None) -> str:
    return "" if amount is None else str(int(amount * 100))


def _keys(secret: Secrets) -> list[bytes]:
    keys = [one.get_secret_value().encode() for one in secrets_of(secret)]
    if not keys:
        raise ConfigurationError("callback_secret is missing")
    return keys
