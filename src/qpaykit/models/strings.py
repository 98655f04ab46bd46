"""Texts to send, and their limits in characters."""

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

Str20 = Annotated[str, StringConstraints(strict=True, max_length=20)]
Str45 = Annotated[str, StringConstraints(strict=True, max_length=45)]
Str100 = Annotated[str, StringConstraints(strict=True, max_length=100)]
Str255 = Annotated[str, StringConstraints(strict=True, max_length=255)]
Str1000 = Annotated[str, StringConstraints(strict=True, max_length=1000)]
RequiredStr45 = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=45)]
RequiredStr100 = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100)]
RequiredStr255 = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255)]
OrderNumber = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    StringConstraints(strict=True, min_length=1, max_length=45),
]
"""An order number: text, or a whole number that is sent as text."""
NonEmptyStr = Annotated[str, StringConstraints(strict=True, min_length=1)]

DistrictCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{4}$")]
"""Where a receipt is given: four digits of the tax office's list."""
