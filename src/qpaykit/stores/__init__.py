"""Where the token lives and where delivered callbacks are remembered."""

from qpaykit.stores.memory import MemoryStore
from qpaykit.stores.protocol import AsyncStore, ClaimState, Store

__all__ = ["AsyncStore", "ClaimState", "MemoryStore", "Store"]
