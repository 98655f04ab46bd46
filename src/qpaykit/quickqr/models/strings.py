"""Register numbers and phone numbers, checked before they are sent."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

_COMPANY = re.compile(r"[0-9]{7}", re.ASCII)
_PERSON = re.compile(r"[А-ЯЁӨҮ]{2}[0-9]{8}")
_PHONE = re.compile(r"[0-9]{8}", re.ASCII)
_COUNTRY = re.compile(r"(\+|00)?976(?=[0-9]{8}$)", re.ASCII)
_BLANKS = re.compile(r"[\s-]+")
# Latin capitals, each with the Cyrillic capitals of the same shape.
_LOOK_ALIKES = {
    "A": "А",
    "B": "В",
    "C": "С",
    "E": "Е",
    "H": "Н",
    "K": "К",
    "M": "М",
    "O": "О or Ө",
    "P": "Р",
    "T": "Т",
    "X": "Х",
    "Y": "Ү or У",
}


def _company(value: str) -> str:
    number = register_number(value)
    if not _COMPANY.fullmatch(number):
        raise PydanticCustomError(
            "register_number",
            "must be a company's register number, 7 digits; a person's goes to create_person",
        )
    return number


def _person(value: str) -> str:
    number = register_number(value)
    latin = [letter for letter in number[:2] if letter in _LOOK_ALIKES]
    if latin:
        raise PydanticCustomError(
            "register_number",
            "begins with Latin letters: {letters}. Write them in Cyrillic",
            {"letters": ", ".join(f"{one} for {_LOOK_ALIKES[one]}" for one in latin)},
        )
    if not _PERSON.fullmatch(number):
        raise PydanticCustomError(
            "register_number",
            "must be a person's register number, two Cyrillic letters and 8 digits; a company's "
            "goes to create_company",
        )
    return number


def _phone(value: str) -> str:
    number = _COUNTRY.sub("", _BLANKS.sub("", value))
    if not _PHONE.fullmatch(number):
        raise PydanticCustomError("phone", "must be a Mongolian phone number, 8 digits")
    return number


def register_number(value: str) -> str:
    """Return a register number, a company's or a person's, as QPay writes it."""
    # In some inputs й and ё are two characters each: the letter and its mark.
    return unicodedata.normalize("NFC", _BLANKS.sub("", value)).upper()


CompanyNumber = Annotated[str, StringConstraints(strict=True), AfterValidator(_company)]
"""A company's register number: 7 digits."""

PersonNumber = Annotated[str, StringConstraints(strict=True), AfterValidator(_person)]
"""A person's register number: two Cyrillic letters and 8 digits."""

Phone = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    StringConstraints(strict=True),
    AfterValidator(_phone),
]
"""A phone number of 8 digits; +976 and blanks are dropped."""

Email = Annotated[str, StringConstraints(strict=True, max_length=255, pattern=r"^[^@\s]+@[^@\s]+$")]
MccCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{4}$")]
"""A merchant category code of ISO 18245: four digits, of which QPay knows some ninety."""
