"""The token, the invoices and the leases: kept outside of whatever transaction the shop is in."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from django.db import connections, transaction
from django.db.models import Model
from django.test import override_settings

from integrations_django.conftest import empty
from integrations_django.project import in_thread
from integrations_django.shop.models import Order
from qpaykit import Delivery
from qpaykit.integrations.django import models
from qpaykit.integrations.django.store import AsyncDjangoStore, DjangoStore

SEPARATE = ["file", pytest.param("postgres", marks=pytest.mark.slow)]


@pytest.fixture(params=["autocommit", pytest.param("in a transaction", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, alias: str) -> Iterator[DjangoStore]:
    is_plain = request.param == "autocommit"
    with nullcontext() if is_plain else transaction.atomic(using=alias):
        yield DjangoStore(alias)
    empty(alias)


@pytest.fixture
def using(alias: str) -> Iterator[str]:
    yield alias
    empty(alias)


def test_a_value_is_kept_changed_and_forgotten(store: DjangoStore) -> None:
    assert store.get("k") is None
    store.set("k", "а")
    assert store.get("k") == "а"
    store.set("k", "б", ttl=60)
    assert store.get("k") == "б"
    store.delete("k")
    store.delete("k")
    assert store.get("k") is None


def wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_value_expires_after_its_ttl(store: DjangoStore) -> None:
    store.set("k", "v", ttl=60)
    assert store.get("k") == "v"
    store.set("k", "v", ttl=0.1)
    wait_until(lambda: store.get("k") is None)


def test_a_claim_has_one_owner_until_its_lease_ends(store: DjangoStore) -> None:
    assert store.claim("k", "a", lease=60) == "claimed"
    assert store.claim("k", "b", lease=60) == "held"
    assert store.claim("k", "a", lease=0.1) == "claimed"
    wait_until(lambda: store.claim("k", "b", lease=60) == "claimed")
    assert store.complete("k", "a") is False
    store.release("k", "a")
    assert store.claim("k", "c", lease=60) == "held"


def test_a_completed_claim_is_done_and_a_released_one_is_free(store: DjangoStore) -> None:
    store.claim("k", "a", lease=60)
    store.release("k", "a")
    assert store.claim("k", "b", lease=0.1) == "claimed"
    time.sleep(0.15)
    assert store.complete("k", "b") is True
    store.release("k", "b")
    assert store.claim("k", "c", lease=60) == "done"


@pytest.mark.parametrize("alias", SEPARATE, indirect=True)
def test_of_many_threads_one_gets_the_claim(using: str) -> None:
    store = DjangoStore(using)
    states: list[str] = []

    def claim(owner: str) -> None:
        states.append(store.claim("k", owner, lease=60))

    with ThreadPoolExecutor(16) as pool:
        for n in range(16):
            pool.submit(in_thread(partial(claim, str(n))))
    assert sorted(states) == ["claimed"] + ["held"] * 15


@pytest.mark.parametrize("alias", SEPARATE, indirect=True)
def test_what_is_kept_in_a_transaction_outlives_its_rollback(using: str) -> None:
    store = DjangoStore(using)
    with transaction.atomic(using=using):
        Order.objects.using(using).create(number="42")
        store.set("invoice", "made at QPay")
        store.claim("login", "a", lease=60)
        assert store.get("invoice") == "made at QPay"
        transaction.set_rollback(True, using=using)
    assert store.get("invoice") == "made at QPay"
    assert store.claim("login", "b", lease=60) == "held"
    assert not Order.objects.using(using).exists()


@pytest.mark.parametrize("alias", SEPARATE, indirect=True)
def test_another_process_sees_at_once_what_is_kept_in_a_transaction(using: str) -> None:
    store, seen = DjangoStore(using), []
    with transaction.atomic(using=using):
        Order.objects.using(using).create(number="42")
        store.set("token", "new")
        store.claim("login", "a", lease=60)
        other = in_thread(
            lambda: seen.extend([store.get("token"), store.claim("login", "b", lease=60)])
        )
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
        assert seen == ["new", "held"]


def test_a_transaction_goes_on_with_its_own_connection(store: DjangoStore, alias: str) -> None:
    with transaction.atomic(using=alias):
        Order.objects.using(alias).create(number="42")
        store.set("k", "v")
        assert Order.objects.using(alias).filter(number="42").exists()


@pytest.mark.parametrize("alias", ["file"], indirect=True)
def test_beside_sqlite_stands_a_file_that_only_its_owner_can_read(using: str) -> None:
    DjangoStore(using).set("token", "secret")
    path = Path(connections.settings[using]["NAME"]).with_name("db.qpay.sqlite3")
    assert path.stat().st_mode & 0o777 == 0o600


def record(number: int) -> Delivery:
    return Delivery(
        key=f"delivered:shop:PAID:order:{number}",
        order_no=f"Захиалга №{number}" + "x" * 300,
        invoice_id=f"i-{number}",
        payment_id=f"p-{number}",
        payments=(f"p-{number}", "019276866891878"),
        status="PAID",
        amount=Decimal("999999999999999.99"),
        due=Decimal("0.1"),
        outcome="delivered",
        delivered_at=datetime(2026, 11, 1, 8, 30, tzinfo=timezone.utc) + timedelta(days=number),
    )


def deliver(store: DjangoStore, one: Delivery) -> None:
    assert store.claim(one.key, "owner", lease=60) == "claimed"
    assert store.complete(one.key, "owner", delivery=one) is True


def test_a_delivery_is_read_back_as_it_was_recorded(store: DjangoStore) -> None:
    deliver(store, record(1))
    assert store.delivery(record(1).key) == record(1)
    assert store.claim(record(1).key, "another", lease=60) == "done"
    assert store.complete(record(1).key, "another", delivery=record(2)) is False


@pytest.mark.parametrize("uses_zones", [True, False])
def test_deliveries_come_oldest_first_and_from_a_time_on(
    using: str, uses_zones: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpaykit.integrations.django.store._PAGE_ROWS", 2)
    with override_settings(USE_TZ=uses_zones, TIME_ZONE="Asia/Ulaanbaatar"):
        store = DjangoStore(using)
        for number in (3, 1, 2, 5, 4):
            deliver(store, record(number))
        assert list(store.deliveries()) == [record(number) for number in (1, 2, 3, 4, 5)]
        later = list(store.deliveries(since=record(4).delivered_at))
        assert later == [record(4), record(5)]
        # A time without a zone is Ulaanbaatar's, eight hours before UTC.
        assert len(list(store.deliveries(since=datetime(2026, 11, 5, 16, 31)))) == 1  # noqa: DTZ001


def test_an_open_delivery_is_held_and_a_released_one_leaves_no_row(using: str) -> None:
    store, key = DjangoStore(using), record(1).key
    assert store.claim(key, "a", lease=60) == "claimed"
    assert store.claim(key, "a", lease=60) == "claimed"
    assert store.claim(key, "b", lease=60) == "held"
    assert store.complete(key, "b") is False
    store.release(key, "b")
    store.release(key, "a")
    store.release(key, "a")
    assert not models.Delivery.objects.using(using).exists()
    deliver(store, record(1))


def test_a_delivery_without_a_record_is_done(using: str) -> None:
    store, key = DjangoStore(using), record(1).key
    store.claim(key, "a", lease=60)
    assert store.complete(key, "a") is True
    assert store.claim(key, "b", lease=60) == "done"
    assert store.delivery(key) is None


def test_what_is_old_is_pruned(using: str) -> None:
    store = DjangoStore(using)
    deliver(store, record(1))
    store.set("invoice", "old")
    store.set("over", "by its time", ttl=0)
    time.sleep(2.1)
    assert store.prune(older_than=60) == 1
    assert store.get("invoice") == "old"
    store.set("young", "kept")
    store.prune(older_than=2)
    assert store.delivery(record(1).key) is None
    assert (store.get("invoice"), store.get("young")) == (None, "kept")


def test_the_awaited_store_reads_the_same(using: str) -> None:
    async def story() -> list[object]:
        store = AsyncDjangoStore(using)
        await store.set("k", "v", ttl=60)
        claims = [await store.claim("c", owner, lease=60) for owner in "ab"]
        await store.release("c", "a")
        claims.append(await store.claim("c", "b", lease=60))
        found = [one.key async for one in store.deliveries()]
        return [await store.get("k"), claims, await store.complete("c", "b"), found]

    deliver(DjangoStore(using), record(1))
    expected = ["v", ["claimed", "held", "claimed"], True, [record(1).key]]
    assert asyncio.run(story()) == expected


@pytest.mark.parametrize("model", [models.Claim, models.Delivery, models.Value])
def test_mysql_tells_upper_from_lower_case_in_a_key(
    model: type[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connections["default"]
    assert model._meta.pk.db_type(connection) == "varchar(255)"
    monkeypatch.setattr(connection, "vendor", "mysql")
    column = model._meta.pk.db_type(connection)
    assert column == "varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
