"""Callback URLs as fields and as arguments."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from qpaykit._callback_url import MAX_URL_CHARACTERS, check_callback_url
from qpaykit.models.arguments import refused

CallbackURL = Annotated[str, StringConstraints(strict=True), AfterValidator(check_callback_url)]
"""A URL that QPay calls, as `check_callback_url` wants it."""


def callback_url(url: str, *, public: bool = False) -> str:
    """Return a callback URL that QPay can call; see `check_callback_url`.

    Raises:
        pydantic.ValidationError: It is invalid.
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
    if len(url) > MAX_URL_CHARACTERS:
        raise refused(
            "callback_url",
            f"would be {len(url)} characters long, its signature included; QPay takes "
            f"{MAX_URL_CHARACTERS}",
        )
    return url
