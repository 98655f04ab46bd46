"""Verifies the signature of a callback."""

from __future__ import annotations

from qpaykit.callbacks.parse import Callback, Query, parse_callback
from qpaykit.config import Secrets, wrap_secrets
from qpaykit.signing import SignedOrder, verify_signature


def verify_callback(callback: Callback | Query, *, secret: Secrets) -> SignedOrder:
    """Verify the signature of a callback.

    Args:
        callback: What `parse_callback` returned, or the query of the request.
        secret: The secret, or all that are valid while one is rotated out.

    Returns:
        The order that the URL was signed for.

    Raises:
        CallbackSignatureError: There is no signature, or it does not belong to this URL.
        CallbackError: The query is not a callback.
        ConfigurationError: There is no secret.
    """
    secret = wrap_secrets(secret)
    if not isinstance(callback, Callback):
        callback = parse_callback(query=callback)
    return verify_signature(callback.signature, callback.params, secret=secret)
