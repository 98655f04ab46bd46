"""Texts to send, and their limits in characters."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Text20 = Annotated[str, StringConstraints(strict=True, max_length=20)]
Text45 = Annotated[str, StringConstraints(strict=True, max_length=45)]
Text100 = Annotated[str, StringConstraints(strict=True, max_length=100)]
Text255 = Annotated[str, StringConstraints(strict=True, max_length=255)]
Text1000 = Annotated[str, StringConstraints(strict=True, max_length=1000)]
Needed45 = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=45)]
Needed100 = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100)]
Needed255 = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255)]
Word = Annotated[str, StringConstraints(strict=True, min_length=1)]

DistrictCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{4}$")]
"""Where a receipt is given: four digits of the tax office's list."""
