"""The errors that qpaykit raises.

QPayError
├── ConfigurationError            the client was set up wrongly; nothing was sent
├── TransportError                no answer arrived
│   └── TransportTimeout
├── OutcomeUnknownError           it may have been carried out; check before you send it again
├── APIError                      QPay answered, and refused
│   ├── AuthenticationError
│   ├── PermissionDeniedError
│   ├── NotFoundError
│   ├── ConflictError
│   ├── InvalidRequestError
│   ├── RateLimitedError
│   └── ServerError
├── UnexpectedResponseError       a success that is not what QPay promises
├── CallbackError                 what came in is not a callback
│   └── CallbackSignatureError
└── WaitTimeoutError              not paid in the time that was given

Arguments that QPay would refuse raise pydantic's `ValidationError` before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import qpaykit
from qpaykit._escaping import escaped

if TYPE_CHECKING:
    from qpaykit.error_codes import ErrorCode


class QPayError(Exception):
    """The base class of all errors that qpaykit raises.

    Its `args` are JSON values, and `type(error)(*error.args)` is an equal error. Pickle, `copy` and
    Celery's JSON results rebuild it in this way.
    """


class ConfigurationError(QPayError):
    """A setting is missing or invalid; the message names it and its variable."""


class TransportError(QPayError):
    """No answer arrived: there was no connection, or it broke.

    Attributes:
        method: HTTP method of the request.
        path: Path below the base URL.
        sent: Whether the request may have reached QPay.
        reason: The HTTP library's error, its class and its message.
    """

    def __init__(self, method: str, path: str, sent: bool, reason: str) -> None:
        super().__init__(method, path, sent, reason)
        self.method = method
        self.path = path
        self.sent = sent
        self.reason = reason

    def __str__(self) -> str:
        place = "the answer was lost" if self.sent else "the request was not sent"
        return (
            f"{self.method} {self.path}: {place} ({self.reason}). Check the network and base_url."
        )


class TransportTimeout(TransportError):  # noqa: N818 (named after httpx's)
    """No answer arrived in time; see `TransportError`."""


class OutcomeUnknownError(QPayError):
    """A request that must not be sent twice may have been carried out.

    Attributes:
        operation: Which call it was, such as "invoices.create".
        method: HTTP method of the request.
        path: Path below the base URL.
        sender_invoice_no: The order number, where the call was about an invoice to be made.
        invoice_id: The invoice, where the call named one.
        payment_id: The payment, where the call named one.
        subscription_id: The subscription, where the call named one.
        order: The order number, where the call was about an invoice of Quick QR to be made.
        merchant_id: The sub-merchant of Quick QR, where the call named one.
        reason: Why the answer is missing.
    """

    def __init__(
        self,
        operation: str,
        method: str,
        path: str,
        reason: str,
        subject: Mapping[str, str],
    ) -> None:
        super().__init__(operation, method, path, reason, dict(subject))
        self._subject = dict(subject)
        self.operation = operation
        self.method = method
        self.path = path
        self.reason = reason
        self.sender_invoice_no: str | None = subject.get("sender_invoice_no")
        self.invoice_id: str | None = subject.get("invoice_id")
        self.payment_id: str | None = subject.get("payment_id")
        self.subscription_id: str | None = subject.get("subscription_id")
        self.order: str | None = subject.get("order")
        self.merchant_id: str | None = subject.get("merchant_id")

    def __str__(self) -> str:
        about = ", ".join(f"{name}={value!r}" for name, value in self._subject.items())
        return (
            f"{self.operation}({about}) may or may not have been carried out: {self.reason}. "
            f"It was not sent again. {self._advice()}"
        )

    def _advice(self) -> str:
        if self.sender_invoice_no is not None:
            return (
                "Go on under a new sender_invoice_no: QPay cannot be asked for an invoice by its "
                "number, and nobody has seen the QR code of this one."
            )
        if self.order is not None:
            return (
                "Make another invoice for this order: QPay cannot be asked for this one, and "
                "nobody has seen its QR code."
            )
        return "Check its state at QPay before you repeat it."


class FieldError(NamedTuple):
    """What QPay says of one field that it refused."""

    type: str
    message: str


class APIError(QPayError):
    """QPay answered, and refused.

    Attributes:
        status_code: HTTP status.
        code: QPay's code for the error, such as "INVOICE_NOTFOUND"; None where it gave none.
        message: QPay's sentence, mostly Mongolian; None where it gave none.
        fields: What QPay says of single fields, by dotted name.
        method: HTTP method of the request.
        path: Path below the base URL.
        body: The body as text, secrets masked.
        retry_after: Seconds to wait, where QPay named them.
        description: What the code means, in English; None for codes not in the table.
        description_mn: The same in Mongolian.
    """

    def __init__(
        self,
        status_code: int,
        method: str,
        path: str,
        code: str | None = None,
        message: str | None = None,
        fields: Mapping[str, Sequence[str]] | None = None,
        body: str = "",
        retry_after: float | None = None,
    ) -> None:
        parts = {name: list(field) for name, field in (fields or {}).items()}
        super().__init__(status_code, method, path, code, message, parts, body, retry_after)
        self.status_code = status_code
        self.code = code
        self.message = message
        self.fields: dict[str, FieldError] = {
            name: FieldError(*field) for name, field in parts.items()
        }
        self.method = method
        self.path = path
        self.body = body
        self.retry_after = retry_after
        known = _known(code)
        self.description: str | None = known.english if known else None
        self.description_mn: str | None = known.mongolian if known else None

    def __str__(self) -> str:
        code, message = self.code, self.message
        known = _known(code)
        said = " ".join(
            part
            for part in (
                code,
                f"“{message}”" if message and message != code else None,
                f"({self.description})" if self.description else None,
            )
            if part
        )
        refused = "; ".join(f"{name}: {error.message}" for name, error in self.fields.items())
        advice = known.advice if known else _ADVICE.get(self.status_code, "")
        # QPay's text must not control the terminal or the log that shows it.
        return escaped(
            f"{self.method} {self.path}: QPay answered {self.status_code}"
            + (f" {said}" if said else self._beginning())
            + (f" [{refused}]" if refused else "")
            + (f". {advice}" if advice else "")
        )

    def _beginning(self) -> str:
        """Return the beginning of a body that names no error, such as a gateway's page."""
        text = " ".join(self.body.split())
        return f" {text[:_MAX_BEGINNING_CHARACTERS]!r}" if text and text != "{}" else ""


