"""The banks behind QPay's bank codes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class BankName(NamedTuple):
    """A bank's name in both languages."""

    english: str
    mongolian: str


BANKS: Mapping[str, BankName] = MappingProxyType(
    {
        "010000": BankName("Bank of Mongolia", "Монголбанк"),
        "020000": BankName("Capital Bank", "Капитал банк"),
        "040000": BankName("Trade and Development Bank", "Худалдаа хөгжлийн банк"),
        "050000": BankName("Khan Bank", "Хаан банк"),
        "100000": BankName("Test bank", "Тест банк"),
        "150000": BankName("Golomt Bank", "Голомт банк"),
        "190000": BankName("Trans Bank", "Тээвэр хөгжлийн банк"),
        "210000": BankName("Arig Bank", "Ариг банк"),
        "220000": BankName("Credit Bank", "Кредит банк"),
        "290000": BankName("National Investment Bank", "Үндэсний хөрөнгө оруулалтын банк"),
        "300000": BankName("Capitron Bank", "Капитрон банк"),
        "320000": BankName("Xac Bank", "Хас банк"),
        "330000": BankName("Chinggis Khaan Bank", "Чингис хаан банк"),
        "340000": BankName("State Bank", "Төрийн банк"),
        "360000": BankName("Development Bank", "Хөгжлийн банк"),
        "380000": BankName("Bogd Bank", "Богд банк"),
        "390000": BankName("M bank", "М банк"),
        "500000": BankName("Mobi finance", "Мобифинанс"),
        "900000": BankName("State fund", "Төрийн сан"),
        "990000": BankName("Monpay", "Монпэй"),
        "991000": BankName("M bank", "М банк"),  # in QPay's older table
        "993000": BankName("Invescore", "Инвескор"),
        "TOKI": BankName("Toki", "Токи"),
    }
)


def bank_name(code: str, lang: Literal["en", "mn"] = "en") -> str | None:
    """Return the name of a bank, or None for a code that is not in the table.

    Args:
        code: Six digits, mostly; newer providers have words, such as "TOKI".
        lang: The language of the name, "en" or "mn".
    """
    name = BANKS.get(code)
    if name is None:
        return None
    return name.mongolian if lang == "mn" else name.english
