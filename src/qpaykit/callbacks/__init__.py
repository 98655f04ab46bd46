"""Callbacks: parsed, verified, confirmed at QPay, and delivered exactly once."""

from qpaykit.callbacks.dispatcher import AsyncCallbackDispatcher, CallbackDispatcher
from qpaykit.callbacks.events import CallbackReply, Outcome, PaymentEvent
from qpaykit.callbacks.parse import Callback, parse_callback
from qpaykit.callbacks.verify import verify_callback

__all__ = [
    "AsyncCallbackDispatcher",
    "Callback",
    "CallbackDispatcher",
    "CallbackReply",
    "Outcome",
    "PaymentEvent",
    "parse_callback",
    "verify_callback",
]
