"""Locks that a fork cannot leave locked for ever."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Locked(Protocol):
    """Whoever keeps a lock in `lock`."""

    lock: threading.Lock


def unlock_after_fork(owner: Locked) -> None:
    """Give `owner` a new lock in a forked child, for as long as it lives."""
    _owners.add(owner)


def _leave_the_parent() -> None:
    # The thread that held a lock does not exist in the child: nobody there would unlock it.
    for owner in _owners:
        owner.lock = threading.Lock()


_owners: weakref.WeakSet[Locked] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_the_parent)
