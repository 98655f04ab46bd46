"""A clock that advances only in `sleep`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# A token of this lifetime has a twentieth of it left after TOKEN_DUE_SECONDS: it is due for
# renewal, and QPay still takes it.
TOKEN_LIFETIME_SECONDS = 1000
TOKEN_DUE_SECONDS = 950


class Clock:
    """Stands in for the module `time` where tokens and stores read it."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def use_for_tokens(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Have logins, tokens and the memory store read a clock of the test's own."""
    clock = Clock()
    for module in ("_http.token_manager", "stores.memory", "stores.best_effort"):
        monkeypatch.setattr(f"qpaykit.{module}.time", clock)
    monkeypatch.setattr("qpaykit._http.transport.SyncTransport.sleep", lambda _, s: clock.sleep(s))
    return clock
