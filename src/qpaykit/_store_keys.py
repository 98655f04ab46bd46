"""The parts of the keys of a store."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

DELIVERY_PREFIX = "delivered:"
"""What the keys of deliveries begin with, as `Store` promises."""

_MAX_KEY_PART_CHARACTERS = 100


def key_part(text: str) -> str:
    """Return a text as printable ASCII of at most 100 characters; a longer one as its hash."""
    part = quote(text, safe="")
    if len(part) > _MAX_KEY_PART_CHARACTERS:
        return hashlib.sha256(text.encode()).hexdigest()
    return part
