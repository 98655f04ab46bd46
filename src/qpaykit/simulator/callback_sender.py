"""Sends callbacks to shops, and records what they answered."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qpaykit._http.httpx_backend import default_backend
from qpaykit.config import is_loopback
from qpaykit.simulator.serializers.payments import callback_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from qpaykit._http.httpx_backend import PlainClient
    from qpaykit.simulator.faults import Fault
    from qpaykit.simulator.state import Payment

_MAX_KEPT_CALLBACKS = 10_000
_SHOP_TIMEOUT_SECONDS = 30.0
_DEFAULT_DELAY_SECONDS = 0.5


@dataclass(frozen=True)
class SentCallback:
    """A callback and its outcome.

    Attributes:
        payment_id: The payment that it was about.
        payment_status: The payment's status when it was sent.
        invoice_id: The payment's invoice.
        method: HTTP method.
        url: Where it was sent.
        status_code: What the shop answered; None where nothing came back.
        body: The shop's body.
        error: Why nothing came back.
        seconds: How long the shop took.
        repeated: Whether the shop had answered 200 before about this payment in this status, so
            that it must not deliver again.
    """

    payment_id: str
    payment_status: str
    invoice_id: str
    method: str
    url: str
    status_code: int | None
    body: str
    error: str | None
    seconds: float
    repeated: bool


class CallbackSender:
    """Sends callbacks, each in the caller's thread."""

    def __init__(self, *, exposed: bool) -> None:
        self._exposed = exposed
        self._sent: deque[SentCallback] = deque(maxlen=_MAX_KEPT_CALLBACKS)
        self._changed = threading.Condition()
        self._client: PlainClient | None = None
        self._held_back: list[Payment] = []
        self._accepted: set[tuple[str, str]] = set()
        self.on_sent: Callable[[SentCallback], None] | None = None

    @property
    def sent(self) -> list[SentCallback]:
        """The last 10,000 callbacks, oldest first."""
        with self._changed:
            return list(self._sent)

    def send(self, payment: Payment, fault: Fault | None = None) -> SentCallback | None:
        """Call the shop back, as QPay does: by GET, the shop's own query kept.

        Args:
            payment: What the callback is about.
            fault: The fault to apply, of a kind in `CALLBACK_FAULTS`.

        Returns:
            The callback and its outcome; None where it was not sent, or not yet.
        """
        kind = fault.kind if fault else ""
        if kind == "drop":
            return None
        if kind == "reorder":
            with self._changed:
                self._held_back.append(payment)
            return None
        if kind == "delay":
            time.sleep(
                _DEFAULT_DELAY_SECONDS if fault is None or fault.delay is None else fault.delay
            )
        if kind == "double":
            self._deliver(payment)
        record = self._deliver(payment, forged=kind == "forge", post=kind == "post")
        with self._changed:
            late, self._held_back = self._held_back, []
        for one in late:
            self._deliver(one)
        return record

    def _deliver(
        self, payment: Payment, *, forged: bool = False, post: bool = False
    ) -> SentCallback:
        payment_id = f"{int(time.time() * 1e6) % 10**15:015d}" if forged else payment.id
        url = payment.invoice.callback_url if post else callback_url(payment, payment_id)
        method = "POST" if post else "GET"
        about = (payment_id, payment.status)
        started = time.monotonic()
        status_code: int | None = None
        body, error = "", None
        host = urlsplit(url).hostname or ""
        if not self._exposed and not is_loopback(host):
            error = f"{host} is not on this machine: the simulator calls back to loopback only"
        else:
            try:
                content = callback_body(payment) if post else None
                response = self._http().request(method, url, json=content)
                status_code, body = response.status_code, response.text
            except default_backend().errors as problem:
                error = f"{type(problem).__name__}: {problem}"
        record = SentCallback(
            payment_id,
            payment.status,
            payment.invoice.id,
            method,
            url,
            status_code,
            body,
            error,
            time.monotonic() - started,
            repeated=about in self._accepted,
        )
        with self._changed:
            if status_code == HTTPStatus.OK:
                self._accepted.add(about)
            self._sent.append(record)
            self._changed.notify_all()
        if self.on_sent is not None:
            self.on_sent(record)
        return record

    def wait_for(self, invoice_id: str, timeout: float) -> SentCallback:
        """Wait until a callback about an invoice was sent and answered.

        Raises:
            TimeoutError: None was.
        """

        def latest() -> SentCallback | None:
            return next((one for one in reversed(self._sent) if one.invoice_id == invoice_id), None)

        with self._changed:
            self._changed.wait_for(lambda: latest() is not None, timeout)
            found = latest()
        if found is None:
            raise TimeoutError(f"no callback about invoice {invoice_id} within {timeout:g} s")
        return found

    def reset(self) -> None:
        """Delete the record of sent callbacks."""
        with self._changed:
            self._sent.clear()
            self._held_back.clear()
            self._accepted.clear()

    def close(self) -> None:
        """Close the connections to shops."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _http(self) -> PlainClient:
        with self._changed:
            if self._client is None:
                # No connection is reused: a shop under test may close it between two callbacks.
                self._client = default_backend().client(
                    timeout=_SHOP_TIMEOUT_SECONDS, trust_env=False, headers={"connection": "close"}
                )
            return self._client


def callback_url(payment: Payment, payment_id: str) -> str:
    """Return the URL that is called about a payment: the invoice's, with the payment's id added."""
    parts = urlsplit(payment.invoice.callback_url)
    query = f"{parts.query}&" if parts.query else ""
    return parts._replace(query=f"{query}qpay_payment_id={payment_id}", fragment="").geturl()
