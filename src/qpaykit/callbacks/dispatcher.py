"""The dispatchers: what integrators register handlers with and hand callbacks to."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

import qpaykit
from qpaykit._numbers import is_number
from qpaykit._sync import iterate_sync, run_sync
from qpaykit.callbacks._io import IO, AsyncHandler, AsyncIO, Handler, SyncIO, is_async
from qpaykit.callbacks.events import CallbackReply
from qpaykit.callbacks.handlers import OTHER, OVERPAID, UNDERPAID
from qpaykit.callbacks.parse import Body, Query
from qpaykit.callbacks.pipeline import Pipeline
from qpaykit.config import Secrets, secrets_of, wrap_secrets
from qpaykit.errors import ConfigurationError
from qpaykit.models import PaymentStatus
from qpaykit.models.times import TimeInput
from qpaykit.stores.adapters import for_async, for_sync
from qpaykit.stores.memory import MemoryStore
from qpaykit.stores.protocol import AsyncStore, Store

H = TypeVar("H", bound="Handler")
A = TypeVar("A", bound="AsyncHandler")
B = TypeVar("B")


class _Dispatcher(Generic[B]):
    """What both dispatchers have in common, and what orders are built on."""

    def __init__(
        self,
        client: qpaykit.QPayClient
        | qpaykit.AsyncQPayClient
        | qpaykit.quickqr.QuickQRClient
        | qpaykit.quickqr.AsyncQuickQRClient
        | None,
        io: IO[B],
        store: AsyncStore,
        *,
        callback_secret: Secrets | None,
        verify: bool,
        patience: float,
        lease: float,
        kept_by: Store | AsyncStore,
        on_outcome: Callable[[CallbackReply], object] | None,
    ) -> None:
        if client is None and verify:
            raise ConfigurationError(
                "a dispatcher without a client cannot ask QPay whether a callback is true: "
                "give it a client, or verify=False to trust what callbacks say"
            )
        if not (is_number(patience) and 0 <= patience < math.inf):
            raise ConfigurationError("patience must be a number of seconds, 0 or more")
        if not (is_number(lease) and 0 < lease < math.inf):
            raise ConfigurationError("lease must be a number of seconds above 0")
        if callback_secret is None:
            secrets = client.settings.callback_secrets if client is not None else ()
        else:
            secrets = secrets_of(callback_secret)
        self._io = io
        self._store = store
        self._settings = client.settings if client is not None and verify else None
        self._pipeline = Pipeline(
            io,
            store,
            secrets=secrets,
            account=client.settings.account if client is not None else "",
            verify=verify,
            patience=patience,
            lease=lease,
            transactional=getattr(kept_by, "transactional", False),
            session_of=getattr(kept_by, "delivery_session", None),
            on_outcome=on_outcome,
        )


class CallbackDispatcher(_Dispatcher["Handler"]):
    """Takes callbacks from any web framework to the handlers of a shop.

    Args:
        client: The client that fetches payments from QPay.
        store: Where deliveries are remembered; the client's store by default.
        callback_secret: What callback URLs are signed with; the client's by default. An empty
            list means that they are not signed, whatever the client does.
        verify: False trusts the body of a callback without asking QPay. Anyone can send one.
        patience: Seconds for which QPay is asked again about a payment that it does not
            know yet, or that is still NEW.
        lease: Seconds that a handler may take; after that its payment may be delivered
            again, because its process may have died.
        on_outcome: Called with the `CallbackReply` of each callback and of each payment that
            `check` or `sweep` handles, for metrics. It must not block; what it raises is logged.
            What a sweep finds delivered, and what a dry run finds, is left out.

    Raises:
        ConfigurationError: There is no client, and `verify` is not False; it is one of the other
            kind; or another argument is invalid.
    """

    def __init__(
        self,
        client: qpaykit.QPayClient | qpaykit.quickqr.QuickQRClient | None = None,
        *,
        store: Store | None = None,
        callback_secret: Secrets | None = None,
        verify: bool = True,
        patience: float = 3.0,
        lease: float = 120.0,
        on_outcome: Callable[[CallbackReply], object] | None = None,
    ) -> None:
        callback_secret = wrap_secrets(callback_secret)
        io = SyncIO(client)
        own = store if store is not None else client.store if client is not None else MemoryStore()
        super().__init__(
            client,
            io,
            for_sync(own),
            callback_secret=callback_secret,
            verify=verify,
            patience=patience,
            lease=lease,
            kept_by=own,
            on_outcome=on_outcome,
        )

    def on_paid(self, handler: H) -> H:
        """Call the decorated function when an order is paid.

        It is called once for an order, however many payments make it up, and however often and
        concurrently QPay calls. A handler that raises is called again with the next callback.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(PaymentStatus.PAID, handler)

    def on_underpaid(self, handler: H) -> H:
        """Call the decorated function when less was paid than is due.

        It is called once for each payment. `event.amount` is that payment's, `event.due` what
        the invoice costs. Without it, `on_other` is called.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(UNDERPAID, handler)

    def on_overpaid(self, handler: H) -> H:
        """Call the decorated function when an order is paid that was delivered before.

        It is called once for each payment too many, also for one after a refund. `event.amount`
        is what is too much. Without it, such a payment is an ERROR in the log, and stands in the
        store's deliveries with the outcome "ignored".

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(OVERPAID, handler)

    def on_failed(self, handler: H) -> H:
        """Call the decorated function when a payment has failed.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(PaymentStatus.FAILED, handler)

    def on_refunded(self, handler: H) -> H:
        """Call the decorated function when a payment was refunded.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(PaymentStatus.REFUNDED, handler)

    def on_new(self, handler: H) -> H:
        """Call the decorated function when a payment was begun and is not paid.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(PaymentStatus.NEW, handler)

    def on_other(self, handler: H) -> H:
        """Call the decorated function for every status that has no handler of its own.

        It is not called for payments too many: these go to `on_overpaid` only.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(OTHER, handler)

    def on(self, status: PaymentStatus | str) -> Callable[[H], H]:
        """Call the decorated function when a payment has this status.

        Args:
            status: A `PaymentStatus`, or any other word of QPay's, such as "PARTIAL".

        Returns:
            The decorator, which returns the function unchanged.

        Raises:
            ConfigurationError: As with `on_paid`, when the function is decorated.
        """
        return lambda handler: self._add(str(status), handler)

    def handle(self, *, query: Query = None, body: Body = None) -> CallbackReply:
        """Take a callback from the request to the reply.

        Args:
            query: The query of the request; see `parse_callback`.
            body: The body of the request, if it had one.

        Returns:
            What to answer to QPay, and what became of the callback. Nothing is raised for
            what QPay, a forger, a store or a handler does.
        """
        return run_sync(self._pipeline.handle(query, body))

    def check(self, invoice_id: str) -> list[CallbackReply]:
        """Ask QPay what was paid on an invoice, and deliver what was not delivered yet.

        Use it for a callback that never came: when the buyer is back in the shop, or before an
        order is given up. QPay forbids polling by a timer.

        Args:
            invoice_id: QPay's id of the invoice.

        Returns:
            A reply for each payment of the invoice, as `handle` would have given it; one
            "mismatch" for an invoice that QPay does not know.

        Raises:
            ConfigurationError: The dispatcher has `verify=False`.
            QPayError: QPay could not be asked about the invoice.
        """
        return run_sync(self._pipeline.check(invoice_id))

    def sweep(
        self,
        start: TimeInput,
        end: TimeInput,
        *,
        dry_run: bool = False,
        invoice_code: str | None = None,
    ) -> Iterator[CallbackReply]:
        """Deliver what was paid in a time and not yet delivered, for callbacks that never came.

        It lists the payments of the time, a page of 100 a request, and asks QPay only about those
        that the store does not have as delivered: at most three requests for each. How many
        orders were not paid makes no difference. It may be interrupted, repeated, and run in two
        processes at once: nothing is delivered twice.

        Never go further back than the store remembers: what it has forgotten, by `prune` or by
        `keep` of Redis, is delivered again.

        Args:
            start: The first moment; without a zone it is Ulaanbaatar's.
            end: The last moment; a date alone means its end.
            dry_run: True delivers nothing and writes nothing: the outcomes say what would become
                of each payment, also where a handler is missing.
            invoice_code: The invoice code of the payments; the client's when left out.

        Returns:
            An iterator over a reply for each payment, which names it; "duplicate" for one that was
            delivered before. Payments that have not ended are left out.

        Raises:
            pydantic.ValidationError: A time is invalid, or the end is before the start; nothing was
                sent.
            ConfigurationError: The dispatcher has `verify=False`.
            QPayError: A page could not be fetched; raised by the iterator.

        QPay: `POST /v2/payment/list`.
        """
        return iterate_sync(
            self._pipeline.sweep(start, end, invoice_code=invoice_code, dry_run=dry_run)
        )

    def _add(self, name: str, handler: H) -> H:
        if is_async(handler):
            raise ConfigurationError("an async handler needs an AsyncCallbackDispatcher")
        self._pipeline.handlers.add(name, handler)
        return handler


