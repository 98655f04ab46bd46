"""Reads the fields of the JSON records that a store keeps."""

from __future__ import annotations

from decimal import Decimal


def text_field(value: object) -> str:
    """Return a text.

    Raises:
        TypeError: It is not a text.
    """
    if not isinstance(value, str):
        raise TypeError
    return value


def amount_field(value: object) -> Decimal:
    """Return an amount, which is kept as text.

    Raises:
        TypeError: It is not a text.
        ValueError: It is not finite.
        decimal.InvalidOperation: It is not a number.
    """
    amount = Decimal(text_field(value))
    if not amount.is_finite():
        raise ValueError
    return amount
