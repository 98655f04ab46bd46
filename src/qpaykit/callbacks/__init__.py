"""Callbacks: read, checked, confirmed with QPay, and delivered once."""

from qpaykit.callbacks.dispatchers import AsyncCallbackDispatcher, CallbackDispatcher
from qpaykit.callbacks.events import CallbackReply, Outcome, PaymentEvent
from qpaykit.callbacks.parse import Callback, parse_callback
from qpaykit.callbacks.signing import SignedOrder, sign_callback_url, verify_callback

__all__ = [
    "AsyncCallbackDispatcher",
    "Callback",
    "CallbackDispatcher",
    "CallbackReply",
    "Outcome",
    "PaymentEvent",
    "SignedOrder",
    "parse_callback",
    "sign_callback_url",
    "verify_callback",
]
