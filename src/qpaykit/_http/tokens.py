"""The bearer token: one login for all who ask, renewed before it ends."""

from __future__ import annotations

import base64
import copy
import logging
import random
import time
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import SecretStr, TypeAdapter, ValidationError

from qpaykit.errors import QPayError
from qpaykit.models.auth import TokenAnswer
from qpaykit.operation import Operation
from qpaykit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from qpaykit._http.session import Exchange
    from qpaykit.config import Settings
    from qpaykit.stores.protocol import AsyncStore

logger = logging.getLogger("qpaykit.tokens")

_ABSOLUTE = 1e9  # a larger number is a point in time, a smaller one a duration in seconds
_MILLISECONDS = 1e12
_DEFAULT_LIFETIME = 3600.0
_RENEW_BEFORE = 600.0
_UNUSABLE_BEFORE = 10.0
_RENEWAL_PAUSE = 60.0
_POLL = 0.02
_SLACK = 5.0


@dataclass(frozen=True)
class Token:
    """A token pair and its times, as seconds since 1970.

    Attributes:
        access: What requests are sent with.
        refresh: What gets the next pair; None where QPay gave none.
        issued_at: When it was received.
        expires_at: When it ends.
    """

    access: SecretStr
    refresh: SecretStr | None
    issued_at: float
    expires_at: float

    @cached_property
    def bearer(self) -> SecretStr:
        """The Authorization header's value."""
        return SecretStr(f"Bearer {self.access.get_secret_value()}")

    def usable(self, now: float) -> bool:
        """Say whether QPay will still take it."""
        return now < self.expires_at - self._margin(_UNUSABLE_BEFORE)

    def due(self, now: float) -> bool:
        """Say whether it is time to get the next one."""
        return now >= self.expires_at - self._margin(_RENEW_BEFORE)

    def _margin(self, seconds: float) -> float:
        # A token that lives for a minute must not be due from its first second.
        share = 0.1 if seconds == _RENEW_BEFORE else 0.02
        return min(seconds, share * (self.expires_at - self.issued_at))

    def to_json(self) -> str:
        """The text under which a store keeps it."""
        return _STORED.dump_json(
            (
                self.access.get_secret_value(),
                self.refresh.get_secret_value() if self.refresh else None,
                self.issued_at,
                self.expires_at,
            )
        ).decode()

    @classmethod
    def from_json(cls, text: str | None) -> Token | None:
        """Read a store's text; None for what is not one."""
        if text is None:
            return None
        try:
            access, refresh, issued_at, expires_at = _STORED.validate_json(text)
        except ValidationError:
            return None
        return cls(
            SecretStr(access), SecretStr(refresh) if refresh else None, issued_at, expires_at
        )


def _serves(token: Token, refused: Token | None) -> bool:
    return token.usable(time.time()) and (refused is None or token.access != refused.access)


_STORED: TypeAdapter[tuple[str, str | None, float, float]] = TypeAdapter(
    tuple[str, str | None, float, float]
)


def token_from_answer(answer: TokenAnswer, now: float) -> Token:
    """Make a token of QPay's answer.

    `expires_in` is a point in time in every known answer of QPay's, against its name; a
    number too small for that is taken as the duration that the name promises.

    Raises:
        ValueError: There is no token in it that could be sent.
    """
    access = answer.access_token
    if not access or not (access.isascii() and access.isprintable()) or " " in access:
        raise ValueError("it holds no access_token")
    stated = float(answer.expires_in or 0)
    if stated >= _MILLISECONDS:
        stated /= 1000
    expires_at = stated if stated > _ABSOLUTE else now + (stated or _DEFAULT_LIFETIME)
    if expires_at <= now:
        # Taken at its word, every call would log in again; QPay says 401 when it is really over.
        logger.warning("QPay's token is over on arrival: this machine's clock may be wrong")
        expires_at = now + _DEFAULT_LIFETIME
    refresh = answer.refresh_token
    if not refresh or not (refresh.isascii() and refresh.isprintable()) or " " in refresh:
        refresh = None
    return Token(SecretStr(access), SecretStr(refresh) if refresh else None, now, expires_at)


def _read(body: bytes) -> Token:
    return token_from_answer(TokenAnswer.model_validate_json(body), time.time())


def login(settings: Settings) -> Operation[Token]:
    """Ask for a token with the account's name and password."""
    return Operation(
        name="tokens.login",
        method="POST",
        path="/auth/token",
        read=_read,
        authorization=SecretStr(f"Basic {_pair(settings)}"),
    )


def _pair(settings: Settings) -> str:
    pair = f"{settings.username}:{settings.password.get_secret_value()}".encode()
    return base64.b64encode(pair).decode()


def refresh(token: SecretStr) -> Operation[Token]:
    """Ask for the next token; QPay may void the old pair at once, so never twice."""
    return Operation(
        name="tokens.refresh",
        method="POST",
        path="/auth/refresh",
        read=_read,
        safe=False,
        authorization=SecretStr(f"Bearer {token.get_secret_value()}"),
    )