_MAX_BEGINNING_CHARACTERS = 120
_ADVICE = {
    401: "Check username and password, and that base_url is the server that they are for. A "
    "simulator that was started anew takes no token from before.",
    403: "Ask QPay whether this account may do this.",
    404: "Check base_url: this path is not known there.",
    429: "Slow down and try again later.",
    502: "QPay is not reachable behind its gateway; try again later.",
    503: "QPay is not available; try again later.",
    504: "QPay did not answer its gateway in time; try again later.",
}


class AuthenticationError(APIError):
    """The user name and password, or the token, were refused."""


class PermissionDeniedError(APIError):
    """The account has no permission to do this."""


class NotFoundError(APIError):
    """QPay has no object with this id."""


class ConflictError(APIError):
    """The state of the object, such as paid, cancelled or settled, does not allow this."""


class InvalidRequestError(APIError):
    """QPay refused what was sent; `fields` says which part where QPay said so."""


class RateLimitedError(APIError):
    """Too many requests; `retry_after` says for how many seconds to wait, if QPay said so."""


class ServerError(APIError):
    """Something went wrong at QPay, not in the request."""


class UnexpectedResponseError(QPayError):
    """A 2xx response whose body is not what QPay documents.

    Attributes:
        status_code: HTTP status.
        method: HTTP method of the request.
        path: Path below the base URL.
        reason: What is wrong with the body.
        body: The body as text, secrets masked.
        garbled: Whether the body is not JSON, such as a proxy's page or a truncated body.
    """

    def __init__(
        self, status_code: int, method: str, path: str, reason: str, body: str, garbled: bool
    ) -> None:
        super().__init__(status_code, method, path, reason, body, garbled)
        self.status_code = status_code
        self.method = method
        self.path = path
        self.reason = reason
        self.body = body
        self.garbled = garbled

    def __str__(self) -> str:
        return (
            f"{self.method} {self.path}: QPay answered {self.status_code} with a body that cannot "
            f"be read: {self.reason}. If base_url is right, report this to QPay or to qpaykit."
        )


class CallbackError(QPayError):
    """The request is not a callback of QPay; answer it with 400."""


class CallbackSignatureError(CallbackError):
    """The callback URL has no valid signature of this shop; answer it with 403."""


class WaitTimeoutError(QPayError):
    """The invoice was not paid in the time that was given.

    Attributes:
        invoice_id: The invoice that was waited for.
        timeout: Seconds that were waited.
        last: The last answer of payment/check; None where there was none, and in an error that was
            rebuilt from its `args`.
    """

    def __init__(
        self, invoice_id: str, timeout: float, last: qpaykit.PaymentCheck | None = None
    ) -> None:
        super().__init__(invoice_id, timeout)
        self.invoice_id = invoice_id
        self.timeout = timeout
        self.last = last

    def __str__(self) -> str:
        return (
            f"invoice {self.invoice_id} was not paid within {self.timeout:g} s. It can still be "
            "paid: cancel it, or rely on the callback."
        )


def _known(code: str | None) -> ErrorCode | None:
    # Imported here, so that the table of codes is loaded with the first error of QPay.
    from qpaykit.error_codes import ERROR_CODES

    return ERROR_CODES.get(code) if code else None


_BY_KIND: dict[str, type[APIError]] = {
    "authentication": AuthenticationError,
    "permission": PermissionDeniedError,
    "not found": NotFoundError,
    "conflict": ConflictError,
    "invalid request": InvalidRequestError,
    "server": ServerError,
}
_BY_STATUS: dict[int, type[APIError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: NotFoundError,
}


def api_error_class(status_code: int, code: str | None) -> type[APIError]:
    """Return the error class for QPay's code, or for the status where the code is unknown."""
    if status_code == 429:
        return RateLimitedError
    from qpaykit.error_codes import kind_of

    # A 401 with an unknown code, such as TOKEN_INVALID, means that the token must be renewed.
    kind = kind_of(code, by_form=status_code != 401)
    if kind is not None:
        return _BY_KIND[kind.value]
    if status_code >= 500:
        return ServerError
    if 400 <= status_code < 500:
        return _BY_STATUS.get(status_code, InvalidRequestError)
    return APIError
