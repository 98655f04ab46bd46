"""Carries an operation to QPay and its answer back: token, attempts, doubts."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from qpaykit._http.answers import read_reply
from qpaykit._http.journal import Attempt
from qpaykit._http.retries import may_repeat, outcome_unknown, pause_after, retrying
from qpaykit._http.wire import Message
from qpaykit.config import Options
from qpaykit.errors import (
    APIError,
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    QPayError,
    TransportError,
    UnexpectedResponseError,
)
from qpaykit.operation import Verdict

if TYPE_CHECKING:
    from pydantic import SecretStr

    from qpaykit._http.tokens import TokenManager
    from qpaykit._http.wire import Transport
    from qpaykit._redaction import Redactor
    from qpaykit.operation import Operation, Poll

T = TypeVar("T")

_logger = logging.getLogger("qpaykit")

_SLOWEST = 5.0
_GROWTH = 1.25
_LAST_QUESTION = 1.0


class Exchange:
    """Sends one operation as often as the rules allow; knows nothing of tokens."""

    def __init__(self, transport: Transport, options: Options, redactor: Redactor) -> None:
        self.transport = transport
        self.options = options
        self.redactor = redactor

    async def send(self, operation: Operation[T], authorization: SecretStr) -> T:
        """Send until there is an answer to keep or an error to raise."""
        message = Message(operation.method, operation.path, operation.body, authorization)
        try:
            return await self._attempt(operation, message, 1)
        except QPayError as error:
            if not may_repeat(error, safe=operation.safe):
                raise
            failures = [error]

        number = 1

        async def attempt() -> T:
            nonlocal number
            # The first attempt was made above: most calls need no second one, nor tenacity.
            if failures:
                raise failures.pop()
            number += 1
            return await self._attempt(operation, message, number)

        attempts = retrying(
            operation.name, self.options, safe=operation.safe, sleep=self.transport.sleep
        )
        result: T = await attempts(attempt)
        return result

    async def _attempt(self, operation: Operation[T], message: Message, number: int) -> T:
        with Attempt(operation, number, self.redactor) as attempt:
            reply = await self.transport.send(message, self.options.timeout)
            attempt.answered(reply)
            return read_reply(operation, reply, self.redactor)


class Session:
    """Calls QPay in one account's name."""

    def __init__(self, exchange: Exchange, tokens: TokenManager) -> None:
        self.exchange = exchange
        self.tokens = tokens

    def within(self, options: Options) -> Session:
        """Return one with other limits that shares connections and token."""
        mine = self.exchange
        exchange = Exchange(mine.transport, options, mine.redactor)
        return Session(exchange, self.tokens.within(exchange))

    async def call(self, operation: Operation[T]) -> T:
        """Carry out an operation.

        Raises:
            OutcomeUnknownError: It must not be sent twice, and may have been carried out.
            QPayError: Whatever else `errors` lists.
        """
        token = await self.tokens.current()
        began = self.tokens.now()
        # The token that another process left in the store, and that of a new login.
        chances = 2
        while True:
            try:
                return await self.exchange.send(operation, token.bearer)
            except QPayError as error:
                if outcome_unknown(error) and not operation.safe:
                    doubt = error
                    break
                refused = isinstance(error, AuthenticationError) and not outcome_unknown(error)
                if not (refused and chances):
                    raise
            token, new = await self.tokens.replace(token, began)
            chances = 0 if new else chances - 1
        return await self._settle(operation, doubt)

    async def poll(self, poll: Poll[T]) -> T:
        """Ask again and again until the answer will do, slowing down.

        Raises:
            QPayError: What `poll.give_up` makes when the time is over, or the operation raised.
        """
        ends = time.monotonic() + poll.timeout
        pause = poll.interval
        answer: T | None = None
        while True:
            problem: QPayError | None = None
            try:
                answer = await self._hurried(ends - time.monotonic()).call(poll.operation)
            except QPayError as error:
                if not may_repeat(error, safe=True):
                    raise
                problem = error
            else:
                if poll.enough(answer):
                    return answer
            soonest = max(poll.interval, _asked_for(problem))
            left = max(ends - time.monotonic(), 0)
            if left < soonest:
                await self.exchange.transport.sleep(left)
                raise poll.give_up(answer) from problem
            wanted = max(pause, soonest)
            # The last question falls on the end.
            is_last = left < wanted + poll.interval
            await self.exchange.transport.sleep(left if is_last else wanted)
            pause = min(pause * _GROWTH, poll.interval * _SLOWEST)

    def _hurried(self, seconds: float) -> Session:
        """Return a session that asks once: the polling is what asks again."""
        timeout = min(self.exchange.options.timeout, max(seconds, _LAST_QUESTION))
        return self.within(Options(timeout, max_retries=0))

    async def _settle(self, operation: Operation[T], doubt: QPayError) -> T:
        """Find out what became of a request whose answer was lost."""
        verdict = Verdict.UNCLEAR
        problem: Exception = doubt
        if operation.look is not None:
            # QPay may still be at work on the request whose answer was lost.
            await self.exchange.transport.sleep(pause_after(None, 1))
            verdict = await self._look(operation.look)
            if verdict is Verdict.NOT_DONE and self._may_go_again(doubt):
                try:
                    return await self.call(replace(operation, look=None))
                except Exception as again:
                    verdict = await self._look(operation.look)
                    if verdict is not Verdict.DONE and isinstance(again, ConflictError):
                        raise
                    problem = again
            if verdict is Verdict.DONE:
                return operation.read(b"")
        raise OutcomeUnknownError(
            operation=operation.name,
            method=operation.method,
            path=operation.path,
            reason=_happened(doubt),
            subject=operation.subject,
        ) from problem

    def _may_go_again(self, doubt: QPayError) -> bool:
        # QPay agreed, in whatever words: what a look does not show yet may still come.
        agreed = isinstance(doubt, UnexpectedResponseError)
        return bool(self.exchange.options.max_retries) and not agreed

    async def _look(self, look: Operation[Verdict]) -> Verdict:
        try:
            return await self.call(look)
        except Exception:
            # Whatever it is, such as a store that fails, must not hide the doubt.
            _logger.warning("%s: the look at QPay failed", look.name, exc_info=True)
            return Verdict.UNCLEAR


def _asked_for(problem: QPayError | None) -> float:
    return (problem.retry_after or 0) if isinstance(problem, APIError) else 0


def _happened(error: QPayError) -> str:
    # The error's own text ends with advice, such as to try again, that does not hold here.
    if isinstance(error, TransportError):
        return f"the answer was lost ({error.reason})"
    if isinstance(error, UnexpectedResponseError):
        return f"QPay answered {error.status_code} with a body that cannot be read"
    if isinstance(error, APIError):
        return " ".join(filter(None, (f"QPay answered {error.status_code}", error.code)))
    return str(error)