class TokenManager:
    """Gets the token, keeps it in the store, and renews it.

    Whoever needs a new one claims the right to log in; the others look at the store until
    the new token is there. The claim is taken in this process first and then in the store,
    so that a thousand waiting tasks do not all ask a shared store.
    """

    def __init__(self, settings: Settings, exchange: Exchange, store: AsyncStore) -> None:
        self._settings = settings
        self._exchange = exchange
        self._store = store
        self._key = f"token:{settings.account}"
        self._claim = f"login:{settings.account}"
        self._cached: Token | None = None
        self._here = MemoryStore()
        self._failure: tuple[float, QPayError] | None = None
        self._next_renewal = 0.0
        # As long as a login can take, so that nobody waits much longer for an owner who died.
        self._lease = (exchange.options.max_retries + 1) * exchange.options.timeout + _SLACK
        exchange.redactor.learn(settings.password, SecretStr(_pair(settings)), for_good=True)

    async def current(self) -> Token:
        """Return a token that QPay should take, logging in where there is none."""
        now = time.time()
        token = self._cached
        if token is None or token.due(now):
            token = await self._load()
        if token is None or not token.usable(now):
            token, _ = await self._log_in(None)
        elif token.due(now):
            token = await self._renew(token)
        return token

    async def replace(self, refused: Token, age: float) -> tuple[Token, bool]:
        """Return another token than the one that QPay refused.

        That is the store's, where somebody has put a newer one there, else a new login's: a
        second server's login voids the refresh token too.

        Args:
            refused: What QPay refused.
            age: For how many seconds the call has gone on.

        Returns:
            The token, and whether its login was made since the call began, by whomever: it is
            the one new login of all whose calls were refused together.
        """
        # Counted back from now, so that only a clock that is set during the call misleads it.
        began = time.time() - age
        token, made_here = await self._log_in(refused)
        return token, made_here or token.issued_at > began

    async def invalidate(self) -> None:
        """Forget the token, so that the next call logs in."""
        self._cached = None
        await self._store.delete(self._key)

    async def _load(self) -> Token | None:
        token = Token.from_json(await self._store.get(self._key))
        if token is not None:
            self._use(token)
        return token

    def _use(self, token: Token) -> None:
        if self._cached is None or token.access != self._cached.access:
            secrets = (token.access, token.refresh)
            self._exchange.redactor.learn(*(secret for secret in secrets if secret is not None))
        self._cached = token

    async def _keep(self, token: Token) -> None:
        self._use(token)
        await self._store.set(
            self._key, token.to_json(), ttl=max(1.0, token.expires_at - time.time())
        )

    async def _other(self, refused: Token | None) -> Token | None:
        token = await self._load()
        return token if token is not None and _serves(token, refused) else None

    async def _log_in(self, refused: Token | None) -> tuple[Token, bool]:
        owner = uuid.uuid4().hex
        asked = time.monotonic()
        lease = self._lease
        try:
            while self._here.claim(self._claim, owner, lease=lease) != "claimed":
                await self._pause()
                token = self._cached
                if token is not None and _serves(token, refused):
                    return token, False
                if self._failure is not None and self._failure[0] >= asked:
                    # Fifty tasks that wait for one login must not try a wrong password each.
                    raise copy.copy(self._failure[1])
            token = await self._other(refused)
            while token is None:
                if await self._store.claim(self._claim, owner, lease=lease) == "claimed":
                    return await self._first_log_in(refused)
                await self._pause()
                token = await self._other(refused)
            return token, False
        finally:
            self._here.release(self._claim, owner)
            await self._store.release(self._claim, owner)

    async def _first_log_in(self, refused: Token | None) -> tuple[Token, bool]:
        token = await self._other(refused)
        if token is not None:
            return token, False
        operation = login(self._settings)
        try:
            token = await self._send(operation)
        except QPayError as error:
            self._failure = (time.monotonic(), error)
            raise
        await self._keep(token)
        return token, True

    async def _renew(self, token: Token) -> Token:
        """Get the next token early; whoever does not get to do it goes on with the old one."""
        if time.monotonic() < self._next_renewal:
            return token
        owner = uuid.uuid4().hex
        lease = self._lease
        if await self._store.claim(self._claim, owner, lease=lease) != "claimed":
            return token
        try:
            newer = await self._other(token)
            if newer is None:
                newer = await self._next(token)
                await self._keep(newer)
        except QPayError as error:
            logger.warning(
                "the token could not be renewed yet (%s); the old one serves on",
                type(error).__name__,
            )
            self._next_renewal = time.monotonic() + _RENEWAL_PAUSE
            return token
        else:
            return newer
        finally:
            await self._store.release(self._claim, owner)

    async def _next(self, token: Token) -> Token:
        if token.refresh is not None:
            try:
                return await self._send(refresh(token.refresh))
            except QPayError as error:
                logger.info("refreshing the token failed (%s): logging in", type(error).__name__)
        return await self._send(login(self._settings))

    async def _send(self, operation: Operation[Token]) -> Token:
        if operation.authorization is None:
            raise RuntimeError("a token operation brings its own authorization")
        return await self._exchange.send(operation, operation.authorization)

    async def _pause(self) -> None:
        await self._exchange.transport.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311
