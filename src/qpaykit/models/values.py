"""Money, times and identifiers: what they may be, and how they are written."""

from __future__ import annotations

import logging
import math
import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from qpaykit._arithmetic import EXACT, HUNDREDTH
from qpaykit._callback_url import MAX_CHARACTERS, check_callback_url
from qpaykit._numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

_logger = logging.getLogger("qpaykit")

T = TypeVar("T")

# Mongolia has kept one offset since 2017, and zone data are missing on Windows.
ULAANBAATAR = timezone(timedelta(hours=8), "Asia/Ulaanbaatar")

MoneyInput: TypeAlias = Decimal | int | str | float
TimeInput: TypeAlias = datetime | date | str

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
        value = float.__repr__(value)  # numpy's floats write themselves in their own way
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
    PlainSerializer(_as_number, when_used="json"),
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


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _empty_text(_: None) -> str:
    return ""


def _text_if_none(source: type[str], handler: GetCoreSchemaHandler) -> CoreSchema:
    # An answer has 60 of these in its bank list: a union takes a text without a call into Python.
    none = core_schema.no_info_after_validator_function(_empty_text, core_schema.none_schema())
    return core_schema.union_schema(
        [handler(source), none], mode="left_to_right", custom_error_type="string_type"
    )


def _list_if_empty(value: object) -> object:
    return [] if value is None or value in ("", {}) else value


def _zero_if_empty(value: object) -> object:
    return 0 if value is None or value == "" else value


def _possible(value: Decimal | None) -> Decimal | None:
    if value is not None and value and value.adjusted() >= _MAX_ANSWER_DIGITS:
        raise PydanticCustomError("money_large", "is more than any payment can be")
    return value


