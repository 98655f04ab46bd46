"""Resets objects in a forked child process."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def reset_after_fork(owner: T, reset: Callable[[T], object]) -> None:
    """Call `reset(owner)` in a forked child, for as long as `owner` lives.

    The parent's other threads do not exist in the child: the locks and claims that they hold would
    never be released there.
    """
    _resets[owner] = reset


def _run_resets() -> None:
    for owner, reset in list(_resets.items()):
        reset(owner)


_resets: weakref.WeakKeyDictionary[object, Callable[[Any], object]] = weakref.WeakKeyDictionary()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_run_resets)
