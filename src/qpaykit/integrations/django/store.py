"""The store in Django's database: an order and its delivery commit together."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    IntegrityError,
    OperationalError,
    connections,
    transaction,
)
from django.db.models import DateTimeField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.utils import timezone

from qpaykit._arithmetic import EXACT, HUNDREDTH
from qpaykit._escaping import get_logger
from qpaykit._local_time import aware, now
from qpaykit._store_keys import DELIVERY_PREFIX
from qpaykit.errors import ConfigurationError
from qpaykit.integrations.django.models import Claim, Delivery, Value
from qpaykit.stores.delivery import Delivery as Record
from qpaykit.stores.protocol import ClaimState
from qpaykit.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import QuerySet
    from django.db.models.expressions import CombinedExpression

_logger = get_logger("qpaykit.callbacks")

_MAX_TEXT_CHARACTERS = 255
_PAGE_ROWS = 500
_MAX_DURATION_SECONDS = 10 * 365 * 86_400.0
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"


@dataclass(frozen=True)
class _OpenDelivery:
    """The open transaction of a delivery.

    Attributes:
        owner: Who claimed it.
        block: The entered `transaction.atomic`.
    """

    owner: str
    block: ExitStack


class DjangoStore:
    """Keeps deliveries, the token and invoices in a database of Django's.

    `claim` of a delivery opens a transaction, the receivers work in it, `complete` commits both,
    and `release` rolls both back. A process that is killed leaves both or neither.

    Everything else is written outside of the caller's transaction, because a rollback does not undo
    what QPay has done, and because a login must not wait for a request. Inside a transaction of the
    shop it uses a second connection, which is closed afterwards. SQLite has one writer at a time,
    so there it is kept in a separate file: `db.qpay.sqlite3` beside `db.sqlite3`. In a `TestCase`,
    and in a database in memory, it is rolled back like everything else.

    Args:
        using: The alias of the database.
    """

    blocking = True
    transactional = True

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self._using = using
        self._tables = _Tables(using)
        self._files: dict[Path, SQLiteStore] = {}
        self._lock = threading.Lock()
        # Each thread has its own connection, and its own open deliveries, which may be nested.
        self._thread = threading.local()

    def __repr__(self) -> str:
        return f"DjangoStore(using={self._using!r})"

    def get(self, key: str) -> str | None:
        """Return the value of `key`, or None where there is none or it has expired."""
        with self._outside_transaction() as store:
            return store.get(key)

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep `value` under `key`, for `ttl` seconds or without a limit."""
        with self._outside_transaction() as store:
            store.set(key, value, ttl=ttl)

    def delete(self, key: str) -> None:
        """Delete the value of `key`, if there is one."""
        with self._outside_transaction() as store:
            store.delete(key)

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """Try to become the owner of `key`; see `Store.claim`.

        A delivery is held for as long as its transaction is open, whatever the lease.
        """
        if key.startswith(DELIVERY_PREFIX):
            return self._begin(key, owner)
        with self._outside_transaction() as store:
            return store.claim(key, owner, lease=lease)

    def complete(self, key: str, owner: str, *, delivery: Record | None = None) -> bool:
        """Mark `key` as done, if `owner` still holds it; return whether it did.

        Raises:
            Exception: The transaction of a delivery could not be committed. It was rolled back.
        """
        if key.startswith(DELIVERY_PREFIX):
            return self._commit(key, owner, delivery)
        with self._outside_transaction() as store:
            return store.complete(key, owner, delivery=delivery)

    def release(self, key: str, owner: str) -> None:
        """Release `key`, if `owner` still holds it; a delivery is rolled back."""
        if key.startswith(DELIVERY_PREFIX):
            self._roll_back(key, owner)
            return
        with self._outside_transaction() as store:
            store.release(key, owner)

    def delivery(self, key: str) -> Record | None:
        """Return the record of the delivery `key`, or None where there is none."""
        found = self._deliveries().filter(pk=key).values_list("record", flat=True).first()
        return Record.from_json(found)

    def deliveries(self, since: datetime | None = None) -> Iterator[Record]:
        """Iterate over the records of deliveries, oldest first; see `Store.deliveries`."""
        rows = self._deliveries().order_by("delivered_at", "key")
        if since is not None:
            rows = rows.filter(delivered_at__gte=_as_stored(aware(since)))
        page = list(rows[:_PAGE_ROWS])
        while page:
            for row in page:
                record = Record.from_json(row.record)
                if record is not None:
                    yield record
            moment, key = page[-1].delivered_at, page[-1].key
            later = Q(delivered_at__gt=moment) | Q(delivered_at=moment, key__gt=key)
            page = list(rows.filter(later)[:_PAGE_ROWS])

    def prune(self, older_than: float) -> int:
        """Delete old deliveries and invoices, and values that have expired.

        Args:
            older_than: Seconds; a callback that comes later than that is delivered again.

        Returns:
            How many deliveries were deleted.
        """
        with self._outside_transaction() as store:
            store.prune(older_than)
        oldest = _as_stored(now() - _duration(older_than))
        pruned: int = self._deliveries().filter(delivered_at__lt=oldest).delete()[0]
        return pruned

    def _deliveries(self) -> QuerySet[Delivery]:
        return Delivery.objects.using(self._using)

    @property
    def _open(self) -> dict[str, _OpenDelivery]:
        found: dict[str, _OpenDelivery] | None = getattr(self._thread, "open", None)
        if found is None:
            found = self._thread.open = {}
        return found

    def _begin(self, key: str, owner: str) -> ClaimState:
        """Open the transaction of a delivery, unless it is done or held by another one."""
        held = self._open.get(key)
        if held is not None:
            return "claimed" if held.owner == owner else "held"
        connection = connections[self._using]
        if not connection.in_atomic_block and not connection.get_autocommit():
            raise ConfigurationError(
                f"the database {self._using!r} has AUTOCOMMIT switched off, so that a delivery "
                "would never be committed: remove AUTOCOMMIT from DATABASES"
            )
        try:
            with ExitStack() as block:
                block.enter_context(transaction.atomic(using=self._using))
                if not _try_lock(connection, key):
                    return "held"
                self._deliveries().create(key=key)
                self._open[key] = _OpenDelivery(owner, block.pop_all())
        except IntegrityError:
            return "done"
        except OperationalError as error:
            if connection.vendor == "sqlite" and "locked" in str(error):
                return "held"  # by another delivery or any other write
            raise
        return "claimed"

    def _commit(self, key: str, owner: str, delivery: Record | None) -> bool:
        opened = self._pop_open(key, owner)
        if opened is None:
            return False
        try:
            with opened.block:
                self._write(key, delivery)
        except Exception:
            if not self._is_committed(key, delivery):
                raise
            _logger.exception(
                "The delivery %s was committed. After that, a function that a receiver gave to "
                "transaction.on_commit failed. Give it robust=True, so that the others run.",
                key,
            )
        return True

    def _write(self, key: str, delivery: Record | None) -> None:
        if not self._deliveries().filter(pk=key).update(**_columns(delivery)):
            msg = f"the row of the delivery {key} was deleted by its own receivers"
            raise RuntimeError(msg)

    def _is_committed(self, key: str, delivery: Record | None) -> bool:
        """Return whether a delivery was committed although its commit raised."""
        if connections[self._using].in_atomic_block:
            return False
        try:
            return delivery is not None and self.delivery(key) == delivery
        except DatabaseError:
            return False

    def _roll_back(self, key: str, owner: str) -> None:
        opened = self._pop_open(key, owner)
        if opened is not None:
            with opened.block:
                transaction.set_rollback(True, using=self._using)

    def _pop_open(self, key: str, owner: str) -> _OpenDelivery | None:
        found = self._open.get(key)
        if found is None or found.owner != owner:
            return None
        return self._open.pop(key)

    @contextmanager
    def _outside_transaction(self) -> Iterator[_Tables | SQLiteStore]:
        """Yield the store of values and leases, outside of the caller's transaction."""
        connection = connections[self._using]
        if _is_rolled_back_by_test(connection):
            yield self._tables
        elif connection.vendor == "sqlite":
            yield self._file(connection)
        elif not connection.in_atomic_block:
            yield self._tables
        else:
            connections[self._using] = own = _second_connection(connection)
            try:
                yield self._tables
            finally:
                connections[self._using] = connection
                own.close()

    def _file(self, connection: BaseDatabaseWrapper) -> SQLiteStore:
        database = Path(connection.settings_dict["NAME"])
        path = database.with_name(f"{database.stem}.qpay{database.suffix}")
        with self._lock:
            if path not in self._files:
                self._files[path] = SQLiteStore(path)
            return self._files[path]


