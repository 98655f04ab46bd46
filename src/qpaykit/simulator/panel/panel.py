"""Answers the panel's requests: shows a page, or does what a button asks for."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl, urlsplit

from anyio import to_thread
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from qpaykit.simulator.action_error import ActionError
from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.panel import views
from qpaykit.simulator.panel.translations import explain_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from qpaykit.simulator.control import Control

N = TypeVar("N", int, float)

_SHOWN_ROWS = 200
_FOREIGN_ORIGIN = "only the simulator's own page may send this: the Origin is another one"


class Panel:
    """Answers everything outside `/v2`."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def answer(self, request: Request) -> Response:
        """Show a page, or do what a button asks for."""
        language = _language(request)
        if request.method == "GET":
            return self._show(request.url.path, language)
        if request.method != "POST" or not _same_origin(request):
            return JSONResponse({"error": _FOREIGN_ORIGIN}, 403)
        parts = request.url.path.strip("/").split("/")
        back = "/" + "/".join(parts[:2]) if parts[0] == "invoices" else "/faults"
        try:
            fields = _fields(await request.body(), request.headers.get("content-type", ""))
            back = await to_thread.run_sync(self._do, parts, fields, back)
        except ValueError as error:
            if _wants_json(request):
                return JSONResponse({"error": str(error)}, 400)
            return HTMLResponse(
                views.problem(explain_error(error, language), language, back=back), 400
            )
        if _wants_json(request):
            return JSONResponse({"done": True})
        return RedirectResponse(f"{back}?lang={language}", 303)

    def _show(self, path: str, language: str) -> Response:
        control = self._control
        match path.strip("/").split("/"):
            case [""]:
                newest = control.invoices()[::-1][:_SHOWN_ROWS]
                content = views.invoices(newest, language, expired=control.is_expired)
            case ["merchants"]:
                content = views.merchants(control.quickqr.merchants()[::-1], language)
            case ["requests"]:
                content = views.requests(list(control.requests)[::-1][:_SHOWN_ROWS], language)
            case ["faults"]:
                content = views.faults(control.faults, language)
            case ["invoices", identifier]:
                try:
                    invoice = control.invoice(identifier)
                except ErrorResponse:
                    return HTMLResponse(views.not_found(language), 404)
                content = views.invoice(
                    invoice,
                    [one for one in control.callbacks if one.invoice_id == identifier][::-1],
                    language,
                    expired=control.is_expired(invoice),
                    page_url=f"{control.page_root}{path}",
                )
            case _:
                return HTMLResponse(views.not_found(language), 404)
        return HTMLResponse(content)

    def _do(self, parts: list[str], fields: dict[str, str], back: str) -> str:
        """Do what was asked for; return which page to show next.

        Raises:
            ValueError: It cannot be done.
        """
        control = self._control
        match parts:
            case ["invoices", identifier, "pay"]:
                amount = _amount(fields["amount"]) if fields.get("amount") else None
                method = fields.get("method") or "P2P"
                again = bool(fields.get("again"))
                control.pay(identifier, amount=amount, method=method, again=again)
            case ["invoices", identifier, "fail"]:
                control.fail(identifier)
            case ["payments", identifier, "refund"]:
                control.refund(identifier)
                return f"/invoices/{control.payment(identifier).invoice.id}"
            case ["payments", identifier, "callback"]:
                control.send_callback(identifier)
                return f"/invoices/{control.payment(identifier).invoice.id}"
            case ["faults"]:
                times = fields.get("times") or "1"
                share, delay = fields.get("share"), fields.get("delay")
                control.faults.add(
                    fields.get("method") or "*",
                    fields.get("path") or "*",
                    fields.get("kind", ""),
                    None if times == "all" else _read(int, times),
                    share=_read(float, share) if share else None,
                    delay=_read(float, delay) if delay else None,
                )
            case ["faults", "clear"]:
                control.faults.clear()
            case _:
                raise ActionError("there is no such action")
        return back


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ActionError("an amount is written in digits, with a point before decimals") from None


def _read(number: Callable[[str], N], text: str) -> N:
    try:
        return number(text)
    except ValueError:
        raise ActionError("'{text}' is not a number", text=text) from None


def _fields(body: bytes, content_type: str) -> dict[str, str]:
    if not content_type.startswith("application/json"):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    content = json.loads(body or b"{}")
    if not isinstance(content, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 (answered with 400)
    return {str(name): str(value) for name, value in content.items() if value is not None}


def _language(request: Request) -> str:
    asked = request.query_params.get("lang")
    if asked in {"en", "mn"}:
        return asked
    return "mn" if request.headers.get("accept-language", "").startswith("mn") else "en"


def _same_origin(request: Request) -> bool:
    # Another site's page, open in the same browser, must not be able to pay or to add faults.
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _wants_json(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/json")
