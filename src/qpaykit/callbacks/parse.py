"""Parses what arrives at a callback URL, without trusting it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json

from qpaykit._callback_url import PAYMENT_ID_PARAM, SIGNATURE_PARAM
from qpaykit.errors import CallbackError
from qpaykit.models import CALLBACK_FIELDS, CallbackPayment, ObjectType
from qpaykit.models.base import read_json, readable
from qpaykit.models.ids import is_path_id

if TYPE_CHECKING:
    from typing import TypeAlias

QueryValue: TypeAlias = str | bytes | Sequence[str] | Sequence[bytes] | None
Query: TypeAlias = str | bytes | Mapping[str, QueryValue] | Iterable[tuple[str, str]] | None
Body: TypeAlias = bytes | bytearray | str | Mapping[str, object] | None

_TEXT_TYPES = (bytes, str)
MAX_INPUT_BYTES = 256 * 1024
_MAX_PAIRS = 1000
_INVOICE_TYPES = (ObjectType.INVOICE, None)


@dataclass(slots=True)
class Callback:
    """A callback as it was received. It names a payment or an invoice, and proves nothing.

    Attributes:
        payment_id: The payment that QPay should be asked for; None where only an invoice
            is named.
        invoice_id: The invoice that the body names, if it does.
        params: The query parameters that the merchant put into the callback URL.
        payment: What a body says of the payment; None without a body.
        signature: What `sign_callback_url` put into the URL, unchecked.
    """

    payment_id: str | None
    invoice_id: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    payment: CallbackPayment | None = None
    signature: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The documented fields that the body lacks, in the document's order."""
        return tuple(
            name for name in CALLBACK_FIELDS if getattr(self.payment, name, None) in (None, "")
        )


def parse_callback(*, query: Query = None, body: Body = None) -> Callback:
    """Read a callback in any of the forms in which one may come.

    QPay calls by GET with `qpay_payment_id` in the query; its older document describes a
    POST with a JSON body, which is read too, as is a form.

    Args:
        query: The query as text or bytes (or the URL that holds it), or as the mapping or
            the pairs that a framework made of it.
        body: The body as bytes or text, JSON or a form, or the mapping made of it.

    Returns:
        The callback. A `payment_id` in the query is the merchant's own parameter by QPay's
        examples: it counts as the payment's only where nothing else names one.

    Raises:
        CallbackError: It names neither a payment nor an invoice, or an id that does not have the
            form of QPay's ids. Nothing else is raised.
    """
    params = {} if query is None else _params(query)
    signature = params.pop(SIGNATURE_PARAM, None)
    payment_id: str | None = params.pop(PAYMENT_ID_PARAM, "").strip()
    payment = invoice_id = None
    if body is not None:
        payment = _payment(body)
    if payment is not None:
        payment_id = payment_id or payment.qpay_payment_id or payment.payment_id
        if payment.object_type in _INVOICE_TYPES:
            invoice_id = payment.object_id
        invoice_id = invoice_id or payment.invoice_id or None
    payment_id = payment_id or params.pop("payment_id", "").strip() or None
    if payment_id is not None and not is_path_id(payment_id):
        raise CallbackError("the callback's payment id is not written as QPay's ids are")
    if invoice_id is not None and not is_path_id(invoice_id):
        raise CallbackError("the callback's invoice id is not written as QPay's ids are")
    if payment_id is None and invoice_id is None:
        msg = (
            "the callback names neither a payment nor an invoice: "
            f"QPay sends {PAYMENT_ID_PARAM} in the query"
        )
        raise CallbackError(msg)
    return Callback(payment_id, invoice_id, params, payment, signature)


def _params(query: Query) -> dict[str, str]:
    # Fast path for the usual query.
    if isinstance(query, str) and len(query) <= _MAX_PAIRS and "?" not in query:
        pairs = _split(query)
    else:
        pairs = _pairs(query)
    params = dict(pairs)
    if len(params) < len(pairs) and any(
        name == PAYMENT_ID_PARAM and value != params[name] for name, value in pairs
    ):
        msg = f"the callback names two payments in {PAYMENT_ID_PARAM}"
        raise CallbackError(msg)
    return params