def _lenient_time(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        return _shown_in_ulaanbaatar(_time().validate_python(value))
    except ValidationError:
        # An unreadable date must not stop the delivery of a paid order.
        _logger.warning("QPay sent a time that cannot be read; the field is None.")
        return None


def _lenient_bool(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(_none_if_empty(value))
    except ValidationError:
        _logger.warning("QPay sent a truth value that cannot be read; the field is None.")
        return None


def _in_ulaanbaatar(value: datetime) -> datetime:
    return value if value.tzinfo is not None else value.replace(tzinfo=ULAANBAATAR)


def _shown_in_ulaanbaatar(value: datetime) -> datetime:
    moment = _in_ulaanbaatar(value)
    try:
        return moment.astimezone(ULAANBAATAR)
    except OverflowError:
        return moment  # at the ends of the calendar there is not every zone's time


@cache
def _time() -> TypeAdapter[datetime]:
    return TypeAdapter(datetime)


ResponseMoney = Annotated[
    Decimal | None, BeforeValidator(_none_if_empty), AfterValidator(_possible)
]
"""An amount in an answer: text or number on the wire, exact here."""

ResponseText = Annotated[str, GetPydanticSchema(_text_if_none)]
"""A text in an answer that is "" where QPay sent none."""

ResponseSum = Annotated[Decimal, BeforeValidator(_zero_if_empty), AfterValidator(_possible)]
"""An amount in an answer that is 0 where QPay sent none."""

ResponseTime = Annotated[datetime | None, BeforeValidator(_lenient_time)]
"""A time in an answer, in Ulaanbaatar's zone; without a zone on the wire it is Ulaanbaatar's."""

ResponseBool = Annotated[bool | None, WrapValidator(_lenient_bool)]
"""A truth value in an answer."""

OpenEnum = Annotated[
    T | str | None, Field(union_mode="left_to_right"), BeforeValidator(_none_if_empty)
]
"""A word in an answer: a known one under its name, an unknown one as text."""

ResponseDict = Annotated[dict[str, JsonValue] | None, BeforeValidator(_none_if_empty)]
"""An object in an answer whose fields are not documented."""

ResponseZero: BeforeValidator = BeforeValidator(_zero_if_empty)
"""Reads a missing number as 0."""

ResponseList = Annotated[list[T], BeforeValidator(_list_if_empty)]
"""A list in an answer: empty where QPay sent none."""

is_path_id: Callable[[str], re.Match[str] | None] = re.compile(
    r"[A-Za-z0-9_-]{1,128}", re.ASCII
).fullmatch
"""Matches a text that is written as QPay's ids are, and can reach no other path."""

PathId = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{1,128}$")]


def path_id(value: object, name: str) -> str:
    """Return an id that may stand in a path.

    Args:
        value: The id.
        name: The argument's name, for the error.

    Raises:
        pydantic.ValidationError: It is no id.
    """
    if not (isinstance(value, str) and is_path_id(value)):
        raise refused(
            name, "must be QPay's id as text: letters, digits, - and _, at most 128 of them"
        )
    return value


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


def seconds(value: float, name: str) -> float:
    """Return a number of seconds.

    Args:
        value: The number.
        name: The argument's name, for the error.

    Raises:
        pydantic.ValidationError: It is not above 0, or not finite.
    """
    if not is_number(value) or not 0 < value < math.inf:
        raise refused(name, "must be a number of seconds above 0")
    return value


def callback_url(url: str, *, public: bool = False) -> str:
    """Return a callback URL that QPay can call; see `check_callback_url`.

    Raises:
        pydantic.ValidationError: It is none.
    """
    try:
        return check_callback_url(url, public=public)
    except ValueError as problem:
        raise refused("callback_url", str(problem)) from None


def public_callback_url(url: str | None, *, public: bool) -> str | None:
    """Do as `callback_url` with a URL that may be left out."""
    return None if url is None else callback_url(url, public=public)


def signed_callback_url(url: str) -> str:
    """Return a callback URL that has its signature.

    Raises:
        pydantic.ValidationError: It is longer than 255 characters.
    """
    if len(url) > MAX_CHARACTERS:
        raise refused(
            "callback_url",
            f"would be {len(url)} characters long, its signature included; QPay takes "
            f"{MAX_CHARACTERS}",
        )
    return url


CallbackURL = Annotated[str, StringConstraints(strict=True), AfterValidator(check_callback_url)]
"""A URL that QPay calls, as `check_callback_url` wants it."""


def format_time(value: TimeInput, name: str, *, end: bool = False) -> str:
    """Write a time as payment/list wants it: "YYYY-MM-DD HH:mm:ss" in Ulaanbaatar.

    Args:
        value: A time (without a zone: Ulaanbaatar's), a date, or either as ISO text.
        name: The argument's name, for the error.
        end: Whether a date alone means its last second.

    Raises:
        pydantic.ValidationError: It is no time.
    """
    try:
        moment = _time_to_send(value)
    except PydanticCustomError:
        raise refused(name, _TIME_WANTED) from None
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
        if end:
            moment += timedelta(days=1, seconds=-1)
    return local_time(moment)


def period(start: TimeInput | None, end: TimeInput | None) -> tuple[str, str] | tuple[None, None]:
    """Write the two ends of a time, as `format_time` does; both or neither.

    Raises:
        pydantic.ValidationError: One is missing or no time, or the end is before the start.
    """
    if start is None and end is None:
        return None, None
    if start is None or end is None:
        name = "start_date" if start is None else "end_date"
        raise refused(name, "must be given too: QPay takes both dates or neither")
    first, last = format_time(start, "start_date"), format_time(end, "end_date", end=True)
    if last < first:
        raise refused("end_date", "must not be before start_date")
    return first, last


_TIME_WANTED = 'must be a datetime, a date, or text as "2026-01-31" or "2026-01-31 23:59:59"'
# Stricter than the parser, which would also read a number of seconds.
_TIME_FORM = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_DATE_LENGTH = len("2026-01-31")


def _time_to_send(value: object) -> datetime | date:
    try:
        if isinstance(value, str):
            value = _from_text(value.strip())
        if isinstance(value, datetime):
            value = _in_ulaanbaatar(value)
            # At the ends of the calendar there is not every zone's time.
            value.astimezone(timezone.utc).astimezone(ULAANBAATAR)
    except (ValidationError, OverflowError):
        value = None
    if not isinstance(value, date):
        raise PydanticCustomError("time_form", _TIME_WANTED)
    return value


def _from_text(text: str) -> datetime | date | None:
    if not _TIME_FORM.fullmatch(text):
        return None
    moment = _time().validate_python(text)
    return moment.date() if len(text) == _DATE_LENGTH else moment


def iso_utc(value: datetime | date) -> str:
    """Write a time as QPay echoes it, and a date as it is."""
    if isinstance(value, datetime):
        moment = _in_ulaanbaatar(value).astimezone(timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    return value.isoformat()


def local_time(value: datetime | date) -> str:
    """Write a time as "YYYY-MM-DD HH:mm:ss" in Ulaanbaatar, and a date as it is."""
    if isinstance(value, datetime):
        moment = _in_ulaanbaatar(value).astimezone(ULAANBAATAR)
        return moment.replace(tzinfo=None, microsecond=0).isoformat(" ")
    return value.isoformat()


IsoTime = Annotated[
    datetime | date,
    PlainValidator(_time_to_send),
    PlainSerializer(iso_utc, return_type=str, when_used="json"),
]
"""A time to send as QPay echoes it, in UTC; without a zone it is Ulaanbaatar's."""

LocalTime = Annotated[
    datetime | date,
    PlainValidator(_time_to_send),
    PlainSerializer(local_time, return_type=str, when_used="json"),
]
"""A time to send in Ulaanbaatar's time, without a zone."""


def refused(name: str, problem: str | PydanticCustomError) -> ValidationError:
    """Make the error of an argument that is refused, without its value.

    Args:
        name: The argument's name.
        problem: What is wrong with it.
    """
    if isinstance(problem, str):
        problem = PydanticCustomError("value_error", problem)
    return ValidationError.from_exception_data(
        name, [InitErrorDetails(type=problem, loc=(name,), input=None)], hide_input=True
    )
