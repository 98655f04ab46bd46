"""QPay's endpoints, each a function from a request's parts to the answer's JSON."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from qpaykit.simulator import money, qr, serializers
from qpaykit.simulator.clock import parse
from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.state import Account, Invoice, State
from qpaykit.simulator.validation.fields import check_lengths
from qpaykit.simulator.validation.invoices import check_invoice
from qpaykit.simulator.validation.queries import check_object_type, check_offset

if TYPE_CHECKING:
    from pydantic import JsonValue

Content = dict[str, "JsonValue"]
Endpoint = Callable[[State, Account, str, Content], Content]


def answer(
    state: State, method: str, path: str, headers: Mapping[str, str], content: Content
) -> Content:
    """Carry out one request.

    Args:
        state: What the simulator knows.
        method: HTTP method.
        path: Path without `/v2`.
        headers: The headers, by lower-case name.
        content: The JSON body.

    Raises:
        ErrorResponse: QPay would refuse it.
        LookupError: There is no such endpoint.
    """
    kind, _, secret = headers.get("authorization", "").partition(" ")
    if (method, path) == ("POST", "/auth/token"):
        return serializers.token(state.log_in(_account(state, kind, secret)))
    if (method, path) == ("POST", "/auth/refresh"):
        return serializers.token(state.refresh(secret))
    for verb, pattern, endpoint in _ENDPOINTS:
        match = pattern.fullmatch(path)
        if verb == method and match:
            if kind.lower() != "bearer":
                raise ErrorResponse(401, "NO_CREDENTIALS")
            account = state.account_of(secret)
            identifier = match.group(1) if pattern.groups else ""
            with state.lock:
                return endpoint(state, account, identifier, content)
    raise LookupError(path)


def _account(state: State, kind: str, secret: str) -> Account:
    try:
        username, _, password = base64.b64decode(secret, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        username = password = ""
    account = state.accounts.get(username)
    if kind.lower() != "basic" or account is None or account.password != password:
        raise ErrorResponse(401, "AUTHENTICATION_FAILED", "Нэвтрэх нэр, нууц үг буруу")
    return account


def _create_invoice(state: State, account: Account, _: str, content: Content) -> Content:
    amount = check_invoice(content, account.invoice_codes)
    identifier = str(uuid.uuid4())
    reference = uuid.uuid4().hex[:21]
    qr_text = qr.qr_text(merchant="TEST", reference=reference, amount=str(money.number(amount)))
    invoice = Invoice(identifier, account, content, amount, qr_text, state.clock.now())
    if content.get("allow_subscribe"):
        invoice.subscription_id = _subscribe(state, invoice)
    state.invoices[identifier] = invoice
    state.by_qr[qr_text] = invoice
    if state.on_created is not None:
        state.on_created(invoice)
    return serializers.created(invoice, f"{state.page_root}/invoices/{identifier}")


def _subscribe(state: State, invoice: Invoice) -> str:
    identifier = str(uuid.uuid4())
    state.subscriptions[identifier] = {
        "id": identifier,
        "is_active": True,
        "merchant_id": invoice.account.merchant_id,
        "g_invoice_id": invoice.id,
        "webhook": invoice.request.get("subscription_webhook"),
        "next_payment_date": invoice.request.get("next_payment_date"),
        "start_date": state.clock.iso(),
        "last_interval_date": None,
        "interval": invoice.request.get("subscription_interval"),
        "note": invoice.request.get("note"),
        "status": True,
        "invoices": [],
        "payments": [],
    }
    return identifier


def _get_invoice(state: State, account: Account, identifier: str, _: Content) -> Content:
    return serializers.detail(state.invoice(identifier, account))


def _cancel_invoice(state: State, account: Account, identifier: str, _: Content) -> Content:
    invoice = state.invoice(identifier, account)
    if invoice.status == "CANCELED":
        raise ErrorResponse(400, "INVOICE_ALREADY_CANCELED", "Нэхэмжлэл цуцлагдсан байна")
    if invoice.paid > 0:
        raise ErrorResponse(400, "INVOICE_PAID", "Нэхэмжлэл төлөгдсөн")
    invoice.status = "CANCELED"
    return {}


def _get_payment(state: State, account: Account, identifier: str, _: Content) -> Content:
    return serializers.payment(state.payment(identifier, account))


def _check_payment(state: State, account: Account, _: str, content: Content) -> Content:
    page, limit = check_offset(content, 100)
    kind, identifier = check_object_type(content, {"INVOICE", "QR", "ITEM"})
    known = state.by_qr.get(identifier) if kind == "QR" else None
    invoice = state.invoice(known.id if known else identifier, account)
    shown = invoice.payments[(page - 1) * limit : page * limit]
    return serializers.check(invoice.payments, shown)


def _list_payments(state: State, account: Account, _: str, content: Content) -> Content:
    page, limit = check_offset(content, 1000)
    kind, identifier = check_object_type(content, {"MERCHANT", "INVOICE", "QR"})
    if kind == "MERCHANT":
        if identifier != account.merchant_id:
            raise ErrorResponse(401, "PERMISSION_DENIED", "Хандах эрх хүрэхгүй байна")
        codes = list(account.invoice_codes)
    elif kind == "INVOICE":
        if identifier not in account.invoice_codes:
            raise ErrorResponse(401, "PERMISSION_DENIED", "Хандах эрх хүрэхгүй байна")
        codes = [identifier]
    else:
        codes = []
    try:
        first, last = (parse(str(content[name])) for name in ("start_date", "end_date"))
    except (KeyError, ValueError):
        raise ErrorResponse(400, "OBJECT_DATA_ERROR", "object_data алдаа") from None
    found = [
        payment
        for code in codes
        for payment in state.payments_by_code.get(code, ())
        # The end is a whole second, as it is written.
        if first <= payment.paid_at < last + 1 and payment.invoice.account is account
    ]
    return serializers.listed(len(found), found[(page - 1) * limit : page * limit])


def _take_back(state: State, account: Account, identifier: str, content: Content) -> Content:
    check_lengths(content, {"note": 255, "callback_url": 255})
    payment = state.payment(identifier, account)
    if payment.method != "CARD":
        raise ErrorResponse(400, "PAYMENT_SETTLED")
    if payment.status == "REFUNDED":
        state.refunds_refused[identifier] += 1
        raise ErrorResponse(400, "PAYMENT_ALREADY_CANCELED", "Төлбөр цуцлагдсан байна")
    if payment.status != "PAID":
        raise ErrorResponse(400, "PAYMENT_NOT_PAID", "Төлбөр төлөлт хийгдээгүй байна")
    payment.status = "REFUNDED"
    return {}


def _create_receipt(state: State, account: Account, _: str, content: Content) -> Content:
    payment = state.payment(str(content.get("payment_id")), account)
    if content.get("ebarimt_receiver_type") not in {"CITIZEN", "COMPANY"}:
        raise ErrorResponse(400, "OBJECT_DATA_ERROR", "object_data алдаа")
    if payment.status != "PAID":
        raise ErrorResponse(400, "PAYMENT_NOT_PAID", "Төлбөр төлөлт хийгдээгүй байна")
    receipt = serializers.receipt(payment, str(uuid.uuid4()), content)
    state.receipts[str(receipt["id"])] = receipt
    state.receipts[payment.id] = receipt
    return receipt


def _get_receipt(state: State, account: Account, identifier: str, _: Content) -> Content:
    receipt = state.receipts.get(identifier)
    if receipt is None or state.payments[str(receipt["g_payment_id"])].invoice.account != account:
        raise ErrorResponse(422, "BARIMT_NOT_FOUND", "Баримт олдсонгүй")
    return receipt


def _cancel_receipt(state: State, account: Account, identifier: str, content: Content) -> Content:
    receipt = _get_receipt(state, account, identifier, content)
    if receipt["barimt_status"] == "CANCELED":
        raise ErrorResponse(422, "BARIMT_NOT_FOUND", "Баримт олдсонгүй")
    receipt["barimt_status"] = "CANCELED"
    return receipt


def _legacy(endpoint: Endpoint) -> Endpoint:
    def older(state: State, account: Account, identifier: str, content: Content) -> Content:
        return serializers.legacy_receipt(endpoint(state, account, identifier, content))

    return older


def _get_subscription(state: State, account: Account, identifier: str, _: Content) -> Content:
    found = state.subscriptions.get(identifier)
    if found is None or found["merchant_id"] != account.merchant_id:
        raise ErrorResponse(422, "INVOICE_NOTFOUND", "Нэхэмжлэл олдсонгүй")
    return found


def _end_subscription(state: State, account: Account, identifier: str, content: Content) -> Content:
    _get_subscription(state, account, identifier, content)["is_active"] = False
    return {}


_ID = r"([^/]+)"
_ENDPOINTS: list[tuple[str, re.Pattern[str], Endpoint]] = [
    (method, re.compile(path), endpoint)
    for method, path, endpoint in (
        ("POST", "/invoice", _create_invoice),
        ("GET", f"/invoice/{_ID}", _get_invoice),
        ("DELETE", f"/invoice/{_ID}", _cancel_invoice),
        ("POST", "/payment/check", _check_payment),
        ("POST", "/payment/list", _list_payments),
        ("GET", f"/payment/{_ID}", _get_payment),
        ("DELETE", f"/payment/cancel/{_ID}", _take_back),
        ("DELETE", f"/payment/refund/{_ID}", _take_back),
        ("POST", "/ebarimt_v3/create", _create_receipt),
        ("GET", f"/ebarimt_v3/{_ID}", _get_receipt),
        ("DELETE", f"/ebarimt_v3/{_ID}", _cancel_receipt),
        ("POST", "/ebarimt/create", _legacy(_create_receipt)),
        ("GET", f"/ebarimt/{_ID}", _legacy(_get_receipt)),
        ("DELETE", f"/ebarimt/{_ID}", _legacy(_cancel_receipt)),
        ("GET", f"/subscription/{_ID}", _get_subscription),
        ("DELETE", f"/subscription/{_ID}", _end_subscription),
    )
]
