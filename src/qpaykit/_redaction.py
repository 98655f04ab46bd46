"""Masks secrets in logs, errors and reprs, and has the list of private fields."""

from __future__ import annotations

import json
import re
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic_core import from_json

if TYPE_CHECKING:
    from pydantic import JsonValue, SecretStr

MASK = "***"
MAX_TEXT_CHARACTERS = 20_000
MAX_SHOWN_CHARACTERS = 80
MAX_SHOWN_ITEMS = 3

_MAX_BODY_BYTES = 1_000_000
_MAX_REMEMBERED_SECRETS = 16
_PRIVATE_FIELDS = (
    "access_token|refresh_token|password|client_secret|authorization|card_number|account_number"
    "|iban_number|session_state"
)
# Patterns are texts: re compiles each when it is first used. Most processes show no secret.
_PRIVATE_FIELD = rf"(?i){_PRIVATE_FIELDS}"
# In text that is not JSON the end of a list is unknown, so everything after it is masked.
_FIELDS_IN_TEXT = (
    rf'(?is)((?<!\\)\\*"(?:{_PRIVATE_FIELDS})\\*"\s*:\s*)'
    r'([\[{].*|\\*"(?:[^"\\]|\\.)*"?|[^,}\]\s]+)'
)
_TOKENS = r"\b(Basic|Bearer)\s+[A-Za-z0-9._~+/=-]+|\beyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9._-]*"
_ESCAPED = "%[0-9A-F]{2}"
# A percent-escape before a card number, such as that of a space, may end in digits too.
_CARDS = r"(%\d\d|(?<!\d))([2-689](?:[ -]?\d){12,18})(?!\d)"


class Redactor:
    """Masks secrets by their field's name, by their form, and by their value if it is known."""

    def __init__(self) -> None:
        self._recent: deque[SecretStr] = deque(maxlen=_MAX_REMEMBERED_SECRETS)
        self._permanent: list[SecretStr] = []

    def learn(self, *secrets: SecretStr, permanent: bool = False) -> None:
        """Mask these values from now on.

        Args:
            secrets: The values.
            permanent: Whether they are masked always; otherwise until 16 newer ones were added.
        """
        (self._permanent if permanent else self._recent).extend(secrets)

    def body(self, body: bytes) -> str:
        """Turn a body into text that may be shown: secrets masked, of bounded length."""
        if len(body) > _MAX_BODY_BYTES:
            return f"({len(body)} bytes)"
        text = body.decode("utf-8", "replace")
        # A field's name may be written with JSON escapes.
        if re.search(_PRIVATE_FIELD, text) or "\\" in text:
            text = self._by_field(text)
        return self._by_form(text)[:MAX_TEXT_CHARACTERS]

    def text(self, text: str) -> str:
        """Mask the secrets in a text, such as an error message of QPay."""
        return self.body(text.encode("utf-8", "replace"))

    def _by_form(self, text: str) -> str:
        text = re.sub(_FIELDS_IN_TEXT, rf'\g<1>"{MASK}"', self._by_value(text))
        return re.sub(_CARDS, _mask_if_card, re.sub(_TOKENS, MASK, text))

    def _by_value(self, text: str) -> str:
        for secret in (*self._permanent, *self._recent):
            for spelling in _spellings(secret):
                text = text.replace(spelling, MASK)
        return text

    def _by_field(self, text: str) -> str:
        try:
            content: JsonValue = from_json(text)
        except ValueError:
            return text
        if not isinstance(content, (dict, list)):
            return text
        return json.dumps(self._masked(content), ensure_ascii=False)

    def _masked(self, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return {
                self._by_value(key): MASK if is_private(key) else self._masked(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self._masked(inner) for inner in value]
        # A string may contain JSON.
        return self._by_value(self._by_field(value)) if isinstance(value, str) else value


@lru_cache(maxsize=64)
def _spellings(secret: SecretStr) -> tuple[str, ...]:
    """Return a secret as JSON, JSON in JSON, HTML and URLs write it, longest first."""
    from html import escape
    from urllib.parse import quote, quote_plus

    plain = secret.get_secret_value()
    in_json = [json.dumps(plain, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
    nested = [json.dumps(one, ensure_ascii=False)[1:-1] for one in in_json]
    in_html = [escape(plain, quote=quotes) for quotes in (True, False)]
    in_urls = [quote(plain), quote(plain, safe=""), quote_plus(plain)]
    in_urls += [re.sub(_ESCAPED, lambda found: found[0].lower(), one) for one in in_urls]
    every = {plain, *in_json, *nested, *in_html, *in_urls}
    return tuple(sorted(every, key=len, reverse=True))


def shown(value: object) -> object:
    """Return a value of an answer as a repr may show it: masked, and of bounded length."""
    if type(value) is str:
        text = Redactor().text(value)
        return (
            text
            if len(text) <= MAX_SHOWN_CHARACTERS
            else f"{text[:MAX_SHOWN_CHARACTERS]}… ({len(text)} characters)"
        )
    if type(value) is int:
        return MASK if re.sub(_CARDS, _mask_if_card, str(value)) == MASK else value
    if isinstance(value, dict):
        return {
            shown(key): MASK if is_private(key) else shown(inner) for key, inner in value.items()
        }
    if isinstance(value, list):
        few = [shown(inner) for inner in value[:MAX_SHOWN_ITEMS]]
        return few if len(value) <= MAX_SHOWN_ITEMS else [*few, f"… {len(value)} in all"]
    return value


def is_private(name: str) -> bool:
    """Return whether the value of a field of this name must not be shown."""
    return re.fullmatch(_PRIVATE_FIELD, name) is not None


def _mask_if_card(found: re.Match[str]) -> str:
    escape, number = found.groups()
    if _passes_luhn_check(number):
        return escape + MASK
    return f"%{MASK}" if escape and _passes_luhn_check(found[0][1:]) else found[0]


def _passes_luhn_check(number: str) -> bool:
    digits = [int(sign) for sign in number if sign.isdigit()][::-1]
    total = sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return total % 10 == 0