def _pairs(query: Query) -> list[tuple[str, str]]:
    if isinstance(query, (bytes, bytearray)):
        query = _decoded(bytes(query))
    if isinstance(query, str):
        return _form(_query_of(query))
    try:
        return _pairs_of_framework(query)
    except CallbackError:
        raise
    except Exception as problem:
        # A framework's mapping may raise anything.
        raise CallbackError(
            "the query must be text, bytes, a mapping or pairs of text"
        ) from problem


def _pairs_of_framework(query: object) -> list[tuple[str, str]]:
    # `items` of Starlette's, Werkzeug's and Django's mappings returns one value per name.
    items: object
    if hasattr(query, "multi_items"):
        items = query.multi_items()
    elif hasattr(query, "lists"):
        items = query.lists()
    elif isinstance(query, Mapping):
        items = query.items()
    else:
        items = query
    if not isinstance(items, Iterable):
        raise TypeError
    pairs: list[tuple[str, str]] = []
    for name, value in items:
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs.extend((_as_text(name), _as_text(one)) for one in values if one is not None)
        if len(pairs) > _MAX_PAIRS:
            raise ValueError
    return pairs


def _as_text(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return _decoded(bytes(value))
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError
    return str(value)


def _query_of(text: str) -> str:
    if "?" in text and text.startswith(("http://", "https://", "/")):
        try:
            return urlsplit(text).query
        except ValueError as problem:
            raise CallbackError("the callback's URL cannot be read") from problem
    return text.removeprefix("?")


def _form(text: str) -> list[tuple[str, str]]:
    # A shorter text cannot have more pairs than that.
    if len(text) > _MAX_PAIRS:
        if len(text) > MAX_INPUT_BYTES:
            raise CallbackError("the callback is too long")
        if text.count("&") >= _MAX_PAIRS:
            raise CallbackError("the callback has too many fields")
    return _split(text)


def _split(text: str) -> list[tuple[str, str]]:
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True)
    # Without escapes there is nothing to decode; this takes a third of the time.
    parts = [pair.partition("=") for pair in text.split("&") if pair]
    return [(name, value) for name, _, value in parts]


def _decoded(text: bytes) -> str:
    if len(text) > MAX_INPUT_BYTES:
        raise CallbackError("the callback is too long")
    return text.decode("utf-8", "replace")


def _content(body: Body) -> dict[str, object]:
    if body is None:
        return {}
    if isinstance(body, Mapping):
        return {str(name): value for name, value in body.items()}
    if isinstance(body, (bytes, bytearray)):
        body = _decoded(bytes(body))
    if not isinstance(body, str):
        raise CallbackError("the body must be bytes, text or a mapping")
    if len(body) > MAX_INPUT_BYTES:
        raise CallbackError("the callback is too long")
    body = body.strip("\ufeff \t\r\n")
    if body.startswith("{"):
        try:
            content: JsonValue = from_json(body.encode("utf-8", "replace"))
        except ValueError:
            return {}
        return dict(content) if isinstance(content, dict) else {}
    return dict(_form(body)) if "=" in body else {}


def _payment(body: Body) -> CallbackPayment | None:
    if isinstance(body, _TEXT_TYPES) and len(body) <= MAX_INPUT_BYTES:
        try:
            return read_json(CallbackPayment, body)
        except ValidationError:
            pass  # a form, or JSON of which some fields are readable
    try:
        known = {name: value for name, value in _content(body).items() if value not in (None, "")}
        if found := readable(CallbackPayment, known):
            return CallbackPayment.model_validate(found)
    except CallbackError:
        raise
    except Exception as problem:
        # A framework's mapping may raise anything, and hold a number too long to be written.
        raise CallbackError("the body cannot be read") from problem
    return None
