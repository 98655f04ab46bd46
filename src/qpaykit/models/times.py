"""Times and dates: what they may be, and how they are written."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, PlainValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from qpaykit._escaping import get_logger
from qpaykit._local_time import ULAANBAATAR as ULAANBAATAR
from qpaykit._local_time import aware
from qpaykit.models.arguments import refused
from qpaykit.models.json_form import written_by

if TYPE_CHECKING:
    from typing import TypeAlias

_logger = get_logger("qpaykit")

TimeInput: TypeAlias = datetime | date | str

_TIME_WANTED = 'must be a datetime, a date, or text as "2026-01-31" or "2026-01-31 23:59:59"'
# Stricter than the parser, which would also read a number of seconds.
_TIME_FORM = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_DATE_LENGTH = len("2026-01-31")


@cache
def _time() -> TypeAdapter[datetime]:
    return TypeAdapter(datetime)


def _in_ulaanbaatar(value: datetime) -> datetime:
    return value if value.tzinfo is not None else value.replace(tzinfo=ULAANBAATAR)


def _shown_in_ulaanbaatar(value: datetime) -> datetime:
    try:
        return aware(value)
    except OverflowError:
        return value  # at the ends of the calendar there is not every zone's time


def _lenient_time(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        return _shown_in_ulaanbaatar(_time().validate_python(value))
    except ValidationError:
        # An unreadable date must not stop the delivery of a paid order.
        _logger.warning("QPay sent a time that cannot be read; the field is None.")
        return None


ResponseTime = Annotated[datetime | None, BeforeValidator(_lenient_time)]
"""A time in an answer, in Ulaanbaatar's zone; without a zone on the wire it is Ulaanbaatar's."""


def format_time(value: TimeInput, name: str, *, end: bool = False) -> str:
    """Write a time as payment/list wants it: "YYYY-MM-DD HH:mm:ss" in Ulaanbaatar.

    Args:
        value: A time (without a zone: Ulaanbaatar's), a date, or either as ISO text.
        name: The argument's name, for the error.
        end: Whether a date alone means its last second.

    Raises:
        pydantic.ValidationError: It is not a time.
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
        moment = aware(value)
        return moment.replace(tzinfo=None, microsecond=0).isoformat(" ")
    return value.isoformat()


IsoTime = Annotated[
    datetime | date,
    PlainValidator(_time_to_send),
    written_by(iso_utc, str),
]
"""A time to send as QPay echoes it, in UTC; without a zone it is Ulaanbaatar's."""

LocalTime = Annotated[
    datetime | date,
    PlainValidator(_time_to_send),
    written_by(local_time, str),
]
"""A time to send in Ulaanbaatar's time, without a zone."""
