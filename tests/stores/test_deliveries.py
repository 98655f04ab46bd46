"""The record of deliveries: kept by every store, read back exactly, oldest first."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import anyio
import pytest

from helpers.store_processes import open_store
from qpaykit import (
    AsyncRedisStore,
    AsyncSQLiteStore,
    Delivery,
    MemoryStore,
    RedisStore,
    SQLiteStore,
    Store,
)
from qpaykit._local_time import ULAANBAATAR, now
from qpaykit.stores.adapters import for_async

FIRST = datetime(2026, 11, 1, 8, 30, tzinfo=timezone.utc)


def delivery(number: int, **changes: object) -> Delivery:
    values: dict[str, object] = {
        "key": f"delivered:shop:PAID:order:{number}",
        "order_no": str(number),
        "invoice_id": f"i-{number}",
        "payment_id": f"p-{number}",
        "payments": (f"p-{number}", "019276866891878"),
        "status": "PAID",
        "amount": Decimal("1500.10"),
        "due": Decimal("1500.10"),
        "outcome": "delivered",
        "delivered_at": FIRST + timedelta(days=number),
    }
    return Delivery(**{**values, **changes})  # type: ignore[arg-type]


def deliver(store: Store, one: Delivery | None, key: str | None = None) -> None:
    key = key or (one.key if one else "")
    assert store.claim(key, "owner", lease=60) == "claimed"
    assert store.complete(key, "owner", delivery=one)


@pytest.fixture(params=["memory", "sqlite", "redis", "postgres", "sqlalchemy-sqlite"])
def store(request: pytest.FixtureRequest, store_url: Callable[[str], str]) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    store = open_store(request.param, store_url(request.param))
    for one in list(store.deliveries()):
        store.delete(one.key)
    yield store
    store.close()


def test_a_delivery_is_read_back_as_it_was_recorded(store: Store) -> None:
    key = "delivered:shop:PAID:order:exact"
    one = delivery(1, key=key, order_no="Захиалга №1", merchant_id="m-1")
    deliver(store, one)
    assert store.delivery(one.key) == one


def test_a_record_can_be_read_in_the_store_by_eye() -> None:
    assert "Захиалга №1" in delivery(1, order_no="Захиалга №1").to_json()


def test_a_record_that_lacks_most_of_it_is_read_with_blanks() -> None:
    text = '{"key": "k", "delivered_at": "2026-11-01T08:30:00"}'
    assert Delivery.from_json(text) == Delivery(
        key="k",
        order_no="",
        invoice_id="",
        payment_id="",
        payments=(),
        status="",
        amount=Decimal(0),
        due=Decimal(0),
        outcome="",
        delivered_at=datetime(2026, 11, 1, 8, 30, tzinfo=ULAANBAATAR),
    )


def test_what_was_not_completed_has_no_record(store: Store) -> None:
    store.claim("delivered:shop:PAID:order:claimed", "owner", lease=60)
    assert store.delivery("delivered:shop:PAID:order:claimed") is None
    assert store.delivery("delivered:shop:PAID:order:unknown") is None


def test_a_claim_that_was_completed_without_a_record_is_done_and_has_none(store: Store) -> None:
    key = "delivered:shop:PAID:order:bare"
    deliver(store, None, key)
    assert store.claim(key, "another", lease=60) == "done"
    assert store.delivery(key) is None


def test_deliveries_come_oldest_first_and_from_a_time_on(tmp_path: Path) -> None:
    for kept in (MemoryStore(), SQLiteStore(tmp_path / "store.db")):
        started = datetime.now(timezone.utc)
        for number in (1, 2, 3):
            deliver(kept, delivery(number, delivered_at=datetime.now(timezone.utc)))
        assert [one.order_no for one in kept.deliveries()] == ["1", "2", "3"]
        assert len(list(kept.deliveries(since=started))) == 3
        assert list(kept.deliveries(since=started + timedelta(days=1))) == []


def test_the_time_of_a_delivery_counts_and_not_that_of_its_record(store: Store) -> None:
    # A record that the store could not take is written later than the delivery was made.
    for number in (3, 1, 2):
        deliver(store, delivery(number, key=f"delivered:late:PAID:order:{number}"))

    def listed(since: datetime) -> list[str]:
        found = store.deliveries(since=since)
        return [one.order_no for one in found if one.key.startswith("delivered:late:")]

    assert listed(FIRST) == ["1", "2", "3"]
    assert listed(FIRST + timedelta(days=2)) == ["2", "3"]
    assert listed(FIRST + timedelta(days=2, microseconds=1)) == ["3"]


def test_a_time_without_a_zone_is_ulaanbaatars() -> None:
    def local(minute: int) -> datetime:
        return datetime(2026, 11, 1, 16, minute)  # noqa: DTZ001 (the naive time is the test)

    store = MemoryStore()
    deliver(store, delivery(0, delivered_at=FIRST))
    assert len(list(store.deliveries(since=local(30)))) == 1
    assert list(store.deliveries(since=local(31))) == []


def test_a_delivery_is_dated_in_ulaanbaatars_zone() -> None:
    assert now().utcoffset() == timedelta(hours=8)
    assert abs(now() - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_more_deliveries_than_a_page_are_read_page_by_page(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    for number in range(1203):
        deliver(store, delivery(number))
    assert [one.order_no for one in store.deliveries()] == [str(n) for n in range(1203)]


@pytest.mark.slow
def test_a_store_in_memory_keeps_the_token_and_forgets_the_oldest_invoices() -> None:
    store = MemoryStore()
    store.set("token:shop", "kept", ttl=3600)
    for number in range(150_000):
        store.set(f"invoice:shop:{number}", "kept")
    kept = sum(store.get(f"invoice:shop:{number}") is not None for number in range(150_000))
    assert kept <= 100_000
    assert store.get("invoice:shop:149999") == "kept"
    assert store.get("token:shop") == "kept"


def test_the_async_client_reads_them_from_a_store_that_blocks(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    for number in range(600):
        deliver(store, delivery(number))

    async def main() -> list[str]:
        wrapped = for_async(store)
        return [one.order_no async for one in wrapped.deliveries()]

    assert anyio.run(main) == [str(number) for number in range(600)]


@pytest.mark.parametrize("in_a_client", [False, True], ids=["alone", "in a client"])
@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_the_async_stores_read_them_too(
    kind: str, in_a_client: bool, store_url: Callable[[str], str]
) -> None:
    older, newer = (
        delivery(number, key=f"delivered:awaited-{kind}-{in_a_client}:PAID:order:{number}")
        for number in (6, 7)
    )

    async def main() -> None:
        place, prefix = store_url(kind), f"{uuid.uuid4()}:"
        opened = (
            AsyncSQLiteStore(place) if kind == "sqlite" else AsyncRedisStore(place, prefix=prefix)
        )
        store = for_async(opened) if in_a_client else opened
        for one in (older, newer):
            await store.claim(one.key, "owner", lease=60)
            await store.complete(one.key, "owner", delivery=one)
        assert await store.delivery(newer.key) == newer
        assert [found async for found in store.deliveries()] == [older, newer]
        # SQLite has them by when they were recorded, the others by when they were made.
        since = datetime.now(timezone.utc) if kind == "sqlite" else newer.delivered_at
        left = [] if kind == "sqlite" else [newer]
        assert [found async for found in store.deliveries(since)] == left
        await opened.aclose()

    anyio.run(main)


@pytest.mark.parametrize("face", ["sync", "async"])
def test_redis_lists_the_deliveries_of_its_prefix_in_any_number(
    face: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpaykit.stores.redis._SCAN_COUNT", 5)
    # Redis finds keys by a pattern, in which these are signs.
    prefix = f"{uuid.uuid4()}[a]*?^\\:"
    store, other = (
        RedisStore(redis_url, prefix=one) for one in (prefix, prefix.replace("[a]", "a"))
    )
    made = [delivery(number) for number in range(12)]
    for one in reversed(made):
        deliver(store, one)
    deliver(other, delivery(99))
    store.claim("delivered:shop:PAID:order:claimed", "owner", lease=60)
    store.claim("login:shop", "owner", lease=60)

    async def awaited(since: datetime | None) -> list[Delivery]:
        twin = AsyncRedisStore(redis_url, prefix=prefix)
        found = [one async for one in twin.deliveries(since)]
        await twin.aclose()
        return found

    def listed(since: datetime | None = None) -> list[Delivery]:
        if face == "async":
            return anyio.run(awaited, since)
        return list(store.deliveries(since))

    assert listed() == made
    assert listed(made[9].delivered_at) == made[9:]
    store.close()
    other.close()


def test_a_file_of_the_first_edition_opens_and_keeps_what_was_delivered(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE qpaykit_values (key TEXT PRIMARY KEY, value TEXT NOT NULL, until REAL)"
            " WITHOUT ROWID;"
            "CREATE TABLE qpaykit_claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL,"
            " done REAL) WITHOUT ROWID;"
            "INSERT INTO qpaykit_values VALUES ('token:shop', 'kept', NULL);"
            "INSERT INTO qpaykit_claims VALUES ('delivered:shop:PAID:p-1', 'o', 1.0, 2.0);"
        )
    path.chmod(0o600)
    store = SQLiteStore(path)
    assert store.get("token:shop") == "kept"
    assert store.claim("delivered:shop:PAID:p-1", "another", lease=60) == "done"
    assert list(store.deliveries()) == []
    deliver(store, delivery(1))
    assert [one.order_no for one in store.deliveries()] == ["1"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"key": 1}',
        '{"amount": "x"}',
        "\x00",
        "[" * 100_000,
        delivery(1).to_json().replace("1500.10", "NaN"),
        delivery(1).to_json().replace('["p-1", "019276866891878"]', '"p-1"'),
        delivery(1).to_json().replace("2026-11-02", "0001-01-01").replace("+00:00", "+14:00"),
    ],
    ids=lambda text: ascii(text[:20]).replace("\\", "/"),
)
def test_what_is_no_record_is_read_as_none(text: str) -> None:
    assert Delivery.from_json(text) is None
