"""Signs callback URLs and verifies the signatures.

The signature is one query parameter, `qpaykit`:

    v1.<total in hundredths>.<currency>.<code>.<sender_invoice_no>

The code is the first 128 bits of an HMAC-SHA256 over these values and the merchant's own query
parameters. None of them can be changed, or moved to the URL of another order.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import SecretStr

from qpaykit._arithmetic import EXACT
from qpaykit._callback_url import SIGNATURE_PARAM, add_param
from qpaykit.config import Secrets, secrets_of, wrap_secrets
from qpaykit.errors import CallbackSignatureError, ConfigurationError
from qpaykit.models.callback_urls import callback_url, signed_callback_url
from qpaykit.models.money import MoneyInput, parse_money

_VERSION = "v1"
_CODE_BYTES = 16
_FORM = re.compile(r"v1\.([0-9]{0,15})\.([A-Z]{3})\.([A-Za-z0-9_-]{22})\.(.+)", re.DOTALL)


@dataclass(frozen=True)
class SignedOrder:
    """What a callback URL was signed for.

    Attributes:
        sender_invoice_no: The invoice's `sender_invoice_no`.
        amount: The invoice's total, with two decimals; None for an invoice of an open sum.
        currency: The currency of that total, three letters.
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
    """Add a signature to a callback URL; `invoices.create` does this by itself.

    Args:
        url: The URL, with the merchant's own query parameters if any.
        secret: The secret, or several, of which the first one signs.
        sender_invoice_no: The `sender_invoice_no` of the invoice that the URL is for.
        amount: The invoice's total, with at most two decimals; None for an open sum.
        currency: The currency of the total, three letters.

    Returns:
        The URL with the parameter `qpaykit`; its other parts, a fragment too, are unchanged.

    Raises:
        pydantic.ValidationError: It is not a URL that QPay can call, the signed URL would be longer
            than the 255 characters that QPay takes, or the amount is invalid.
        ConfigurationError: There is no secret, no order number or no such currency.
    """
    secret = wrap_secrets(secret)
    keys = _keys(secret)
    url = callback_url(url)
    params = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
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
    return signed_callback_url(add_param(url, SIGNATURE_PARAM, value))


def verify_signature(
    signature: str | None, params: Mapping[str, str], *, secret: Secrets
) -> SignedOrder:
    """Verify the value of the parameter `qpaykit`.

    Args:
        signature: The value; None where the URL has none.
        params: The merchant's own parameters of the URL.
        secret: The secret, or all that are valid while one is rotated out.

    Returns:
        The order that the URL was signed for.

    Raises:
        CallbackSignatureError: There is no signature, or it does not belong to this URL.
    """
    secret = wrap_secrets(secret)
    if signature is None:
        raise CallbackSignatureError("the callback URL carries no signature")
    match = _FORM.fullmatch(signature)
    if match is None:
        raise CallbackSignatureError("the callback URL's signature cannot be read")
    hundredths, currency, code, number = match.groups()
    amount = EXACT.scaleb(Decimal(hundredths), -2) if hundredths else None
    order = SignedOrder(number, amount, currency)
    given = code.encode()
    valid = [
        hmac.compare_digest(_code(key, order, params).encode(), given) for key in _keys(secret)
    ]
    if not any(valid):
        raise CallbackSignatureError("the callback URL was changed, or signed with another secret")
    return order


def signed_number(signature: str) -> str:
    """Return the order number in the value of the parameter `qpaykit`, without verifying it.

    Args:
        signature: The value.

    Returns:
        The number; "" for anything that is not a signature.
    """
    match = _FORM.fullmatch(signature)
    return "" if match is None else match.group(4)


def _code(key: SecretStr, order: SignedOrder, params: Mapping[str, str]) -> str:
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
    secret = key.get_secret_value().encode()
    digest = hmac.new(secret, message, hashlib.sha256).digest()[:_CODE_BYTES]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hundredths(amount: Decimal | None) -> str:
    return "" if amount is None else str(int(EXACT.scaleb(amount, 2)))


def _keys(secret: Secrets) -> tuple[SecretStr, ...]:
    keys = secrets_of(secret)
    if not keys:
        raise ConfigurationError("callback_secret is missing")
    return keys
