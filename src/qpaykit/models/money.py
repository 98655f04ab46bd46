"""Amounts of money: what they may be, and how they are written."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from qpaykit._arithmetic import EXACT, HUNDREDTH
from qpaykit.models.arguments import refused
from qpaykit.models.json_form import written_by
from qpaykit.models.response_types import none_if_empty, zero_if_empty

if TYPE_CHECKING:
    from typing import TypeAlias

MoneyInput: TypeAlias = Decimal | int | str | float

_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
# A JSON number is read as a binary double, which carries fifteen digits and no more:
# thirteen and the two decimals.
_MAX_WHOLE_DIGITS = 13
_TEN_THOUSANDTH = Decimal("0.0001")
_MAX_ANSWER_DIGITS = 15


def _exact(value: object) -> Decimal:
    """Make a Decimal of a value without ever doing arithmetic in binary."""
    if isinstance(value, bool):
        raise PydanticCustomError("money_type", "must be a number, not a truth value")
    if isinstance(value, float):
        value = float.__repr__(value)  # numpy's floats have a repr of their own
        if not _PLAIN.fullmatch(value):
            raise PydanticCustomError("money_form", "must be a plain number, 0 or more")
    if isinstance(value, str):
        if not _PLAIN.fullmatch(value):
            raise PydanticCustomError(
                "money_form", "must be written in digits, with a point before decimals"
            )
        return Decimal(value)
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise PydanticCustomError("money_form", "must be a finite number")
        return value
    raise PydanticCustomError("money_type", "must be a Decimal, an int, a text or a float")


def _fixed(value: Decimal, unit: Decimal) -> Decimal:
    if value < 0:
        raise PydanticCustomError("money_negative", "must not be negative")
    if value and value.adjusted() >= _MAX_WHOLE_DIGITS:
        raise PydanticCustomError("money_large", "is too large for QPay to carry exactly")
    rounded = value.quantize(unit, context=EXACT)
    if rounded != value:
        raise PydanticCustomError(
            "money_decimals",
            "must have at most {decimals} decimals: round it as your bookkeeping demands",
            {"decimals": -unit.adjusted()},
        )
    return rounded.copy_abs()  # "-0.00" is 0


def _in_hundredths(value: Decimal) -> Decimal:
    return _fixed(value, HUNDREDTH)


def _in_ten_thousandths(value: Decimal) -> Decimal:
    return _fixed(value, _TEN_THOUSANDTH)


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise PydanticCustomError("money_positive", "must be above 0")
    return value


def _as_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


Money = Annotated[
    Decimal,
    BeforeValidator(_exact),
    AfterValidator(_in_hundredths),
    written_by(_as_number, int | float),
]
"""An amount to send, as a JSON number."""

PositiveMoney = Annotated[Money, AfterValidator(_positive)]
"""An amount to send that is above 0."""

MoneyText = Annotated[
    Decimal,
    BeforeValidator(_exact),
    AfterValidator(_in_hundredths),
    AfterValidator(_positive),
]
"""A price or quantity above 0 to send, as text with two decimals."""

TaxAmount = Annotated[
    Decimal,
    BeforeValidator(_exact),
    AfterValidator(_in_ten_thousandths),
]
"""A tax to send, as text with four decimals."""


def _possible(value: Decimal | None) -> Decimal | None:
    if value is not None and value and value.adjusted() >= _MAX_ANSWER_DIGITS:
        raise PydanticCustomError("money_large", "is more than any payment can be")
    return value


ResponseMoney = Annotated[Decimal | None, BeforeValidator(none_if_empty), AfterValidator(_possible)]
"""An amount in an answer: text or number on the wire, exact here."""

ResponseSum = Annotated[Decimal, BeforeValidator(zero_if_empty), AfterValidator(_possible)]
"""An amount in an answer that is 0 where QPay sent none."""


def parse_money(value: MoneyInput, name: str = "amount") -> Decimal:
    """Return an amount exactly, with two decimals.

    Args:
        value: The amount; a float as its `repr` writes it.
        name: The argument's name, for the error.

    Raises:
        pydantic.ValidationError: It is negative, not finite, a truth value, has more than
            two decimals, or more than thirteen digits before them.
    """
    try:
        return _in_hundredths(_exact(value))
    except PydanticCustomError as problem:
        raise refused(name, problem) from None
