"""The bearer token: as QPay sends it, as a store keeps it, and when it expires."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeGuard

from pydantic import SecretStr

from qpaykit._escaping import get_logger
from qpaykit._numbers import is_number

if TYPE_CHECKING:
    from qpaykit.models.auth import TokenResponse

_logger = get_logger("qpaykit.tokens")

# Larger numbers are points in time, smaller ones durations in seconds.
_FIRST_TIMESTAMP_SECONDS = 1e9
_FIRST_TIMESTAMP_MILLISECONDS = 1e12
_LAST_TIMESTAMP_SECONDS = 1e11  # some three thousand years from now
_DEFAULT_LIFETIME_SECONDS = 3600.0
_RENEW_BEFORE_SECONDS = 600.0
_UNUSABLE_BEFORE_SECONDS = 10.0


class Token:
    """A token pair and its times, as seconds since 1970.

    Args:
        access: The access token, which requests are sent with.
        refresh: The refresh token, which gets the next pair; None where QPay sent none.
        issued_at: When the pair was received.
        expires_at: When the access token expires.
    """

    def __init__(
        self, access: SecretStr, refresh: SecretStr | None, issued_at: float, expires_at: float
    ) -> None:
        self.access: SecretStr = access
        self.refresh: SecretStr | None = refresh
        self.issued_at: float = issued_at
        self.expires_at: float = expires_at
        self.bearer: SecretStr = SecretStr(f"Bearer {access.get_secret_value()}")

    def is_valid(self, now: float) -> bool:
        """Return whether the access token has not expired."""
        return now < self.expires_at - self._margin(_UNUSABLE_BEFORE_SECONDS)

    def needs_renewal(self, now: float) -> bool:
        """Return whether the access token expires soon and should be renewed."""
        return now >= self.expires_at - self._margin(_RENEW_BEFORE_SECONDS)

    def _margin(self, seconds: float) -> float:
        # A token with a lifetime of a minute must not need renewal from its first second.
        share = 0.1 if seconds == _RENEW_BEFORE_SECONDS else 0.02
        return min(seconds, share * (self.expires_at - self.issued_at))

    def to_json(self) -> str:
        """Return the text that a store keeps."""
        return json.dumps(
            (
                self.access.get_secret_value(),
                self.refresh.get_secret_value() if self.refresh else None,
                self.issued_at,
                self.expires_at,
            )
        )

    @classmethod
    def from_json(cls, text: str | None) -> Token | None:
        """Parse the text that a store keeps; None for anything else."""
        if text is None:
            return None
        try:
            access, refresh, issued_at, expires_at = json.loads(text)
        except (TypeError, ValueError, RecursionError):
            return None
        is_possible = all(
            is_number(moment) and 0 <= moment <= _LAST_TIMESTAMP_SECONDS
            for moment in (issued_at, expires_at)
        )
        if not (is_possible and _can_be_sent(access)):
            return None
        return cls(
            SecretStr(access),
            SecretStr(refresh) if _can_be_sent(refresh) else None,
            float(issued_at),
            float(expires_at),
        )


def token_from_response(answer: TokenResponse, now: float) -> Token:
    """Make a token from QPay's answer.

    `expires_in` is a timestamp in every known answer of QPay, despite its name. A number too small
    for a timestamp is read as a duration in seconds.

    Raises:
        ValueError: It holds no access token, or one that cannot be sent in a header.
    """
    access = answer.access_token
    if not _can_be_sent(access):
        raise ValueError("it holds no access_token")
    stated = float(answer.expires_in or 0)
    if stated >= _FIRST_TIMESTAMP_MILLISECONDS:
        stated /= 1000
    expires_at = (
        stated if stated > _FIRST_TIMESTAMP_SECONDS else now + (stated or _DEFAULT_LIFETIME_SECONDS)
    )
    if expires_at <= now:
        # Without this every call would log in again. QPay answers 401 once a token has expired.
        _logger.warning("QPay sent a token that has already expired. Check this machine's clock.")
        expires_at = now + _DEFAULT_LIFETIME_SECONDS
    refresh = answer.refresh_token
    return Token(
        SecretStr(access), SecretStr(refresh) if _can_be_sent(refresh) else None, now, expires_at
    )


def _can_be_sent(token: object) -> TypeGuard[str]:
    return (
        isinstance(token, str)
        and token != ""
        and token.isascii()
        and token.isprintable()
        and " " not in token
    )
