"""Fields that several of QPay's answers have."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from qpaykit.simulator.clock import iso

if TYPE_CHECKING:
    from pydantic import JsonValue

CREATED_BY = "QPAY"


def stamps(created_at: float, updated_at: float) -> dict[str, JsonValue]:
    """Return who made an object and when, and who changed it last.

    Args:
        created_at: Seconds since 1970.
        updated_at: Seconds since 1970.
    """
    return {
        "created_by": CREATED_BY,
        "created_date": iso(created_at),
        "updated_by": CREATED_BY,
        "updated_date": iso(updated_at),
        "status": True,
    }


def id_of_part(parent: str, part: str) -> str:
    """Return an id for a part of an object, the same each time.

    Args:
        parent: The object's id.
        part: The part's name.
    """
    return str(uuid.uuid5(uuid.UUID(parent), part))
