"""What a store remembers of an invoice, so that its callback needs one request less."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from pydantic import TypeAdapter, ValidationError

from qpaykit.callbacks.parse import SIGNATURE

# QPay can be asked for what was forgotten, so nothing need be kept for long.
REMEMBER_SECONDS = 86_400.0

_PAIR: TypeAdapter[tuple[str | None, str | None]] = TypeAdapter(tuple[str | None, str | None])


def remembered_key(account: str, invoice_id: str) -> str:
    """Where a store keeps what is known of an invoice."""
    return f"invoice:{account}:{invoice_id}"


@dataclass(frozen=True)
class Remembered:
    """What ties an invoice to a signed callback URL.

    Attributes:
        sender_invoice_no: The invoice's order number.
        signature: The signature in the invoice's own callback URL.
    """

    sender_invoice_no: str | None
    signature: str | None

    @classmethod
    def of(cls, sender_invoice_no: str | None, callback_url: str | None) -> Remembered:
        """Take from an invoice what is worth remembering."""
        query = parse_qs(urlsplit(callback_url or "").query)
        return cls(sender_invoice_no, next(iter(query.get(SIGNATURE, ())), None))

    @classmethod
    def read(cls, text: str | None) -> Remembered | None:
        """Read a store's text; None for what is not one."""
        try:
            return None if text is None else cls(*_PAIR.validate_json(text))
        except ValidationError:
            return None

    def text(self) -> str:
        """The text under which a store keeps it."""
        return _PAIR.dump_json((self.sender_invoice_no, self.signature)).decode()

    def matches(self, sender_invoice_no: str, signature: str | None) -> bool:
        """Say whether a callback with this signature, for this order, is of this invoice."""
        return self.sender_invoice_no == sender_invoice_no and self.signature == signature