class _Tables:
    """Values and leases, on the current connection of the thread.

    Leases are measured with the clock of the database.
    """

    def __init__(self, using: str) -> None:
        self._using = using

    def get(self, key: str) -> str | None:
        values = Value.objects.using(self._using).filter(pk=key)
        current = values.filter(Q(until__isnull=True) | Q(until__gt=Now()))
        found: str | None = current.values_list("value", flat=True).first()
        return found

    def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        until = None if ttl is None else _after(ttl)
        values = Value.objects.using(self._using)
        row = {"value": value, "until": until, "written": Now()}
        if values.filter(pk=key).update(**row):
            return
        try:
            with transaction.atomic(using=self._using):
                values.create(key=key, **row)
        except IntegrityError:
            values.filter(pk=key).update(**row)  # another process was the first

    def delete(self, key: str) -> None:
        Value.objects.using(self._using).filter(pk=key).delete()

    def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        claims = Claim.objects.using(self._using)
        row = {"owner": owner, "until": _after(lease)}
        free = claims.filter(Q(until__lte=Now()) | Q(owner=owner), pk=key, done=False)
        if free.update(**row):
            return "claimed"
        try:
            with transaction.atomic(using=self._using):
                claims.create(key=key, **row)
        except IntegrityError:
            return "done" if claims.filter(pk=key, done=True).exists() else "held"
        return "claimed"

    def complete(self, key: str, owner: str, *, delivery: Record | None = None) -> bool:
        del delivery  # kept in the table of deliveries
        return bool(self._held(key, owner).update(done=True))

    def release(self, key: str, owner: str) -> None:
        self._held(key, owner).delete()

    def prune(self, older_than: float) -> None:
        oldest = ExpressionWrapper(Now() - _duration(older_than), output_field=DateTimeField())
        old = Q(until__lte=Now()) | Q(until__isnull=True, written__lt=oldest)
        Value.objects.using(self._using).filter(old).delete()

    def _held(self, key: str, owner: str) -> QuerySet[Claim]:
        claims = Claim.objects.using(self._using)
        held: QuerySet[Claim] = claims.filter(pk=key, owner=owner, done=False)
        return held


