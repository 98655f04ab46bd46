"""What the callback URL of an invoice is signed for."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from typing_extensions import Self

_TOKEN_BYTES = 6
_SEPARATOR = "~"


class Reference(NamedTuple):
    """An order, a sub-merchant, and a random token: an order may have several invoices.

    Attributes:
        order_no: The order's number, or that of its later invoice, such as "42-2".
        merchant_id: The sub-merchant's id; "" where the URL has no room for it.
    """

    order_no: str
    merchant_id: str

    def to_text(self) -> str:
        """Write it with a new token."""
        return _SEPARATOR.join((*self, secrets.token_urlsafe(_TOKEN_BYTES)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read it; "" stands for what the text does not name."""
        order_no, merchant_id, _ = ["", "", *text.rsplit(_SEPARATOR, 2)][-3:]
        return cls(order_no, merchant_id)
