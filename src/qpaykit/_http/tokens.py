"""Who gets the bearer token: one login for all who ask, renewed before it ends."""

from __future__ import annotations

import base64
import copy
import logging
import random
import time
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from qpaykit._http.bearer import Token, token_from_answer
from qpaykit._http.retries import MAX_RETRY_AFTER, longest_call, may_repeat
from qpaykit._http.session import Exchange
from qpaykit.errors import QPayError, TransportTimeout
from qpaykit.models.auth import TokenAnswer
from qpaykit.operation import Operation
from qpaykit.stores.lenient import Lenient, StoreDownError
from qpaykit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from qpaykit._http.wire import Transport
    from qpaykit.config import Options, Settings
    from qpaykit.stores.protocol import AsyncStore, ClaimState

_logger = logging.getLogger("qpaykit.tokens")

_RENEWAL_PAUSE = 60.0
_POLL = 0.02
_SLACK = 5.0
_GRACE = 0.5


def _serves(token: Token, refused: Token | None) -> bool:
    return token.usable(time.time()) and (refused is None or token.access != refused.access)


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


@dataclass
class _Failure:
    at: float
    error: QPayError
    limit: float


class _Shared:
    """What the clients of one account with different limits have in common."""

    def __init__(self) -> None:
        self.cached: Token | None = None
        self.claims = MemoryStore()
        self.failure: _Failure | None = None
        self.next_renewal = 0.0


class _Holding:
    """The transport of a login: its claim lasts through each pause and the attempt after it."""

    def __init__(self, transport: Transport, hold: Callable[[], Awaitable[None]]) -> None:
        self.send = transport.send
        self._transport = transport
        self._hold = hold

    async def sleep(self, seconds: float) -> None:
        await self._hold()
        await self._transport.sleep(seconds)


