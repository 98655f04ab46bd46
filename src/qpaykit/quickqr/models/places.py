"""The codes of provinces and of the capital's districts, as Quick QR has them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from qpaykit._escaping import get_logger
from qpaykit.models.base import ResponseModel
from qpaykit.models.response_types import ResponseList, ResponseText

_logger = get_logger("qpaykit.quickqr")

_CAPITAL = "11000"
_CODE_DIGITS = 5


class PlaceName(NamedTuple):
    """A place's name in both languages."""

    english: str
    mongolian: str


CITIES: Mapping[str, PlaceName] = MappingProxyType(
    {
        "11000": PlaceName("Ulaanbaatar", "Улаанбаатар"),
        "21000": PlaceName("Dornod", "Дорнод"),
        "22000": PlaceName("Sukhbaatar", "Сүхбаатар"),
        "23000": PlaceName("Khentii", "Хэнтий"),
        "41000": PlaceName("Tuv", "Төв"),
        "42000": PlaceName("Govisumber", "Говьсүмбэр"),
        "43000": PlaceName("Selenge", "Сэлэнгэ"),
        "44000": PlaceName("Dornogovi", "Дорноговь"),
        "45000": PlaceName("Darkhan-Uul", "Дархан-Уул"),
        "46000": PlaceName("Umnugovi", "Өмнөговь"),
        "48000": PlaceName("Dundgovi", "Дундговь"),
        "61000": PlaceName("Orkhon", "Орхон"),
        "62000": PlaceName("Uvurkhangai", "Өвөрхангай"),
        "63000": PlaceName("Bulgan", "Булган"),
        "64000": PlaceName("Bayankhongor", "Баянхонгор"),
        "65000": PlaceName("Arkhangai", "Архангай"),
        "67000": PlaceName("Khuvsgul", "Хөвсгөл"),
        "81000": PlaceName("Zavkhan", "Завхан"),
        "82000": PlaceName("Govi-Altai", "Говь-Алтай"),
        "83000": PlaceName("Bayan-Ulgii", "Баян-Өлгий"),
        "84000": PlaceName("Khovd", "Ховд"),
        "85000": PlaceName("Uvs", "Увс"),
    }
)
"""The capital and the provinces, by their code."""

DISTRICTS: Mapping[str, PlaceName] = MappingProxyType(
    {
        "12000": PlaceName("Baganuur", "Багануур"),
        "12300": PlaceName("Bagakhangai", "Багахангай"),
        "12600": PlaceName("Nalaikh", "Налайх"),
        "13000": PlaceName("Bayanzurkh", "Баянзүрх"),
        "14000": PlaceName("Sukhbaatar", "Сүхбаатар"),
        "15000": PlaceName("Chingeltei", "Чингэлтэй"),
        "16000": PlaceName("Bayangol", "Баянгол"),
        "17000": PlaceName("Khan-Uul", "Хан-Уул"),
        "18000": PlaceName("Songinokhairkhan", "Сонгинохайрхан"),
    }
)
"""The districts of the capital, by their code; a province's come from `places.districts`."""


class Place(ResponseModel):
    """A province or a district, as QPay lists it.

    Attributes:
        code: Five digits.
        name: Its name in Mongolian.
    """

    code: ResponseText = ""
    name: ResponseText = ""


class PlaceList(ResponseModel):
    """The places that QPay lists."""

    rows: ResponseList[Place] = []

    @model_validator(mode="before")
    @classmethod
    def _bare_or_in_an_object(cls, content: object) -> object:
        """Read a bare list, as most clients see it, as the rows of an object."""
        return {"rows": content} if isinstance(content, list) else content


def _five_digits(code: str) -> str:
    if not (code.isascii() and code.isdigit() and len(code) == _CODE_DIGITS):
        raise PydanticCustomError(
            "place_code",
            "must be one of QPay's five-digit codes, such as 14000: see CITIES, DISTRICTS and "
            "places.districts(); the four-digit codes of e-barimt are others",
        )
    return code


PlaceCode = Annotated[str, StringConstraints(strict=True), AfterValidator(_five_digits)]
"""The code of a province or of a district."""


def warn_of_unknown_place(city: str, district: str) -> None:
    """Log a warning about codes that the tables do not have; QPay may know more."""
    if city not in CITIES:
        _logger.warning(
            "city %s is not in CITIES. QPay may refuse it: compare places.cities().", city
        )
    elif (city == _CAPITAL) != (district in DISTRICTS):
        _logger.warning(
            "district %s is %s, and city is %s. QPay may refuse it: compare "
            'places.districts("%s").',
            district,
            "not in DISTRICTS" if city == _CAPITAL else "in DISTRICTS, the capital's",
            city,
            city,
        )
