"""What the memory store forgets; the rest is in test_stores.py."""

from __future__ import annotations

from weakref import WeakSet

import pytest

from qpaykit import MemoryStore, _fork


class Value(str):
    """A value that says whether it is still in memory."""

    __slots__ = ("__weakref__",)


def test_expired_values_are_deleted_while_others_are_written() -> None:
    store = MemoryStore()
    in_memory: WeakSet[Value] = WeakSet()
    for n in range(5000):
        value = Value(f"over at once {n}")
        in_memory.add(value)
        store.set(str(n), value, ttl=0)
    store.set("k", "v")
    # They are looked for at every 1,024th write.
    assert 0 < len(in_memory) <= 1024
    assert store.get("k") == "v"


def test_a_sweep_leaves_what_is_not_over() -> None:
    store = MemoryStore()
    store.set("for good", "a")
    store.set("for an hour", "b", ttl=3600)
    for _ in range(5000):
        store.set("k", "v", ttl=0)
    assert (store.get("for good"), store.get("for an hour")) == ("a", "b")


def test_of_too_many_values_the_oldest_that_have_no_end_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qpaykit.stores.memory._MAX_VALUES", 20)
    store = MemoryStore()
    store.set("token", "t", ttl=3600)
    for n in range(19):
        store.set(str(n), "v")
    store.set("18", "changed")
    assert [store.get(str(n)) for n in range(19)] == [*["v"] * 18, "changed"]
    store.set("19", "v")
    assert [n for n in range(20) if store.get(str(n)) is None] == [0, 1]
    assert store.get("token") == "t"


def test_of_too_many_claims_the_oldest_that_nobody_holds_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qpaykit.stores.memory._MAX_CLAIMS", 20)
    store = MemoryStore()
    store.claim("held", "a", lease=60)
    store.claim("over", "a", lease=0)
    for n in range(18):
        store.claim(f"done {n}", "a", lease=60)
        store.complete(f"done {n}", "a")

    def states(first: int) -> set[str]:
        return {store.claim(f"done {n}", "b", lease=60) for n in range(first, 18)}

    store.claim("one more", "a", lease=60)
    assert states(0) == {"done"}  # the one whose lease is over was dropped
    store.claim("another", "a", lease=60)
    assert states(1) == {"done"}
    assert store.claim("held", "b", lease=60) == "held"
    assert store.claim("done 0", "b", lease=60) == "claimed"


def test_a_forked_child_gives_back_what_its_parent_had_claimed() -> None:
    store = MemoryStore()
    store.claim("held", "a", lease=60)
    store.claim("done", "a", lease=60)
    store.complete("done", "a")
    store._lock.acquire()  # by a thread of the parent, which the child lacks
    _fork._run_resets()  # what the system calls in a child
    assert store.claim("held", "b", lease=60) == "claimed"
    assert store.claim("done", "b", lease=60) == "done"


def test_its_repr_shows_nothing_stored() -> None:
    store = MemoryStore()
    store.set("token", "secret")
    assert repr(store) == "MemoryStore()"
    assert "secret" not in repr(vars(store))
