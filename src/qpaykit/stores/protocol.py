"""The interface of stores: small values, and claims with a lease.

The token manager keeps the bearer token in it, and claims the right to log in. The callback
dispatcher claims a payment's status before it delivers it, and completes the claim afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Literal, Protocol

import qpaykit

ClaimState = Literal["claimed", "held", "done"]


class Store(Protocol):
    """What qpaykit remembers between calls; safe to use from many threads.

    Keys are printable text of at most 255 characters; those of deliveries begin with
    `delivered:`, and their claim, handler and completion follow each other in one thread.
    Values are text.

    A store with an attribute `transactional = True` keeps what a handler did by `complete` alone,
    as a database does that commits both: where it raises, nothing was delivered, and QPay gets
    500. With any other store it was delivered, and only its record is lost. Where a store has a
    method `delivery_session(owner)`, its result for the owner of a claim is `event.session` in
    the handler.
    """

    def get(self, key: str) -> str | None:
        """Return what is kept.

        Args:
            key: Where it is kept.

        Returns:
            The value; None where there is none or it has expired.
        """

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep a value in place of the one that was there.

        Args:
            key: Where to keep it.
            value: What to keep.
            ttl: Seconds until it expires; never when None.
        """

    def delete(self, key: str) -> None:
        """Delete a value, if there is one.

        Args:
            key: Where it is kept.
        """

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """Try to become a key's owner, atomically.

        Args:
            key: What is claimed.
            owner: Who claims it; a unique text.
            lease: For how many seconds; after that it is free, unless it was completed.

        Returns:
            "claimed" when `owner` now holds it (also when it held it already: the lease starts
            again), "held" while another owner's lease runs, and "done" when it was completed.
        """

    def complete(self, key: str, owner: str, *, delivery: qpaykit.Delivery | None = None) -> bool:
        """Mark a key as done, permanently.

        Args:
            key: What was claimed.
            owner: Who claimed it. An owner whose lease has expired may complete it, unless another
                owner has claimed it.
            delivery: What was delivered; it is kept with the key.

        Returns:
            Whether `owner` still held it.
        """

    def release(self, key: str, owner: str) -> None:
        """Release a key.

        Args:
            key: What was claimed.
            owner: Who claimed it. Nothing happens if another owner holds the claim.
        """

    def delivery(self, key: str) -> qpaykit.Delivery | None:
        """Return the record of a delivery.

        Args:
            key: What was completed.

        Returns:
            What `complete` was given; None where the key is not done, or was completed without.
        """

    def deliveries(self, since: datetime | None = None) -> Iterator[qpaykit.Delivery]:
        """Iterate over the records of deliveries, oldest first.

        Args:
            since: The earliest `delivered_at`; a time without a zone is Ulaanbaatar's. All of them
                when left out.
        """


class AsyncStore(Protocol):
    """A `Store` whose methods are awaited."""

    async def get(self, key: str) -> str | None:
        """See `Store.get`."""

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """See `Store.set`."""

    async def delete(self, key: str) -> None:
        """See `Store.delete`."""

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """See `Store.claim`."""

    async def complete(
        self, key: str, owner: str, *, delivery: qpaykit.Delivery | None = None
    ) -> bool:
        """See `Store.complete`."""

    async def release(self, key: str, owner: str) -> None:
        """See `Store.release`."""

    async def delivery(self, key: str) -> qpaykit.Delivery | None:
        """See `Store.delivery`."""

    def deliveries(self, since: datetime | None = None) -> AsyncIterator[qpaykit.Delivery]:
        """See `Store.deliveries`."""
