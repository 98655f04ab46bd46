"""QPay's endpoints, each a function from a request's parts to the answer's JSON."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from qpaykit.simulator.clock import parse
from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.routing import ID, Routes, basic_credentials
from qpaykit.simulator.serializers import invoices, payments, receipts, subscriptions, tokens
from qpaykit.simulator.state import Invoice, Receipt, State
from qpaykit.simulator.subscriptions import Subscription, after, check_interval
from qpaykit.simulator.validation.fields import check_lengths, check_required
from qpaykit.simulator.validation.invoices import check_invoice
from qpaykit.simulator.validation.queries import check_object_type, check_offset, check_period

if TYPE_CHECKING:
    from pydantic import JsonValue

    from qpaykit.simulator.accounts import Account

Content = dict[str, "JsonValue"]
Endpoint = Callable[[State, "Account", str, Content], Content]


def answer(
    state: State, method: str, path: str, headers: Mapping[str, str], content: Content
) -> Content:
    """Carry out one request.

    Args:
        state: The simulator's data.
        method: HTTP method.
        path: Path without `/v2`; a slash at its end makes no difference, as in Express.
        headers: The headers, by lower-case name.
        content: The JSON body.

    Raises:
        ErrorResponse: QPay would refuse it.
        LookupError: There is no such endpoint.
    """
    kind, _, secret = headers.get("authorization", "").partition(" ")
    path = path.removesuffix("/")
    if (method, path) == ("POST", "/auth/token"):
        return tokens.token_pair(state.accounts.log_in(*basic_credentials(kind, secret)))
    if (method, path) == ("POST", "/auth/refresh"):
        return tokens.token_pair(state.accounts.refresh(secret))
    endpoint, identifier = _ROUTES.find(method, path)
    if kind.lower() != "bearer":
        raise ErrorResponse(401, "NO_CREDENTIALS")
    account = state.accounts.of_token(secret)
    with state.lock:
        return endpoint(state, account, identifier, content)


def _create_invoice(state: State, account: Account, _: str, content: Content) -> Content:
    sums = check_invoice(content, account.invoice_codes)
    interval = check_interval(content) if content.get("allow_subscribe") else None
    invoice = state.add_invoice(account, content, sums)
    if interval is not None:
        _subscribe(state, invoice, interval)
    if state.on_created is not None:
        state.on_created(invoice)
    return invoices.created(invoice, f"{state.page_root}/invoices/{invoice.id}")


def _subscribe(state: State, invoice: Invoice, interval: str) -> None:
    now = state.clock.now()
    given = invoice.request.get("next_payment_date")
    try:
        first = parse(given) if isinstance(given, str) else after(now, interval)
    except ValueError:
        first = after(now, interval)
    subscription = Subscription(
        id=str(uuid.uuid4()),
        invoice=invoice,
        interval=interval,
        created_at=now,
        next_payment_at=first,
        last_interval_at=now,
        updated_at=now,
    )
    invoice.subscription = subscription
    state.subscriptions[subscription.id] = subscription


def _get_invoice(state: State, account: Account, identifier: str, _: Content) -> Content:
    return invoices.detail(state.invoice(identifier, account))


def _cancel_invoice(state: State, account: Account, identifier: str, _: Content) -> Content:
    invoice = state.invoice(identifier, account)
    if invoice.status == "CANCELED":
        raise ErrorResponse(400, "INVOICE_ALREADY_CANCELED", "Нэхэмжлэл цуцлагдсан байна")
    if invoice.paid > 0:
        raise ErrorResponse(400, "INVOICE_PAID", "Нэхэмжлэл төлөгдсөн")
    invoice.status = "CANCELED"
    return {}


def _get_payment(state: State, account: Account, identifier: str, _: Content) -> Content:
    return payments.payment(state.payment(identifier, account))


def _check_payment(state: State, account: Account, _: str, content: Content) -> Content:
    page, limit = check_offset(content, 100)
    kind, identifier = check_object_type(content, {"INVOICE", "QR", "ITEM"})
    known = state.by_qr.get(identifier) if kind == "QR" else None
    invoice = state.invoice(known.id if known else identifier, account)
    shown = invoice.payments[(page - 1) * limit : page * limit]
    return payments.check(invoice.payments, shown)


def _list_payments(state: State, account: Account, _: str, content: Content) -> Content:
    page, limit = check_offset(content, 1000)
    kind, identifier = check_object_type(content, {"MERCHANT", "INVOICE", "QR"})
    first, last = check_period(content)
    known = {"MERCHANT": {account.merchant_id}, "INVOICE": account.invoice_codes}.get(kind)
    if known is not None and identifier not in known:
        raise ErrorResponse(401, "PERMISSION_DENIED", "Хандах эрх хүрэхгүй байна")
    codes = {"MERCHANT": list(account.invoice_codes), "INVOICE": [identifier]}.get(kind, [])
    found = [
        payment
        for code in codes
        for payment in state.payments_by_code.get(code, ())
        if first <= payment.paid_at < last and payment.invoice.account is account
    ]
    return payments.listed(len(found), found[(page - 1) * limit : page * limit])


def _refund_payment(state: State, account: Account, identifier: str, content: Content) -> Content:
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


def _new_receipt(state: State, account: Account, content: Content) -> Receipt:
    check_required(content, ("payment_id", "ebarimt_receiver_type"))
    payment = state.payment(str(content["payment_id"]), account)
    if content["ebarimt_receiver_type"] not in {"CITIZEN", "COMPANY"}:
        raise ErrorResponse(400, "OBJECT_DATA_ERROR", "object_data алдаа")
    if payment.status != "PAID":
        raise ErrorResponse(400, "PAYMENT_NOT_PAID", "Төлбөр төлөлт хийгдээгүй байна")
    now = state.clock.now()
    receipt = Receipt(str(uuid.uuid4()), payment, content, now, status_at=now)
    state.keep_receipt(receipt)
    return receipt


def _receipt(state: State, account: Account, identifier: str) -> Receipt:
    receipt = state.receipts.get(identifier) or state.receipts_by_payment.get(identifier)
    if receipt is None or receipt.payment.invoice.account is not account:
        raise ErrorResponse(422, "BARIMT_NOT_FOUND", "Баримт олдсонгүй")
    return receipt


def _cancelled(state: State, receipt: Receipt) -> Receipt:
    if receipt.status == "CANCELED":
        raise ErrorResponse(422, "BARIMT_NOT_FOUND", "Баримт олдсонгүй")
    receipt.status, receipt.status_at = "CANCELED", state.clock.now()
    return receipt


def _create_receipt(state: State, account: Account, _: str, content: Content) -> Content:
    return receipts.receipt(_new_receipt(state, account, content))


def _get_receipt(state: State, account: Account, identifier: str, _: Content) -> Content:
    return receipts.receipt(_receipt(state, account, identifier))


def _cancel_receipt(state: State, account: Account, identifier: str, content: Content) -> Content:
    check_lengths(content, {"note": 255})
    # 3.0 names a receipt by its payment, and not by its own id.
    payment = state.payments.get(identifier)
    if payment is None:
        raise ErrorResponse(422, "BARIMT_NOT_FOUND", "Баримт олдсонгүй")
    return receipts.receipt(_cancelled(state, _receipt(state, account, payment.id)))


def _create_old_receipt(state: State, account: Account, _: str, content: Content) -> Content:
    return receipts.old_receipt(_new_receipt(state, account, content))


def _get_old_receipt(state: State, account: Account, identifier: str, _: Content) -> Content:
    return receipts.old_receipt(_receipt(state, account, identifier))


def _cancel_old_receipt(state: State, account: Account, identifier: str, _: Content) -> Content:
    return receipts.old_receipt(_cancelled(state, _receipt(state, account, identifier)))


def _get_subscription(state: State, account: Account, identifier: str, _: Content) -> Content:
    return subscriptions.subscription(state.subscription(identifier, account))


def _cancel_subscription(state: State, account: Account, identifier: str, _: Content) -> Content:
    subscription = state.subscription(identifier, account)
    subscription.is_active = False
    subscription.updated_at = state.clock.now()
    return {}


_ROUTES: Routes[Endpoint] = Routes(
    (
        ("POST", "/invoice", _create_invoice),
        ("GET", f"/invoice/{ID}", _get_invoice),
        ("DELETE", f"/invoice/{ID}", _cancel_invoice),
        ("POST", "/payment/check", _check_payment),
        ("POST", "/payment/list", _list_payments),
        ("GET", f"/payment/{ID}", _get_payment),
        ("DELETE", f"/payment/cancel/{ID}", _refund_payment),
        ("DELETE", f"/payment/refund/{ID}", _refund_payment),
        ("POST", "/ebarimt_v3/create", _create_receipt),
        ("GET", f"/ebarimt_v3/{ID}", _get_receipt),
        ("DELETE", f"/ebarimt_v3/{ID}", _cancel_receipt),
        ("POST", "/ebarimt/create", _create_old_receipt),
        ("GET", f"/ebarimt/{ID}", _get_old_receipt),
        ("DELETE", f"/ebarimt/{ID}", _cancel_old_receipt),
        ("GET", f"/subscription/{ID}", _get_subscription),
        ("DELETE", f"/subscription/{ID}", _cancel_subscription),
    )
)
