"""The banks behind QPay's bank codes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BANKS: Mapping[str, str] = MappingProxyType(
    {
        "010000": "Bank of Mongolia",
        "020000": "Capital Bank",
        "040000": "Trade and Development Bank",
        "050000": "Khan Bank",
        "100000": "Test bank",
        "150000": "Golomt Bank",
        "190000": "Trans Bank",
        "210000": "Arig Bank",
        "220000": "Credit Bank",
        "290000": "National Investment Bank",
        "300000": "Capitron Bank",
        "320000": "Xac Bank",
        "330000": "Chinggis Khaan Bank",
        "340000": "State Bank",
        "360000": "Development Bank",
        "380000": "Bogd Bank",
        "390000": "M bank",
        "500000": "Mobi finance",
        "900000": "State fund",
        "990000": "Monpay",
        "991000": "M bank",  # in QPay's older table
        "993000": "Invescore",
    }
)


def bank_name(code: str) -> str | None:
    """Return the name of a bank, or None for a code that is not in the table.

    Args:
        code: Six digits, mostly; newer providers have words, such as "TOKI".
    """
    return BANKS.get(code)