class TokenManager:
    """Gets the token, keeps it in the store, and renews it.

    Whoever needs a new one claims the right to log in; the others look at the store until
    the new token is there. The claim is taken in this process first and then in the store,
    so that a thousand waiting tasks do not all ask a shared store. A store that fails costs
    no more than that: the token is in memory, and each process logs in for itself.
    """

    def __init__(self, settings: Settings, exchange: Exchange, store: AsyncStore) -> None:
        self._settings = settings
        self._exchange = exchange
        self._store = Lenient(store)
        self._key = f"token:{settings.account}"
        self._claim = f"login:{settings.account}"
        self._shared = _Shared()
        exchange.redactor.learn(settings.password, SecretStr(_pair(settings)), for_good=True)

    def within(self, exchange: Exchange) -> TokenManager:
        """Return one that shares the token, and logs in within the limits of `exchange`."""
        other = copy.copy(self)
        other._exchange = exchange
        return other

    async def current(self) -> Token:
        """Return a token that QPay should take, logging in where there is none."""
        now = time.time()
        token = self._shared.cached
        if token is None or token.due(now):
            token = await self._load()
        if token is None or not token.usable(now):
            token, _ = await self._log_in(None)
        elif token.due(now):
            token = await self._renew(token)
        return token

    @staticmethod
    def now() -> float:
        """A point in time, for `replace`."""
        return time.monotonic()

    async def replace(self, refused: Token, began: float) -> tuple[Token, bool]:
        """Return another token than the one that QPay refused.

        That is the store's, where somebody has put a newer one there, else a new login's: a
        second server's login voids the refresh token too.

        Args:
            refused: What QPay refused.
            began: When the call began, as `now` gave it.

        Returns:
            The token, and whether its login was made since the call began, by whomever: it is
            the one new login of all whose calls were refused together.
        """
        # Counted back from now, so that only a clock that is set during the call misleads it.
        since = time.time() - (time.monotonic() - began)
        token, made_here = await self._log_in(refused)
        return token, made_here or token.issued_at > since

    async def invalidate(self) -> None:
        """Forget the token, so that the next call logs in."""
        self._shared.cached = None
        await self._store.delete(self._key)

    async def _load(self) -> Token | None:
        """Return the store's token; the one in memory while the store cannot be asked."""
        try:
            token = Token.from_json(await self._store.get(self._key))
        except StoreDownError:
            return self._shared.cached
        if token is not None:
            self._use(token)
        return token

    def _use(self, token: Token) -> None:
        cached = self._shared.cached
        if cached is None or token.access != cached.access:
            secrets = (token.access, token.refresh)
            self._exchange.redactor.learn(*(secret for secret in secrets if secret is not None))
        self._shared.cached = token

    async def _keep(self, token: Token) -> None:
        self._use(token)
        await self._store.set(
            self._key, token.to_json(), ttl=max(1.0, token.expires_at - time.time())
        )

    async def _other(self, refused: Token | None) -> Token | None:
        token = await self._load()
        return token if token is not None and _serves(token, refused) else None

    @property
    def _lease(self) -> float:
        # The longest pause and the attempt after it: a login claims anew before each pause, and
        # nobody waits much longer for an owner who died.
        return self._exchange.options.timeout + MAX_RETRY_AFTER + _SLACK

    @asynccontextmanager
    async def _claimed(self, owner: str) -> AsyncIterator[ClaimState | None]:
        """Claim the right to log in from the store, and give it back at the end."""
        # One that is interrupted before its answer may have been made all the same.
        state: ClaimState | None = "claimed"
        try:
            state = await self._store.claim(self._claim, owner, lease=self._lease)
            yield state
        finally:
            if state == "claimed":
                await self._store.release(self._claim, owner)

    async def _log_in(self, refused: Token | None) -> tuple[Token, bool]:
        owner = uuid.uuid4().hex
        asked = time.monotonic()
        ends = asked + longest_call(self._exchange.options) + _GRACE
        claims = self._shared.claims
        try:
            while claims.claim(self._claim, owner, lease=self._lease) != "claimed":
                await self._pause(ends)
                token = self._shared.cached
                if token is not None and _serves(token, refused):
                    return token, False
                self._share_failure(asked)
            return await self._log_in_for_all_here(refused, owner, ends)
        finally:
            claims.release(self._claim, owner)

    def _share_failure(self, asked: float) -> None:
        """Raise the failure of the login that was waited for."""
        failure = self._shared.failure
        if failure is None or failure.at < asked:
            return
        # Fifty tasks that wait for one login must not try a wrong password each; one that
        # gives QPay more time than it was given may still succeed.
        limit = longest_call(self._exchange.options)
        if limit <= failure.limit or not may_repeat(failure.error, safe=True):
            raise copy.copy(failure.error)

    async def _log_in_for_all_here(
        self, refused: Token | None, owner: str, ends: float
    ) -> tuple[Token, bool]:
        while True:
            token = await self._other(refused)
            if token is not None:
                return token, False
            async with self._claimed(owner) as state:
                if state != "held":
                    return await self._first_log_in(refused, owner, shared=state is not None)
            await self._pause(ends)

    async def _first_log_in(
        self, refused: Token | None, owner: str, *, shared: bool
    ) -> tuple[Token, bool]:
        token = await self._other(refused)
        if token is not None:
            return token, False

        async def hold() -> None:
            self._shared.claims.claim(self._claim, owner, lease=self._lease)
            if shared:
                await self._store.claim(self._claim, owner, lease=self._lease)

        options = self._exchange.options
        try:
            token = await self._send(
                login(self._settings), options, _Holding(self._exchange.transport, hold)
            )
        except QPayError as error:
            self._shared.failure = _Failure(time.monotonic(), error, longest_call(options))
            raise
        await self._keep(token)
        return token, True

    async def _renew(self, token: Token) -> Token:
        """Get the next token early; whoever does not get to do it goes on with the old one."""
        if time.monotonic() < self._shared.next_renewal:
            return token
        async with self._claimed(uuid.uuid4().hex) as state:
            if state != "claimed":
                return token
            try:
                newer = await self._other(token)
                if newer is None:
                    newer = await self._next(token)
                    await self._keep(newer)
            except QPayError as error:
                _logger.warning(
                    "the token could not be renewed yet (%s); the old one serves on",
                    type(error).__name__,
                )
                self._shared.next_renewal = time.monotonic() + _RENEWAL_PAUSE
                return token
            return newer

    async def _next(self, token: Token) -> Token:
        """Get the next token in the time of one attempt: the old one is still good."""
        once = replace(self._exchange.options, max_retries=0)
        transport = self._exchange.transport
        if token.refresh is not None:
            ends = time.monotonic() + once.timeout
            try:
                return await self._send(refresh(token.refresh), once, transport)
            except QPayError as error:
                left = ends - time.monotonic()
                if left < once.timeout / 2:
                    raise
                once = replace(once, timeout=left)
                _logger.info("refreshing the token failed (%s): logging in", type(error).__name__)
        return await self._send(login(self._settings), once, transport)

    async def _send(
        self, operation: Operation[Token], options: Options, transport: Transport
    ) -> Token:
        if operation.authorization is None:
            raise RuntimeError("a token operation brings its own authorization")
        exchange = Exchange(transport, options, self._exchange.redactor)
        return await exchange.send(operation, operation.authorization)

    async def _pause(self, ends: float) -> None:
        """Wait a moment for another's login, no longer than one of our own could take."""
        if time.monotonic() >= ends:
            raise TransportTimeout(
                method="POST",
                path="/auth/token",
                sent=False,
                reason="another login to this account has not ended in time",
            )
        await self._exchange.transport.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311
