"""What the memory store forgets; the rest is in test_stores.py."""

from __future__ import annotations

from qpaykit import MemoryStore


def test_values_whose_time_is_over_are_swept_out_while_others_are_written() -> None:
    store = MemoryStore()
    for n in range(5000):
        store.set(str(n), "over at once", ttl=0)
    store.set("k", "v")
    # They are looked for at every 1,024th write.
    assert len(store._values) <= 1024
    assert store.get("k") == "v"


def test_a_sweep_leaves_what_is_not_over() -> None:
    store = MemoryStore()
    store.set("for good", "a")
    store.set("for an hour", "b", ttl=3600)
    for _ in range(5000):
        store.set("k", "v", ttl=0)
    assert (store.get("for good"), store.get("for an hour")) == ("a", "b")