class AsyncCallbackDispatcher(_Dispatcher["AsyncHandler"]):
    """Takes callbacks to handlers that are awaited; otherwise a `CallbackDispatcher`."""

    def __init__(
        self,
        client: qpaykit.AsyncQPayClient | qpaykit.quickqr.AsyncQuickQRClient | None = None,
        *,
        store: Store | AsyncStore | None = None,
        callback_secret: Secrets | None = None,
        verify: bool = True,
        patience: float = 3.0,
        lease: float = 120.0,
        on_outcome: Callable[[CallbackReply], object] | None = None,
    ) -> None:
        callback_secret = wrap_secrets(callback_secret)
        io = AsyncIO(client)
        own = store if store is not None else client.store if client is not None else MemoryStore()
        super().__init__(
            client,
            io,
            for_async(own),
            callback_secret=callback_secret,
            verify=verify,
            patience=patience,
            lease=lease,
            kept_by=own,
            on_outcome=on_outcome,
        )

    def on_paid(self, handler: A) -> A:
        """Call the decorated function when an order is paid.

        It is called once for an order, however many payments make it up, and however often and
        concurrently QPay calls. A handler that raises is called again with the next callback.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(PaymentStatus.PAID, handler)

    def on_underpaid(self, handler: A) -> A:
        """Call the decorated function when less was paid than is due.

        It is called once for each payment. `event.amount` is that payment's, `event.due` what
        the invoice costs. Without it, `on_other` is called.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(UNDERPAID, handler)

    def on_overpaid(self, handler: A) -> A:
        """Call the decorated function when an order is paid that was delivered before.

        It is called once for each payment too many, also for one after a refund. `event.amount`
        is what is too much. Without it, such a payment is an ERROR in the log, and stands in the
        store's deliveries with the outcome "ignored".

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(OVERPAID, handler)

    def on_failed(self, handler: A) -> A:
        """Call the decorated function when a payment has failed.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(PaymentStatus.FAILED, handler)

    def on_refunded(self, handler: A) -> A:
        """Call the decorated function when a payment was refunded.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(PaymentStatus.REFUNDED, handler)

    def on_new(self, handler: A) -> A:
        """Call the decorated function when a payment was begun and is not paid.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(PaymentStatus.NEW, handler)

    def on_other(self, handler: A) -> A:
        """Call the decorated function for every status that has no handler of its own.

        It is not called for payments too many: these go to `on_overpaid` only.

        Args:
            handler: What to call with a `PaymentEvent`; it is returned unchanged.

        Raises:
            ConfigurationError: It is of the other dispatcher's kind, there is one already, or
                the first callback has come.
        """
        return self._add(OTHER, handler)

    def on(self, status: PaymentStatus | str) -> Callable[[A], A]:
        """Call the decorated function when a payment has this status.

        Args:
            status: A `PaymentStatus`, or any other word of QPay's, such as "PARTIAL".

        Returns:
            The decorator, which returns the function unchanged.

        Raises:
            ConfigurationError: As with `on_paid`, when the function is decorated.
        """
        return lambda handler: self._add(str(status), handler)

    async def handle(self, *, query: Query = None, body: Body = None) -> CallbackReply:
        """Take a callback from the request to the reply.

        Args:
            query: The query of the request; see `parse_callback`.
            body: The body of the request, if it had one.

        Returns:
            What to answer to QPay, and what became of the callback. Nothing is raised for
            what QPay, a forger, a store or a handler does.
        """
        return await self._pipeline.handle(query, body)

    async def check(self, invoice_id: str) -> list[CallbackReply]:
        """Ask QPay what was paid on an invoice, and deliver what was not delivered yet.

        Use it for a callback that never came: when the buyer is back in the shop, or before an
        order is given up. QPay forbids polling by a timer.

        Args:
            invoice_id: QPay's id of the invoice.

        Returns:
            A reply for each payment of the invoice, as `handle` would have given it; one
            "mismatch" for an invoice that QPay does not know.

        Raises:
            ConfigurationError: The dispatcher has `verify=False`.
            QPayError: QPay could not be asked about the invoice.
        """
        return await self._pipeline.check(invoice_id)

    def sweep(
        self,
        start: TimeInput,
        end: TimeInput,
        *,
        dry_run: bool = False,
        invoice_code: str | None = None,
    ) -> AsyncIterator[CallbackReply]:
        """Deliver what was paid in a time and not yet delivered, for callbacks that never came.

        It lists the payments of the time, a page of 100 a request, and asks QPay only about those
        that the store does not have as delivered: at most three requests for each. How many
        orders were not paid makes no difference. It may be interrupted, repeated, and run in two
        processes at once: nothing is delivered twice.

        Never go further back than the store remembers: what it has forgotten, by `prune` or by
        `keep` of Redis, is delivered again.

        Args:
            start: The first moment; without a zone it is Ulaanbaatar's.
            end: The last moment; a date alone means its end.
            dry_run: True delivers nothing and writes nothing: the outcomes say what would become
                of each payment, also where a handler is missing.
            invoice_code: The invoice code of the payments; the client's when left out.

        Returns:
            An iterator over a reply for each payment, which names it; "duplicate" for one that was
            delivered before. Payments that have not ended are left out.

        Raises:
            pydantic.ValidationError: A time is invalid, or the end is before the start; nothing was
                sent.
            ConfigurationError: The dispatcher has `verify=False`.
            QPayError: A page could not be fetched; raised by the iterator.

        QPay: `POST /v2/payment/list`.
        """
        return self._pipeline.sweep(start, end, invoice_code=invoice_code, dry_run=dry_run)

    def _add(self, name: str, handler: A) -> A:
        if not is_async(handler):
            raise ConfigurationError(
                "an AsyncCallbackDispatcher awaits its handlers: write async def, or use a "
                "CallbackDispatcher"
            )
        self._pipeline.handlers.add(name, handler)
        return handler