class AsyncDjangoStore:
    """A `DjangoStore` for `AsyncQPayClient`, whose methods are awaited.

    They run in the thread that Django has for a request's sync code, where its connections are.
    Deliveries are made by the sync dispatcher alone, since Django has no async transactions.

    Args:
        using: The alias of the database.
    """

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self._store = DjangoStore(using)

    def __repr__(self) -> str:
        return f"Async{self._store!r}"

    async def get(self, key: str) -> str | None:
        """Return the value of `key`, or None where there is none or it has expired."""
        return await sync_to_async(self._store.get)(key)

    async def set(self, key: str, value: str, *, ttl: float | None = None) -> None:
        """Keep `value` under `key`, for `ttl` seconds or without a limit."""
        await sync_to_async(self._store.set)(key, value, ttl=ttl)

    async def delete(self, key: str) -> None:
        """Delete the value of `key`, if there is one."""
        await sync_to_async(self._store.delete)(key)

    async def claim(self, key: str, owner: str, *, lease: float) -> ClaimState:
        """Try to become the owner of `key`; see `Store.claim`.

        Raises:
            ConfigurationError: It is a delivery's.
        """
        if key.startswith(DELIVERY_PREFIX):
            raise ConfigurationError(
                "Django has no async transactions, so deliveries are made by the sync dispatcher: "
                "await sync_to_async(dispatcher().check)(invoice_id)"
            )
        return await sync_to_async(self._store.claim)(key, owner, lease=lease)

    async def complete(self, key: str, owner: str, *, delivery: Record | None = None) -> bool:
        """Mark `key` as done, if `owner` still holds it; return whether it did."""
        return await sync_to_async(self._store.complete)(key, owner, delivery=delivery)

    async def release(self, key: str, owner: str) -> None:
        """Release `key`, if `owner` still holds it."""
        await sync_to_async(self._store.release)(key, owner)

    async def delivery(self, key: str) -> Record | None:
        """Return the record of the delivery `key`, or None where there is none."""
        return await sync_to_async(self._store.delivery)(key)

    async def deliveries(self, since: datetime | None = None) -> AsyncIterator[Record]:
        """Iterate over the records of deliveries, oldest first; see `Store.deliveries`."""
        found = self._store.deliveries(since)
        while page := await sync_to_async(lambda: list(islice(found, _PAGE_ROWS)))():
            for delivery in page:
                yield delivery


