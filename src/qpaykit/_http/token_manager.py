"""The bearer token: cached, shared through the store, renewed early, by single-flight logins."""

from __future__ import annotations

import base64
import copy
import random
import time
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from qpaykit._escaping import get_logger
from qpaykit._http.retry import MAX_RETRY_AFTER_SECONDS, is_retryable, max_duration
from qpaykit._http.token import Token, token_from_response
from qpaykit.config import Options
from qpaykit.errors import QPayError, TransportTimeout
from qpaykit.operation import Operation
from qpaykit.stores.best_effort import BestEffortStore, StoreUnavailableError
from qpaykit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from qpaykit._http.sender import RequestSender
    from qpaykit._http.types import Transport
    from qpaykit.config import AccountSettings
    from qpaykit.stores.protocol import AsyncStore, ClaimState

_logger = get_logger("qpaykit.tokens")

RENEWAL_COOLDOWN_SECONDS = 60.0
LOGIN_POLL_SECONDS = 0.02
LEASE_MARGIN_SECONDS = 5.0
LOGIN_WAIT_MARGIN_SECONDS = 0.5


def _lease(options: Options) -> float:
    # The longest pause and the attempt after it. A login renews its claim before each pause. After
    # a crash of its owner the claim expires in this time.
    return options.timeout + MAX_RETRY_AFTER_SECONDS + LEASE_MARGIN_SECONDS


def _can_replace(token: Token, refused: Token | None) -> bool:
    return token.is_valid(time.time()) and (refused is None or token.access != refused.access)


def _parse_token(body: bytes) -> Token:
    # Imported here, so that constructing a client loads no models.
    from qpaykit.models.auth import TokenResponse

    return token_from_response(TokenResponse.model_validate_json(body), time.time())


def login(settings: AccountSettings) -> Operation[Token]:
    """Build the request of a token by the account's user name and password."""
    return Operation(
        name="tokens.login",
        method="POST",
        path="/auth/token",
        body=settings.login_body,
        parse=_parse_token,
        authorization=SecretStr(f"Basic {_credentials(settings)}"),
    )


def _credentials(settings: AccountSettings) -> str:
    pair = f"{settings.username}:{settings.password.get_secret_value()}".encode()
    return base64.b64encode(pair).decode()


def refresh(token: SecretStr) -> Operation[Token]:
    """Build the request of the next token by a refresh token.

    QPay may invalidate the old pair at once, so the request is not retried.
    """
    return Operation(
        name="tokens.refresh",
        method="POST",
        path="/auth/refresh",
        parse=_parse_token,
        retryable=False,
        authorization=SecretStr(f"Bearer {token.get_secret_value()}"),
    )


class _FailedLogin:
    """A login that failed.

    Args:
        at: When it failed, as `time.monotonic` gives it.
        error: How it failed.
        max_seconds: The longest that it could have taken.
    """

    def __init__(self, at: float, error: QPayError, max_seconds: float) -> None:
        self.at = at
        self.error = error
        self.max_seconds = max_seconds


class _ClaimingTransport:
    """The transport of a login: it renews the login's claim before each pause."""

    def __init__(self, transport: Transport, renew_claim: Callable[[], Awaitable[None]]) -> None:
        self.send = transport.send
        self._transport = transport
        self._renew_claim = renew_claim

    async def sleep(self, seconds: float) -> None:
        await self._renew_claim()
        await self._transport.sleep(seconds)


