"""Chooses the language of the commands, English or Mongolian, and translates their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qpaykit.cli.translations import MONGOLIAN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LANGUAGES = ("en", "mn")
OPTION = "--lang"
# Letters that cp1251, the code page of Cyrillic Windows, does not have.
_MONGOLIAN_LETTERS = "өүӨҮ"
_CYRILLIC = "аяАЯ"
# What people write on a keyboard or in a code page without these letters.
_SIMILAR = {"ө": "о", "ү": "у", "Ө": "О", "Ү": "У", "“": '"', "”": '"', "…": "..."}
# As gettext reads them: the first that is set decides.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def take_language(
    arguments: Sequence[str], environment: Mapping[str, str], *, encoding: str
) -> tuple[str, list[str]]:
    """Remove `--lang` from a command line; it may be anywhere, and help texts need it first.

    Args:
        arguments: The command line, without the program's name.
        environment: Where the locale is looked up if there is no `--lang`.
        encoding: The terminal's: where it has no Mongolian letters, the locale does not count.

    Returns:
        The language, and the rest of the command line.

    Raises:
        ValueError: It is a language that is not in `LANGUAGES`, or none is named.
    """
    rest: list[str] = []
    chosen: str | None = None
    words = iter(arguments)
    for word in words:
        name, given, value = word.partition("=")
        if word == "--":
            rest += [word, *words]
        elif name == OPTION:
            chosen = value if given else next(words, "")
        else:
            rest.append(word)
    if chosen is None:
        chosen = _of_locale(environment, encoding)
    if chosen not in LANGUAGES:
        raise ValueError(f"--lang must be {' or '.join(LANGUAGES)}")
    return chosen, rest


def _of_locale(environment: Mapping[str, str], encoding: str) -> str:
    locale = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    is_mongolian = locale.lower().startswith(("mn", "mongolian"))
    return "mn" if is_mongolian and is_encodable(_MONGOLIAN_LETTERS, encoding) else "en"


def is_encodable(text: str, encoding: str) -> bool:
    """Return whether an encoding has every letter of a text.

    Args:
        text: Any text.
        encoding: Such as "cp1251".
    """
    try:
        text.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def fit(text: str, encoding: str) -> str:
    """Replace the letters and quotation marks that a terminal does not have by similar ones.

    Args:
        text: A text of ours or of QPay's, not an order number or another name.
        encoding: The terminal's.
    """
    if is_encodable(text, encoding):
        return text
    return "".join(
        one if is_encodable(one, encoding) or not is_encodable(similar, encoding) else similar
        for one in text
        for similar in (_SIMILAR.get(one, one),)
    )


def shown_language(language: str, encoding: str) -> str:
    """Return the language that a terminal can show: English where it has no Cyrillic at all.

    Args:
        language: One of `LANGUAGES`.
        encoding: The terminal's.
    """
    return language if is_encodable(_CYRILLIC, encoding) else "en"


def translate(text: str, language: str) -> str:
    """Return an English text in a language; as it is where it has no translation.

    Args:
        text: The text, with the names of its values in braces.
        language: One of `LANGUAGES`.
    """
    return MONGOLIAN.get(text, text) if language == "mn" else text