def _is_rolled_back_by_test(connection: BaseDatabaseWrapper) -> bool:
    """Return whether a test rolls back the transaction, or the database is in memory."""
    # Django marks the transactions of a TestCase with this attribute, for `durable=True`.
    if any(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        return True
    is_in_memory: Callable[[], bool] | None = getattr(connection, "is_in_memory_db", None)
    return is_in_memory is not None and is_in_memory()


def _second_connection(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """Return another connection to the same database; it is opened when it is used."""
    database = dict(connection.settings_dict)
    # A pool may be exhausted by requests that wait for this connection: that would be a deadlock.
    database["OPTIONS"] = {name: v for name, v in database["OPTIONS"].items() if name != "pool"}
    return type(connection)(database, connection.alias)


def _try_lock(connection: BaseDatabaseWrapper, key: str) -> bool:
    """Return False where another transaction delivers `key`, as far as that can be known.

    An INSERT of a key that another transaction holds waits for that transaction. PostgreSQL can
    tell without waiting, so that a slow receiver does not hold up every worker.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(_TRY_LOCK, [f"qpaykit:{key}"])
        return bool(cursor.fetchone()[0])


def _columns(delivery: Record | None) -> dict[str, object]:
    if delivery is None:
        return {"delivered_at": _as_stored(now())}
    return {
        "order_no": delivery.order_no[:_MAX_TEXT_CHARACTERS],
        "invoice_id": delivery.invoice_id[:_MAX_TEXT_CHARACTERS],
        "payment_id": delivery.payment_id[:_MAX_TEXT_CHARACTERS],
        "status": delivery.status,
        "outcome": delivery.outcome,
        "amount": EXACT.quantize(delivery.amount, HUNDREDTH),
        "due": EXACT.quantize(delivery.due, HUNDREDTH),
        "delivered_at": _as_stored(delivery.delivered_at),
        "record": delivery.to_json(),
    }


def _as_stored(moment: datetime) -> datetime:
    """Return a time as a DateTimeField takes it."""
    return moment if settings.USE_TZ else timezone.make_naive(moment)


def _after(seconds: float) -> ExpressionWrapper[CombinedExpression]:
    return ExpressionWrapper(Now() + _duration(seconds), output_field=DateTimeField())


def _duration(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, _MAX_DURATION_SECONDS))