class TokenManager:
    """Gets the token, keeps it in the store, and renews it.

    Logins are single-flight: one task claims the login, the others wait for its token. The claim
    is taken in this process first and then in the store, so that a thousand waiting tasks do not
    all ask a shared store. Where the store fails, the token is in memory, and each process logs in
    for itself.

    Args:
        settings: The account.
        sender: Sends the logins.
        store: Where the token is shared.
    """

    def __init__(self, settings: AccountSettings, sender: RequestSender, store: AsyncStore) -> None:
        self._settings = settings
        self._sender = sender
        self._store = BestEffortStore(store)
        self._key = f"token:{settings.account}"
        self._claim = f"login:{settings.account}"
        self._cached: Token | None = None
        self._claims = MemoryStore()
        self._failed_login: _FailedLogin | None = None
        self._next_renewal = 0.0
        sender.redactor.learn(settings.password, SecretStr(_credentials(settings)), permanent=True)

    async def current(self, options: Options) -> Token:
        """Return a token that is not expired, logging in where there is none.

        Args:
            options: The limits of a login.
        """
        now = time.time()
        token = self._cached
        if token is None or token.needs_renewal(now):
            token = await self._load()
        if token is None or not token.is_valid(now):
            token, _ = await self._log_in(None, options)
        elif token.needs_renewal(now):
            token = await self._renew(token, options)
        return token

    @staticmethod
    def now() -> float:
        """Return the current time, as `replace` takes it."""
        return time.monotonic()

    async def replace(
        self, refused: Token, call_started: float, options: Options
    ) -> tuple[Token, bool]:
        """Return a token in place of one that QPay refused.

        It is the store's, if another client has put a newer one there, else that of a new login. A
        refresh is not tried: a login elsewhere invalidates the refresh token too.

        Args:
            refused: What QPay refused.
            call_started: When the call began, as `now` returned it.
            options: The limits of a login.

        Returns:
            The token, and whether its login was made since the call began, by this or another
            client. Calls that were refused together share that one new login.
        """
        # Computed backwards from now, so that only a change of the clock during the call matters.
        since = time.time() - (time.monotonic() - call_started)
        token, made_here = await self._log_in(refused, options)
        return token, made_here or token.issued_at > since

    async def invalidate(self) -> None:
        """Forget the token, so that the next call logs in."""
        self._cached = None
        await self._store.delete(self._key)

    async def _load(self) -> Token | None:
        """Return the store's token; the one in memory while the store cannot be read."""
        try:
            token = Token.from_json(await self._store.get(self._key))
        except StoreUnavailableError:
            return self._cached
        if token is not None:
            self._use(token)
        return token

    def _use(self, token: Token) -> None:
        cached = self._cached
        if cached is None or token.access != cached.access:
            secrets = (token.access, token.refresh)
            self._sender.redactor.learn(*(secret for secret in secrets if secret is not None))
        self._cached = token

    async def _save(self, token: Token) -> None:
        self._use(token)
        await self._store.set(
            self._key, token.to_json(), ttl=max(1.0, token.expires_at - time.time())
        )

    async def _load_replacement(self, refused: Token | None) -> Token | None:
        token = await self._load()
        return token if token is not None and _can_replace(token, refused) else None

    @asynccontextmanager
    async def _claimed(self, owner: str, options: Options) -> AsyncIterator[ClaimState | None]:
        """Claim the login in the store, and release it at the end."""
        # A claim that is interrupted before the store answers may have been made.
        state: ClaimState | None = "claimed"
        try:
            state = await self._store.claim(self._claim, owner, lease=_lease(options))
            yield state
        finally:
            if state == "claimed":
                await self._store.release(self._claim, owner)

    async def _log_in(self, refused: Token | None, options: Options) -> tuple[Token, bool]:
        owner = uuid.uuid4().hex
        started = time.monotonic()
        deadline = started + max_duration(options) + LOGIN_WAIT_MARGIN_SECONDS
        claims = self._claims
        try:
            while claims.claim(self._claim, owner, lease=_lease(options)) != "claimed":
                await self._pause(deadline)
                token = self._cached
                if token is not None and _can_replace(token, refused):
                    return token, False
                self._raise_shared_failure(started, options)
            return await self._log_in_for_process(refused, owner, deadline, options)
        finally:
            claims.release(self._claim, owner)

    def _raise_shared_failure(self, started: float, options: Options) -> None:
        """Raise the failure of another task's login that this task waited for."""
        failure = self._failed_login
        if failure is None or failure.at < started:
            return
        # Fifty tasks that wait for one login must not each try a wrong password. A task that has a
        # longer time limit than that login may still succeed.
        has_no_more_time = max_duration(options) <= failure.max_seconds
        if has_no_more_time or not is_retryable(failure.error, retryable=True):
            raise copy.copy(failure.error)

    async def _log_in_for_process(
        self, refused: Token | None, owner: str, deadline: float, options: Options
    ) -> tuple[Token, bool]:
        while True:
            token = await self._load_replacement(refused)
            if token is not None:
                return token, False
            async with self._claimed(owner, options) as state:
                if state != "held":
                    is_shared = state is not None
                    return await self._log_in_with_claim(refused, owner, options, shared=is_shared)
            await self._pause(deadline)

    async def _log_in_with_claim(
        self, refused: Token | None, owner: str, options: Options, *, shared: bool
    ) -> tuple[Token, bool]:
        token = await self._load_replacement(refused)
        if token is not None:
            return token, False

        async def renew_claim() -> None:
            self._claims.claim(self._claim, owner, lease=_lease(options))
            if shared:
                await self._store.claim(self._claim, owner, lease=_lease(options))

        transport = _ClaimingTransport(self._sender.transport, renew_claim)
        try:
            token = await self._send(login(self._settings), options, transport)
        except QPayError as error:
            self._failed_login = _FailedLogin(time.monotonic(), error, max_duration(options))
            raise
        await self._save(token)
        return token, True

    async def _renew(self, token: Token, options: Options) -> Token:
        """Renew the token early; return the old one while another task or process renews it."""
        if time.monotonic() < self._next_renewal:
            return token
        async with self._claimed(uuid.uuid4().hex, options) as state:
            if state != "claimed":
                return token
            try:
                newer = await self._load_replacement(token)
                if newer is None:
                    newer = await self._fetch_next(token, options)
                    await self._save(newer)
            except QPayError as error:
                _logger.warning(
                    "The token could not be renewed early (%s). The old one is still valid.",
                    type(error).__name__,
                )
                self._next_renewal = time.monotonic() + RENEWAL_COOLDOWN_SECONDS
                return token
            return newer

    async def _fetch_next(self, token: Token, options: Options) -> Token:
        """Get the next token within one attempt's timeout; the old one is still valid."""
        once = Options(options.timeout, max_retries=0)
        transport = self._sender.transport
        if token.refresh is not None:
            deadline = time.monotonic() + once.timeout
            try:
                return await self._send(refresh(token.refresh), once, transport)
            except QPayError as error:
                left = deadline - time.monotonic()
                if left < once.timeout / 2:
                    raise
                once = Options(left, max_retries=0)
                _logger.info("Refreshing the token failed (%s). Logging in.", type(error).__name__)
        return await self._send(login(self._settings), once, transport)

    async def _send(
        self, operation: Operation[Token], options: Options, transport: Transport
    ) -> Token:
        if operation.authorization is None:
            raise RuntimeError("a token operation must have its own authorization")
        authorization = operation.authorization
        return await self._sender.send(operation, authorization, options, transport=transport)

    async def _pause(self, deadline: float) -> None:
        """Wait for another task's login, no longer than a login of this call could take.

        Raises:
            TransportTimeout: The deadline has passed.
        """
        if time.monotonic() >= deadline:
            raise TransportTimeout(
                method="POST",
                path="/auth/token",
                sent=False,
                reason="another login to this account has not ended in time",
            )
        await self._sender.transport.sleep(LOGIN_POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
