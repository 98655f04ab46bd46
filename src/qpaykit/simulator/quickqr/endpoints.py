"""Quick QR's endpoints, each a function from a request's parts to the answer's JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.quickqr import serializers
from qpaykit.simulator.quickqr.places import CAPITAL, CITIES, DISTRICTS
from qpaykit.simulator.quickqr.validation import check_invoice, check_merchant
from qpaykit.simulator.routing import ID, Routes, basic_credentials
from qpaykit.simulator.serializers.tokens import token_pair
from qpaykit.simulator.validation.queries import check_offset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from qpaykit.simulator.accounts import Account
    from qpaykit.simulator.quickqr.serializers import Variant
    from qpaykit.simulator.quickqr.state import QuickState

Content = dict[str, "JsonValue"]
Endpoint = Callable[["Call"], "JsonValue"]


class Call:
    """One request of a login.

    Attributes:
        identifier: The variable part of the path; "" where there is none.
        content: The JSON body.
    """

    def __init__(
        self,
        state: QuickState,
        variant: Variant,
        account: Account,
        identifier: str,
        content: Content,
    ) -> None:
        self.state: QuickState = state
        self.variant: Variant = variant
        self.account: Account = account
        self.terminal_id: str = state.terminals[account]
        self.identifier: str = identifier
        self.content: Content = content


def answer(
    state: QuickState,
    variant: Variant,
    method: str,
    path: str,
    headers: Mapping[str, str],
    content: Content,
) -> JsonValue:
    """Carry out one request.

    Args:
        state: The data of Quick QR.
        variant: How its answers are written.
        method: HTTP method.
        path: Path without `/v2`.
        headers: The headers, by lower-case name.
        content: The JSON body.

    Raises:
        ErrorResponse: Quick QR would refuse it.
        LookupError: There is no such endpoint.
    """
    kind, _, secret = headers.get("authorization", "").partition(" ")
    path = path.removesuffix("/")
    if (method, path) == ("POST", "/auth/token"):
        return _log_in(state, *basic_credentials(kind, secret), content)
    if (method, path) == ("POST", "/auth/refresh"):
        return token_pair(state.accounts.refresh(secret))
    endpoint, identifier = _ROUTES.find(method, path)
    if kind.lower() != "bearer":
        raise ErrorResponse(401, "NO_CREDENTIALS", "Unauthorized")
    account = state.accounts.of_token(secret)
    with state.common.lock:
        return endpoint(Call(state, variant, account, identifier, content))


def _log_in(state: QuickState, username: str, password: str, content: Content) -> JsonValue:
    terminals = [id_ for one, id_ in state.terminals.items() if one.username == username]
    if content.get("terminal_id") not in terminals:
        raise ErrorResponse(401, "AUTHENTICATION_FAILED", "Нэвтрэх нэр, нууц үг буруу")
    return token_pair(state.accounts.log_in(username, password))


def _create_merchant(kind: str) -> Endpoint:
    def create(call: Call) -> JsonValue:
        check_merchant(kind, call.content)
        return serializers.merchant(call.state.add(call.account, kind, call.content))

    return create


def _update_merchant(kind: str) -> Endpoint:
    def update(call: Call) -> JsonValue:
        merchant = call.state.merchant(call.identifier, call.account)
        if merchant.kind != kind:
            raise ErrorResponse(404, "MERCHANT_NOTFOUND", "Мерчант бүртгэлгүй байна")
        check_merchant(kind, call.content)
        merchant.fields = call.content
        return serializers.merchant(merchant)

    return update


def _get_merchant(call: Call) -> JsonValue:
    return serializers.merchant(call.state.merchant(call.identifier, call.account))


def _delete_merchant(call: Call) -> JsonValue:
    merchant = call.state.merchant(call.identifier, call.account)
    del call.state.merchants[merchant.id]
    return {"success": True}


def _list_merchants(call: Call) -> JsonValue:
    page, limit = check_offset(call.content, 1000)
    found = call.state.of_account(call.account)
    shown = found[(page - 1) * limit : page * limit]
    return {"count": len(found), "rows": [serializers.merchant(one) for one in shown]}


def _cities(call: Call) -> JsonValue:
    return serializers.places(CITIES, call.variant)


def _districts(call: Call) -> JsonValue:
    if call.identifier == CAPITAL:
        return serializers.places(DISTRICTS, call.variant)
    # The districts of provinces are not listed here: the centre is returned for all of them.
    name = CITIES.get(call.identifier)
    centre = str(int(call.identifier) + 100) if call.identifier.isdigit() else ""
    return serializers.places({centre: f"{name} төв"} if name else {}, call.variant)


def _create_invoice(call: Call) -> JsonValue:
    sums = check_invoice(call.content)
    call.state.merchant(str(call.content["merchant_id"]), call.account)
    common = call.state.common
    description = call.content["description"]
    # The common state and the panel use the merchant product's field names.
    named: Content = {
        "invoice_code": "",
        "sender_invoice_no": description,
        "invoice_description": description,
    }
    invoice = common.add_invoice(call.account, {**call.content, **named}, sums)
    if common.on_created is not None:
        common.on_created(invoice)
    return serializers.created(invoice, call.variant, call.terminal_id)


def _get_invoice(call: Call) -> JsonValue:
    invoice = call.state.invoice(call.identifier, call.account)
    return serializers.detail(invoice, call.variant, call.terminal_id)


def _cancel_invoice(call: Call) -> JsonValue:
    invoice = call.state.invoice(call.identifier, call.account)
    if invoice.paid > 0:
        raise ErrorResponse(422, "INVOICE_PAID", "Нэхэмжлэл төлөгдсөн")
    if invoice.status == "CANCELED":
        raise ErrorResponse(422, "INVOICE_ALREADY_CANCELED", "Нэхэмжлэл цуцлагдсан байна")
    invoice.status = "CANCELED"
    return {"success": True}


def _check_payment(call: Call) -> JsonValue:
    invoice = call.state.invoice(str(call.content.get("invoice_id")), call.account)
    return serializers.check(invoice, call.variant, call.terminal_id)


_ROUTES: Routes[Endpoint] = Routes(
    (
        ("GET", "/aimaghot", _cities),
        ("GET", f"/sumduureg/{ID}", _districts),
        ("POST", "/merchant/company", _create_merchant("COMPANY")),
        ("POST", "/merchant/person", _create_merchant("PERSON")),
        ("PUT", f"/merchant/company/{ID}", _update_merchant("COMPANY")),
        ("PUT", f"/merchant/person/{ID}", _update_merchant("PERSON")),
        ("POST", "/merchant/list", _list_merchants),
        ("GET", f"/merchant/{ID}", _get_merchant),
        ("DELETE", f"/merchant/{ID}", _delete_merchant),
        ("POST", "/invoice", _create_invoice),
        ("GET", f"/invoice/{ID}", _get_invoice),
        ("DELETE", f"/invoice/{ID}", _cancel_invoice),
        ("POST", "/payment/check", _check_payment),
    )
)
