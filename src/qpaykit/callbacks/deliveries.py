"""Delivers an event to its handler exactly once: claim, call, record."""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from typing_extensions import override

from qpaykit._escaping import get_logger
from qpaykit._local_time import now
from qpaykit.callbacks.events import with_session
from qpaykit.stores.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from qpaykit.callbacks._io import IO
    from qpaykit.callbacks.events import Outcome, PaymentEvent
    from qpaykit.stores.protocol import AsyncStore

H = TypeVar("H")

_logger = get_logger("qpaykit.callbacks")

_CLAIM_POLL_SECONDS = 0.05
_FIRST_RETRY_SECONDS = 0.05
_MAX_RETRY_SECONDS = 1.0
_STORE_DOWN = (
    "The store could not be asked what was delivered, so nothing is delivered. QPay gets 503 and "
    "may call again."
)


class Finished(Exception):  # noqa: N818 (a way out of the pipeline, not an error)
    """The outcome of a callback is known before its handler was called."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome: Outcome = outcome


class Deliveries(Generic[H]):
    """Claims deliveries in a store, and records those that were made.

    Attributes:
        is_dry_run: Whether nothing is delivered.

    Args:
        io: How a handler is called.
        store: Where deliveries are claimed and recorded.
        patience: Seconds for which another process's delivery of the same is waited for.
        lease: Seconds that a handler may take before another process may deliver.
        transactional: Whether the store's `complete` commits the handler's work.
        session_of: Returns the session of the delivery that an owner has claimed; None for a
            store without sessions.
    """

    is_dry_run: bool = False

    def __init__(
        self,
        io: IO[H],
        store: AsyncStore,
        *,
        patience: float,
        lease: float,
        transactional: bool,
        session_of: Callable[[str], object] | None = None,
    ) -> None:
        self._io = io
        self._store = store
        self._patience = patience
        self._lease = lease
        self._transactional = transactional
        self._session_of = session_of
        # Deliveries that were made but not recorded. This process does not make them again.
        self._unrecorded: dict[str, tuple[str, Delivery]] = {}

    async def find(self, key: str) -> Delivery | None:
        """Return the record of a delivery; None where there is none.

        Raises:
            Finished: The store could not be asked.
        """
        try:
            return await self.read(key)
        except Exception:
            _logger.exception(_STORE_DOWN)
            raise Finished("unreachable") from None

    async def since(self, moment: datetime | None) -> AsyncIterator[Delivery]:
        """Iterate over the records of deliveries since a time, or over all of them.

        Raises:
            Finished: The store could not be asked.
        """
        for _, delivery in list(self._unrecorded.values()):
            yield delivery
        try:
            async for delivery in self._store.deliveries(moment):
                yield delivery
        except Exception:
            _logger.exception(_STORE_DOWN)
            raise Finished("unreachable") from None

    async def read(self, key: str) -> Delivery | None:
        """Return the record of a delivery; None where there is none. The store's errors pass."""
        waiting = self._unrecorded.get(key)
        return waiting[1] if waiting is not None else await self._store.delivery(key)

    async def deliver(
        self, handler: H | None, event: PaymentEvent, delivery: Delivery, outcome: Outcome
    ) -> Outcome:
        """Call a handler, unless its event was delivered before.

        Args:
            handler: What to call; None where the event is only recorded.
            event: What to call it with.
            delivery: What to record.
            outcome: What has become of the callback when the handler has ended.

        Raises:
            Finished: The event was delivered before, another process delivers it now, or the
                store could not be asked.
        """
        key, owner = delivery.key, uuid.uuid4().hex
        deadline = await self._claim(key, owner)
        try:
            if self._session_of is not None:
                event = with_session(event, self._session_of(owner))
            if handler is not None:
                await self._io.call(handler, event)
        except Exception:
            _logger.exception(
                "The handler failed for payment %s of order %s. QPay gets 500 and may call again.",
                event.payment_id,
                event.order_no,
            )
            await self._release(key, owner)
            return "handler_failed"
        except BaseException:
            await self._release(key, owner)
            raise
        delivery = replace(delivery, delivered_at=now())
        try:
            is_made = await self._record(owner, delivery, deadline)
        except BaseException:
            await self._roll_back(key, owner)
            raise
        if not is_made:
            await self._release(key, owner)
            return "handler_failed"
        return outcome

    async def record_pending(self) -> None:
        """Record deliveries that the store could not record when they were made."""
        for key, (owner, delivery) in list(self._unrecorded.items()):
            try:
                is_done = await self._complete_late(owner, delivery)
            except Exception as error:  # noqa: BLE001 (a store may raise anything)
                _logger.warning(
                    "The store still cannot record the delivery %s (%s). Retrying with the next "
                    "callback.",
                    key,
                    type(error).__name__,
                )
                return
            if is_done:
                self._unrecorded.pop(key, None)
                _logger.info("The delivery %s is recorded now.", key)

    async def _complete(self, owner: str, delivery: Delivery) -> bool:
        """Record a delivery; return whether the store has this record."""
        if await self._store.complete(delivery.key, owner, delivery=delivery):
            return True
        # An earlier attempt may have succeeded although its answer was lost.
        return await self._store.delivery(delivery.key) == delivery

    async def _complete_late(self, owner: str, delivery: Delivery) -> bool:
        """Record a delivery whose lease may have expired; return whether the store has a record."""
        if await self._complete(owner, delivery):
            return True
        # Another process has claimed it since then, and may have released it.
        state = await self._store.claim(delivery.key, owner, lease=self._lease)
        return state == "done" or (state == "claimed" and await self._complete(owner, delivery))

    async def _claim(self, key: str, owner: str) -> float:
        """Claim a delivery; return when its lease ends."""
        ends = time.monotonic() + self._patience
        while True:
            if key in self._unrecorded:
                raise Finished("duplicate")
            claimed_at = time.monotonic()
            try:
                state = await self._store.claim(key, owner, lease=self._lease)
            except BaseException as error:
                await self._roll_back(key, owner)
                if not isinstance(error, Exception):
                    raise
                _logger.exception(_STORE_DOWN)
                raise Finished("unreachable") from None
            if state == "claimed":
                return claimed_at + self._lease
            if state == "done":
                raise Finished("duplicate")
            if time.monotonic() >= ends:
                raise Finished("in_progress")
            await self._io.sleep(_CLAIM_POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311

    async def _release(self, key: str, owner: str) -> None:
        try:
            await self._store.release(key, owner)
        except Exception:
            _logger.exception(
                "The claim on %s could not be released. It can be delivered when its lease of "
                "%g s ends.",
                key,
                self._lease,
            )

    async def _roll_back(self, key: str, owner: str) -> None:
        """Roll back the transaction of a transactional store; it has no lease that would expire."""
        if self._transactional:
            await self._release(key, owner)

    async def _record(self, owner: str, delivery: Delivery, deadline: float) -> bool:
        """Record a delivery, with retries until its lease expires; return whether it was made."""
        key, pause = delivery.key, _FIRST_RETRY_SECONDS
        if not self._transactional:
            self._unrecorded[key] = owner, delivery
        while True:
            try:
                is_recorded = await self._complete(owner, delivery)
            except Exception as error:
                if self._transactional:
                    _logger.exception(
                        "The transaction of the delivery %s could not be committed. Nothing was "
                        "delivered. QPay gets 500 and may call again.",
                        key,
                    )
                    return False
                if time.monotonic() + pause >= deadline:
                    _logger.exception(
                        "The delivery %s was made, but the store could not record it within its "
                        "lease of %g s. This process records it later. If it ends before that, "
                        "the payment may be delivered again.",
                        key,
                        self._lease,
                    )
                    return True
                if pause == _FIRST_RETRY_SECONDS:
                    _logger.warning(
                        "The delivery %s was made, but the store could not record it (%s). "
                        "Trying again until its lease ends.",
                        key,
                        type(error).__name__,
                    )
            else:
                if is_recorded:
                    self._unrecorded.pop(key, None)
                else:
                    _logger.error(
                        "The handler took longer than its lease of %g s: %s may have been "
                        "delivered twice. Make the handler faster, or the lease longer.",
                        self._lease,
                        key,
                    )
                return True
            await self._io.sleep(pause)
            pause = min(2 * pause, _MAX_RETRY_SECONDS)


class DryRun(Deliveries[H]):
    """Returns which deliveries would be made, and makes none.

    Args:
        deliveries: The deliveries that were made before.
    """

    is_dry_run = True

    def __init__(self, deliveries: Deliveries[H]) -> None:
        self._made = deliveries
        self._planned: dict[str, Delivery] = {}

    @override
    async def find(self, key: str) -> Delivery | None:
        return self._planned.get(key) or await self._made.find(key)

    @override
    async def since(self, moment: datetime | None) -> AsyncIterator[Delivery]:
        for delivery in self._planned.values():
            yield delivery
        async for delivery in self._made.since(moment):
            yield delivery

    @override
    async def deliver(
        self, handler: H | None, event: PaymentEvent, delivery: Delivery, outcome: Outcome
    ) -> Outcome:
        if await self.find(delivery.key) is not None:
            raise Finished("duplicate")
        self._planned[delivery.key] = delivery
        return outcome

    @override
    async def record_pending(self) -> None:
        pass


def delivery_of(
    key: str,
    event: PaymentEvent,
    outcome: Outcome,
    *,
    status: str | None = None,
    payments: tuple[str, ...] | None = None,
) -> Delivery:
    """Describe a delivery as it is recorded."""
    return Delivery(
        key=key,
        order_no=event.order_no,
        invoice_id=event.invoice_id,
        payment_id=event.payment_id,
        payments=payments or (event.payment_id,),
        status=status or str(event.status),
        amount=event.amount,
        due=event.due,
        outcome=outcome,
        delivered_at=now(),
        merchant_id=event.merchant_id,
    )
