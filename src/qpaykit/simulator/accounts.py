"""Accounts and their tokens: logins, refreshes, and which tokens are valid."""

from __future__ import annotations

import secrets
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qpaykit.simulator import jwt
from qpaykit.simulator.error_responses import ErrorResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qpaykit.simulator.clock import Clock

ACCESS_LIFETIME_SECONDS = 86_400
REFRESH_LIFETIME_SECONDS = 100_800
_IDS = uuid.UUID("5f1c5f0a-0c6e-4a2e-9a0e-6d6c0f4f7a11")


@dataclass(eq=False)
class Account:
    """A merchant's login.

    Attributes:
        invoice_codes: The codes of its invoices, and whether each is for e-barimt.
        client_id: QPay's id of the login; the same at each start.
        merchant_id: QPay's id of the merchant, which payment/list takes; the same at each start.
    """

    username: str
    password: str = field(repr=False)
    invoice_codes: dict[str, bool]
    client_id: str = field(init=False)
    merchant_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.client_id = str(uuid.uuid5(_IDS, f"client {self.username}"))
        self.merchant_id = str(uuid.uuid5(_IDS, f"merchant {self.username}"))


@dataclass
class TokenPair:
    """The two tokens of one login, and when each expires."""

    account: Account
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_expires_at: float
    refresh_expires_at: float


class Accounts:
    """The accounts, and their tokens."""

    def __init__(self, clock: Clock) -> None:
        self.single_live_token: bool = True
        self._clock = clock
        self._restarted_at = int(clock.now())
        self._signing_key = secrets.token_bytes(32)
        self._accounts: dict[str, Account] = {}
        self._tokens: list[TokenPair] = []
        self._lock = threading.RLock()

    def add(self, account: Account) -> None:
        """Add an account."""
        self._accounts[account.username] = account

    def find(self, username: str) -> Account | None:
        """Return the account of a user name; None where there is none."""
        return self._accounts.get(username)

    def reset(self) -> None:
        """Delete everything but the accounts."""
        self.single_live_token = True
        self.revoke_tokens()

    def revoke_tokens(self) -> None:
        """Revoke every token."""
        with self._lock:
            self._tokens.clear()

    def tokens(self) -> list[TokenPair]:
        """Return the token pairs that are valid, or can be refreshed."""
        with self._lock:
            now = self._clock.now()
            return [pair for pair in self._tokens if now < pair.refresh_expires_at]

    def restore_tokens(self, pairs: Iterable[TokenPair]) -> None:
        """Add the token pairs of an earlier run.

        Args:
            pairs: The pairs.
        """
        with self._lock:
            self._tokens.extend(pairs)
            # The restart revoked no token, so a 401 must not say so.
            self._restarted_at = 0

    def log_in(self, username: str, password: str) -> TokenPair:
        """Issue a new token pair; with `single_live_token` the account's older pairs are revoked.

        Raises:
            ErrorResponse: There is no such login.
        """
        account = self._accounts.get(username)
        if account is None or account.password != password:
            raise ErrorResponse(401, "AUTHENTICATION_FAILED", "Нэвтрэх нэр, нууц үг буруу")
        return self._issue(account)

    def refresh(self, token: str) -> TokenPair:
        """Issue a new pair for a refresh token, which is revoked with its access token.

        Raises:
            ErrorResponse: It is unknown, revoked or expired.
        """
        with self._lock:
            now = self._clock.now()
            for pair in self._tokens:
                if pair.refresh == token and now < pair.refresh_expires_at:
                    self._tokens.remove(pair)
                    return self._issue(pair.account)
        raise self._invalid_token(token)

    def of_token(self, token: str) -> Account:
        """Return whose access token it is.

        Raises:
            ErrorResponse: It is unknown, revoked or expired.
        """
        with self._lock:
            now = self._clock.now()
            for pair in self._tokens:
                if pair.access == token and now < pair.access_expires_at:
                    return pair.account
        raise self._invalid_token(token)

    def _issue(self, account: Account) -> TokenPair:
        with self._lock:
            if self.single_live_token:
                self._tokens = [pair for pair in self._tokens if pair.account is not account]
            now = self._clock.now()
            issued = int(now)
            ends = now + ACCESS_LIFETIME_SECONDS
            pair = TokenPair(
                account,
                access=jwt.encode(
                    {
                        "client_id": account.client_id,
                        "merchant_id": account.merchant_id,
                        "v1_merchant_flag": False,
                        "session_id": secrets.token_hex(16),
                        "iat": issued,
                        # QPay adds the absolute expiry to the time of issue: far in the future.
                        "exp": issued + int(ends),
                    },
                    self._signing_key,
                ),
                refresh=jwt.encode(
                    {
                        "id": account.client_id,
                        "session_secret": secrets.token_hex(30),
                        "extra": {},
                        "iat": issued,
                        "exp": issued + issued + REFRESH_LIFETIME_SECONDS,
                    },
                    self._signing_key,
                ),
                access_expires_at=ends,
                refresh_expires_at=now + REFRESH_LIFETIME_SECONDS,
            )
            self._tokens.append(pair)
            return pair

    def _invalid_token(self, token: str) -> ErrorResponse:
        issued = jwt.claims_of(token).get("iat")
        message = None
        if isinstance(issued, int) and issued < self._restarted_at:
            message = "NO_CREDENTIALS: the simulator was restarted after this login; log in again"
        return ErrorResponse(401, "NO_CREDENTIALS", message)
